// Command hass turns a trained CNN into a sparse, layer-pipelined dataflow
// accelerator for AMD FPGAs. Each subcommand is one step that reads and writes
// files, so that it can be used in a Makefile rule; build runs all steps.
//
// Exit codes: 0 success, 1 an error in the input or a failed verification, 2
// wrong usage, 130 interrupted.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/repair"
	"hass/internal/steps"
	"hass/internal/steps/projects"
	"hass/optimizer/search"
	"hass/optimizer/target"
)

// cli is the command line.
type cli struct {
	Version kong.VersionFlag `help:"Print the version and exit."`

	Check     checkCmd     `cmd:"" help:"List every node of a model with its verdict, reason and hint."`
	Split     splitCmd     `cmd:"" help:"Cut a model into the part with hardware and the part that the host runs behind it."`
	Run       runCmd       `cmd:"" help:"Evaluate a model on arrays."`
	Profile   profileCmd   `cmd:"" help:"Calibrate a model: binary points, zeros, bitmaps."`
	Eval      evalCmd      `cmd:"" help:"Measure accuracy: by labels, and against the float network."`
	Prune     pruneCmd     `cmd:"" help:"Set weights of a model to zero and repair the others from calibration images."`
	Optimize  optimizeCmd  `cmd:"" help:"Choose the hardware of every layer for a platform."`
	Generate  generateCmd  `cmd:"" help:"Write the project of a design: C++ for Vitis HLS, or SystemVerilog."`
	Simulate  simulateCmd  `cmd:"" help:"Simulate a design: outputs, cycles, stalls, FIFO occupancy."`
	Verify    verifyCmd    `cmd:"" help:"Compile or simulate a generated project and compare it with the reference."`
	Search    searchCmd    `cmd:"" help:"Find pruning thresholds and hardware together."`
	Reduce    reduceCmd    `cmd:"" help:"Shrink a design on which a back end differs to the smallest that still differs."`
	Calibrate calibrateCmd `cmd:"" help:"Scale the cost model to your own synthesis reports."`
	Show      showCmd      `cmd:"" help:"Print the hardware network of a design."`
	Report    reportCmd    `cmd:"" help:"Draw a run, or two side by side, as one HTML page."`
	Annotate  annotateCmd  `cmd:"" help:"Write a model with its hardware as metadata, for Netron."`
	Platforms platformsCmd `cmd:"" help:"List the embedded platforms."`
	Build     buildCmd     `cmd:"" help:"Run all steps: profile, optimize, generate, verify, simulate, summarise."`
	Demo      demoCmd      `cmd:"" help:"Write the embedded demo: a trained model and labelled images."`
	Man       manCmd       `cmd:"" help:"Print the man page."`

	Completion kongcompletion.Completion `cmd:"" help:"Print what completes commands and flags in bash, zsh or fish."`
}

// exitCodes is part of the help text.
const exitCodes = "Exit codes: 0 success; 1 a fault in the input, a failed verification or a design that does not fit; " +
	"2 wrong usage; 130 interrupted (Ctrl-C or SIGTERM): files are then whole or absent."

// env is what every command gets besides its flags: context and output streams.
type env struct {
	ctx    context.Context
	stdout io.Writer // written out when the command ends
	live   io.Writer // stdout of a command that follows something, written out at once
	stderr io.Writer
}

func main() {
	os.Exit(interruptible(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdout, os.Stderr) }))
}

// exitInterrupted is the exit code of a command that a signal stopped; interrupted is its message.
const (
	exitInterrupted = 130
	interrupted     = "hass: interrupted"
)

// namedPath decodes a path and makes it absolute as kong does. It refuses an empty path, which would become the
// current folder. A list takes all paths that follow.
func namedPath(ctx *kong.DecodeContext, target reflect.Value) error {
	if target.Kind() == reflect.Slice {
		for ctx.Scan.Peek().IsValue() {
			element := reflect.New(target.Type().Elem()).Elem()
			if err := namedPath(ctx, element); err != nil {
				return err
			}
			target.Set(reflect.Append(target, element))
		}
		return nil
	}
	var path string
	if err := ctx.Scan.PopValueInto("file", &path); err != nil {
		return err
	}
	if path == "" {
		return errors.New("an empty path names no file")
	}
	if path != "-" {
		path = kong.ExpandPath(path)
	}
	target.SetString(path)
	return nil
}

// run parses and executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("hass"),
		kong.Description("From a trained CNN to a verified sparse dataflow accelerator.\n\n"+exitCodes),
		vars(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.NamedMapper("path", kong.MapperFunc(namedPath)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "hass:", err)
		return 1
	}
	if kongcompletion.Register(parser); exited >= 0 { // a shell asked for completions and has them
		return exited
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help or --version has printed its text
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "hass: %v\n", err)
		fmt.Fprintln(stderr, "Run \"hass --help\" for usage.")
		return 2
	}
	// Tables are written cell by cell, so stdout is buffered.
	out := bufio.NewWriter(stdout)
	err = kctx.Run(&env{ctx: ctx, stdout: out, live: stdout, stderr: stderr})
	if ferr := out.Flush(); err == nil {
		err = ferr
	}
	var wrong *steps.OptionError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, "hass:", err)
		return 2
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, interrupted)
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "hass:", err)
	return 1
}

// vars are the words in help texts and flags that come from tables of other packages.
func vars() kong.Vars {
	var languages, checks []string
	for _, t := range codegen.Targets() {
		languages = append(languages, fmt.Sprintf("%s (%s)", t.Name, t.Language))
		checks = append(checks, fmt.Sprintf("%s (%s)", t.Name, t.Checked))
	}
	var spared, methods []string
	for _, r := range repair.Spared {
		spared = append(spared, string(r))
	}
	for _, m := range repair.Methods() {
		methods = append(methods, string(m))
	}
	var rules []string
	for _, r := range target.Rules() {
		rules = append(rules, string(r))
	}
	return kong.Vars{
		"least":  strings.Join(rules, ","),
		"stages": strings.Join(projects.EveryStage(), ","),
		"spared": strings.Join(spared, ", "), "methods": strings.Join(methods, ", "),
		"version": version(), "samplers": strings.Join(search.Samplers(), ", "),
		"budget_share": design.DefaultBudget.String(),
		"engines":      design.EngineRules().Join(","), "engine_words": design.EngineRules().Join(", "),
		"lane_engines": design.LaneRules().Join(","), "lane_engine_words": design.LaneRules().Join(", "),
		"targets": strings.Join(codegen.Names(), ","), "target_words": strings.Join(codegen.Names(), " or "),
		"target_languages": strings.Join(languages, " or "), "target_checks": strings.Join(checks, " or "),
	}
}

// commit is the commit of a release, which make release sets.
var commit string

// version is the tool with the commit that it was built from, if the build knows it.
func version() string {
	if commit != "" {
		return fmt.Sprintf("%s (commit %s)", artifact.Tool, commit)
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return artifact.Tool
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= shortCommit {
			return fmt.Sprintf("%s (commit %s)", artifact.Tool, s.Value[:shortCommit])
		}
	}
	return artifact.Tool
}

// shortCommit is how many digits name a commit.
const shortCommit = 12
