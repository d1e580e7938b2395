package codegen

import (
	"context"
	"fmt"
	"strings"

	"hass/codegen/hls"
	"hass/codegen/host"
	"hass/codegen/project"
	"hass/codegen/rtl"
	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/hw/limits"
)

// Target is the language of what is generated.
type Target = limits.Target

// The targets.
const (
	HLS = limits.HLS // C++ for Vitis HLS, checked by csim
	RTL = limits.RTL // SystemVerilog, simulated cycle by cycle
)

// Entry is a row of the table of targets.
type Entry struct {
	Name     Target
	Language string // for people
	Short    string // the language in a word
	Tool     string // what verifies it
	Checked  string // how that is done
	Goal     string // of the project's Makefile, which does it
	Key      string // of its counts in a summary
	Stalls   bool   // it can be run with random stalls and with fewer golden images

	// library gives the files that are the same in every project.
	library func() ([]project.File, error)
	// emit gives the files of a project. Library, data, README, reports, the copy of the design and the manifest
	// are not its business.
	emit func(p *project.Project) ([]project.File, error)
	// is an error for a folder that is no project of the target.
	is func(dir string) error
	// verify runs the project in a folder. A mismatch or a deadlock is a result, not an error.
	verify func(ctx context.Context, dir string, opts verify.Options) (verify.Result, error)
}

// targets are all targets, in the order in which they are named to users. The first one is the default.
var targets = []Entry{
	{
		Name: HLS, Language: "C++ for Vitis HLS", Short: "C++",
		Tool: "g++", Checked: "compiled with g++", Goal: "csim", Key: "csim",
		library: hls.Library, emit: emitHLS, is: verify.IsHLS, verify: runCSim,
	},
	{
		Name: RTL, Language: "SystemVerilog", Short: "RTL",
		Tool: "Verilator", Checked: "simulated in Verilator", Goal: "sim", Key: "rtl", Stalls: true,
		library: rtl.Library, emit: emitRTL, is: verify.IsRTL, verify: runRTL,
	},
}

// Targets are the rows of the table.
func Targets() []Entry { return append([]Entry(nil), targets...) }

// Names are the targets' names.
func Names() []string {
	var names []string
	for _, t := range targets {
		names = append(names, string(t.Name))
	}
	return names
}

// Lookup gives the row of a target.
func Lookup(name Target) (*Entry, error) {
	for i := range targets {
		if targets[i].Name == name {
			return &targets[i], nil
		}
	}
	return nil, fmt.Errorf("target %.40q: want %s", string(name), strings.Join(Names(), " or "))
}

// TargetOf gives the row of the target that a folder is a project of.
func TargetOf(dir string) (*Entry, error) {
	for i := range targets {
		if targets[i].is(dir) == nil {
			return &targets[i], nil
		}
	}
	return nil, targets[0].is(dir)
}

// DefaultTarget is what is generated from a design where nothing else is asked for: the first target that the design is
// for.
func DefaultTarget(d *design.Design) Target {
	for _, t := range targets {
		if d.Target.Includes(t.Name) {
			return t.Name
		}
	}
	return targets[0].Name
}

// Check is an error for a folder that is no project of the target.
func (t *Entry) Check(dir string) error { return t.is(dir) }

// Verify runs the project in the folder dir and reads its report. A mismatch or a deadlock is a result, not an error;
// errors are missing programs, a project that does not compile, or a cancelled context.
func (t *Entry) Verify(ctx context.Context, dir string, opts verify.Options) (verify.Result, error) {
	return t.verify(ctx, dir, opts)
}

// InLibrary tells whether a project's file is the same in every project.
func (t *Entry) InLibrary(path string) (bool, error) {
	files, err := t.library()
	for _, f := range files {
		if f.Path == path {
			return true, err
		}
	}
	return false, err
}

// emitHLS gives the C++ and what AMD's tools and the host need for it.
func emitHLS(p *project.Project) ([]project.File, error) {
	files, err := hls.Files(p)
	if err != nil {
		return nil, err
	}
	sources, testbench, err := hls.Sources(p)
	if err != nil {
		return nil, err
	}
	tools, err := host.Files(p, sources, testbench)
	return append(files, tools...), err
}

// emitRTL gives the SystemVerilog and what AMD's tools need for it.
func emitRTL(p *project.Project) ([]project.File, error) {
	files, err := rtl.Files(p)
	if err != nil {
		return nil, err
	}
	tools, err := host.RTLFiles(p)
	return append(files, tools...), err
}

func runCSim(ctx context.Context, dir string, _ verify.Options) (verify.Result, error) {
	return result(verify.CSim(ctx, dir))
}

func runRTL(ctx context.Context, dir string, opts verify.Options) (verify.Result, error) {
	return result(verify.RTL(ctx, dir, opts))
}

// result gives no result where there is an error.
func result[T verify.Result](r T, err error) (verify.Result, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
