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

// Target is the language of a generated project.
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
	Tool     string // the tool that verifies it
	Checked  string // the method of verification
	Goal     string // of the project's Makefile, which runs the verification
	Key      string // prefix of its counts in a summary
	Stalls   bool   // supports random stalls and fewer golden images

	// library gives the files that are the same in every project.
	library func() ([]project.File, error)
	// emit gives the files of a project without library, data, README, reports, the copy of the design and the
	// manifest.
	emit func(p *project.Project) ([]project.File, error)
	// is returns an error for a folder that is not a project of the target.
	is func(dir string) error
	// verify runs the project in a folder. A mismatch or a deadlock is a result, not an error.
	verify func(ctx context.Context, dir string, opts verify.Options) (verify.Result, error)
}

// targets are all targets, in the order in which they are shown to users. The first one is the default.
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

// TargetOf gives the row of the target whose project a folder holds.
func TargetOf(dir string) (*Entry, error) {
	for i := range targets {
		if targets[i].is(dir) == nil {
			return &targets[i], nil
		}
	}
	return nil, targets[0].is(dir)
}

// DefaultTarget is the target that is generated from a design by default: the first target that the design was made
// for.
func DefaultTarget(d *design.Design) Target {
	for _, t := range targets {
		if d.Target.Includes(t.Name) {
			return t.Name
		}
	}
	return targets[0].Name
}

// Check returns an error for a folder that is not a project of the target.
func (t *Entry) Check(dir string) error { return t.is(dir) }

// Verify runs the project in the folder dir and reads its report. A mismatch or a deadlock is a result, not an error.
// Errors are missing programs, a project that does not compile, and a cancelled context.
func (t *Entry) Verify(ctx context.Context, dir string, opts verify.Options) (verify.Result, error) {
	return t.verify(ctx, dir, opts)
}

// InLibrary reports whether a project's file is the same in every project.
func (t *Entry) InLibrary(path string) (bool, error) {
	files, err := t.library()
	for _, f := range files {
		if f.Path == path {
			return true, err
		}
	}
	return false, err
}

// emitHLS gives the C++ and the files for AMD's tools and the host.
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

// emitRTL gives the SystemVerilog and the files for AMD's tools.
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

// result returns a nil interface if there is an error.
func result[T verify.Result](r T, err error) (verify.Result, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
