package codegen

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/templates"
)

// File is one emitted file.
type File = artifact.TreeFile

// Emitter gives a part of the project. It must depend on the Project alone.
type Emitter func(ctx context.Context, p *Project) ([]File, error)

// Target is the language of what is generated.
type Target = hw.Target

// The targets.
const (
	HLS = hw.HLS // C++ for Vitis HLS, checked by csim
	RTL = hw.RTL // SystemVerilog, simulated cycle by cycle
)

// DefaultTarget is what is generated from a design where nothing else is asked for: C++, or what the design is for.
func DefaultTarget(d *design.Design) Target {
	if d.Target == RTL {
		return RTL
	}
	return HLS
}

// emitters are run in this order; a path may be given once only.
var emitters = map[Target][]Emitter{HLS: hlsEmitters, RTL: rtlEmitters}

var hlsEmitters = []Emitter{
	emitLibrary,
	emitSources,
	emitTestbench,
	emitData,
	emitScripts,
	emitReports,
}

// Options of Generate.
type Options struct {
	Target Target // "" is DefaultTarget
	// Images limits the golden images written; 0 = all of the design. One is enough for a first
	// look at a large network, but shows nothing of what one image leaves behind for the next.
	Images int
	Edits  artifact.Mode // what is done with generated files that were edited
}

// Generate writes the project of design d into the folder out, or makes an older project there
// into it: see artifact.WriteProject, which also says what it has kept. dir is the folder of the
// design's side files (weights, golden images); weights that d.Net already has are not read again.
func Generate(ctx context.Context, d *design.Design, dir, out string, opts Options) (*artifact.Kept, error) {
	if err := artifact.CheckDir(out); err != nil {
		return nil, err
	}
	p, err := load(d, dir, opts)
	if err != nil {
		return nil, err
	}
	files, err := p.emit(ctx, opts.Target)
	if err != nil {
		return nil, err
	}
	return artifact.WriteProject(ctx, out, files, opts.Edits)
}

// writeFiles writes files below the folder dir.
func writeFiles(ctx context.Context, dir string, files []File) error {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		mode := fs.FileMode(0o666)
		if f.Executable {
			mode = 0o777
		}
		if err := os.WriteFile(name, f.Data, mode); err != nil {
			return err
		}
	}
	return nil
}

// emit runs the emitters of a target and adds the design's copy and the manifest.
func (p *Project) emit(ctx context.Context, target Target) ([]File, error) {
	if target == "" {
		target = DefaultTarget(p.Design)
	}
	list, ok := emitters[target]
	if !ok {
		return nil, fmt.Errorf("target %q: want %s or %s", target, HLS, RTL)
	}
	if err := p.takes(target); err != nil {
		return nil, err
	}
	var files []File
	seen := make(map[string]bool)
	for _, e := range list {
		part, err := e(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, f := range part {
			if seen[f.Path] || !fs.ValidPath(f.Path) {
				return nil, fmt.Errorf("codegen: path %q is emitted twice or is not a plain relative path", f.Path)
			}
			seen[f.Path] = true
		}
		files = append(files, part...)
	}
	record, err := p.record()
	if err != nil {
		return nil, err
	}
	files = append(files, record)
	m, err := p.manifest(target, files)
	if err != nil {
		return nil, err
	}
	return append(files, m), nil
}

// takes refuses to generate for a target that the design was not made for, and asserts that the design keeps its limits.
func (p *Project) takes(target Target) error {
	breach := p.HW.Breach(target)
	switch made := p.Design.Target; {
	case made == "":
		return fmt.Errorf("the design is for no target")
	case made.Includes(target) && breach == nil:
		return nil
	case made.Includes(target):
		return fmt.Errorf("design: %w", breach)
	case breach != nil:
		return fmt.Errorf("the design is for target %s and breaks a limit of %s: %w", made, target, breach)
	default:
		var kept []string
		for _, l := range hw.LimitTable() {
			if n := l.Of(target); n > 0 && n != l.Of(made) {
				kept = append(kept, l.String(target))
			}
		}
		return fmt.Errorf("the design is for target %s: it was made without the limits of %s (%s)", made, target, strings.Join(kept, "; "))
	}
}

// load readies a project: weights, golden images, expansion.
func load(d *design.Design, dir string, opts Options) (*Project, error) {
	if d.Net == nil {
		return nil, fmt.Errorf("design: it has no integer network")
	}
	if err := d.Net.Validate(); err != nil {
		return nil, fmt.Errorf("design: %w", err)
	}
	for _, l := range d.Net.Layers {
		if l.Conv != nil && l.Conv.Weights == nil {
			data, err := d.Weights.Read(dir)
			if err != nil {
				return nil, err
			}
			if err := intnet.ReadWeights(bytes.NewReader(data), d.Net); err != nil {
				return nil, fmt.Errorf("side file %s: %w", filepath.Join(dir, d.Weights.Path), err)
			}
			break
		}
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		return nil, err
	}
	if opts.Images > len(images) {
		return nil, fmt.Errorf("side file %s: has %d golden images, but %d are asked for", filepath.Join(dir, d.Golden.Path), len(images), opts.Images)
	}
	if opts.Images > 0 {
		images = images[:opts.Images]
	}
	return NewProject(d, images)
}

// emitLibrary copies the module library, the stand-ins for AMD's headers, the csim
// runtime and the Makefile.
func emitLibrary(context.Context, *Project) ([]File, error) {
	var files []File
	err := fs.WalkDir(templates.HLS, "hls", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := templates.HLS.ReadFile(name)
		if err != nil {
			return err
		}
		files = append(files, File{Path: name[len("hls/"):], Data: data})
		return nil
	})
	return files, err
}

// emitReports writes the optimizer's estimates under the names that FINN's users know. A
// design that no optimizer made has none.
func emitReports(_ context.Context, p *Project) ([]File, error) {
	if len(p.Design.Costs) == 0 {
		return nil, nil
	}
	cycles, resources, performance, err := p.Design.JSONReports()
	if err != nil {
		return nil, err
	}
	return []File{
		{Path: "reports/estimate_layer_cycles.json", Data: cycles},
		{Path: "reports/estimate_layer_resources.json", Data: resources},
		{Path: "reports/estimate_network_performance.json", Data: performance},
	}, nil
}

// emitData writes weights and golden vectors.
func emitData(ctx context.Context, p *Project) ([]File, error) {
	g, err := makeGolden(ctx, p)
	if err != nil {
		return nil, err
	}
	files := []File{
		{Path: "data/weights.bin", Data: weightWords(p)},
		{Path: "data/golden_input.bin", Data: g.input},
		{Path: "data/golden_tensors.bin", Data: g.tensors},
	}
	for i, data := range g.outputs {
		files = append(files, File{Path: path.Join("data", fmt.Sprintf("golden_output%d.bin", i)), Data: data})
	}
	return files, nil
}
