package codegen

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"

	"hass/internal/design"
	"hass/templates"
)

// clockUncertainty is Vitis HLS's own default, written down: the share of the period it
// keeps for routing.
const clockUncertainty = "27%"

// emitScripts writes what AMD's tools and the host need: configurations and scripts, drivers and
// the constants they read, and the README. A design without a part has nothing to
// build for: it gets the README only, which says so.
func emitScripts(_ context.Context, p *Project) ([]File, error) {
	readme := func(b *build) File { return File{Path: "README.md", Data: p.readme(b)} }
	if p.Design.Part == "" {
		return []File{readme(nil)}, nil
	}
	b, err := newBuild(p)
	if err != nil {
		return nil, err
	}
	files := []File{
		readme(b),
		{Path: "hls_config.cfg", Data: b.hlsConfig("vitis", "xo")},
		{Path: "hls_config_vivado.cfg", Data: b.hlsConfig("vivado", "ip_catalog")},
		{Path: "design.tcl", Data: b.designTcl()},
		{Path: "link.cfg", Data: b.linkConfig()},
		{Path: "host/design.sh", Data: b.designShell()},
		{Path: "host/design.hpp", Data: b.designHeader()},
		{Path: "host/kernels/mm2s.cpp", Data: b.mm2s()},
		{Path: "host/kernels/s2mm.cpp", Data: b.s2mm()},
	}
	json, err := b.designJSON()
	if err != nil {
		return nil, err
	}
	files = append(files, File{Path: "host/design.json", Data: json})
	for _, tree := range []struct {
		files  fs.FS
		folder string
		keep   bool // the folder's own name in the project
	}{{templates.Scripts, "scripts", false}, {templates.Host, "host", true}} {
		err := fs.WalkDir(tree.files, tree.folder, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := fs.ReadFile(tree.files, name)
			if err != nil {
				return err
			}
			to := name
			if !tree.keep {
				to = strings.TrimPrefix(name, tree.folder+"/")
			}
			ext := path.Ext(name)
			files = append(files, File{Path: to, Data: data, Executable: ext == ".sh" || ext == ".py"})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// build is what the scripts are made from: checked words only.
type build struct {
	p         *Project
	part      string
	board     string // "" if none is known
	family    string // zynq, zynqmp or none: which processing system the part has
	memory    string // link.cfg's memory for the m_axi ports, "" to leave it to the linker
	clockMHz  float64
	sources   []string // synthesized
	testbench []string
}

// partForm is the form of a part number, which goes into Tcl, shell and configuration files. It comes from a platform file,
// which anyone may have written.
var partForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[A-Za-z0-9]+)*$`)

func newBuild(p *Project) (*build, error) {
	d := p.Design
	b := &build{p: p, part: d.Part, clockMHz: d.ClockMHz, family: "none"}
	if len(d.Part) > 64 || !partForm.MatchString(d.Part) {
		return nil, fmt.Errorf("design: part %q is no AMD part number, such as xczu7ev-ffvc1156-2-e", d.Part)
	}
	if !(d.ClockMHz >= 1 && d.ClockMHz <= 2000) {
		return nil, fmt.Errorf("design: a clock of %v MHz; it must be between 1 and 2000", d.ClockMHz)
	}
	c := p.Net.Tensors[p.Net.Input].C
	if len(d.Preproc.Mean) != c || len(d.Preproc.Std) != c {
		return nil, fmt.Errorf("design: preprocessing has %d means and %d deviations; the input has %d channels", len(d.Preproc.Mean), len(d.Preproc.Std), c)
	}
	for _, v := range append(append([]float64{d.Preproc.Divisor}, d.Preproc.Mean...), d.Preproc.Std...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("design: preprocessing holds %v", v)
		}
	}
	switch {
	case strings.HasPrefix(d.Part, "xc7z"):
		b.family = "zynq"
	case strings.HasPrefix(d.Part, "xczu"), strings.HasPrefix(d.Part, "xck2"):
		b.family = "zynqmp"
	case strings.HasPrefix(d.Part, "xcu50"), strings.HasPrefix(d.Part, "xcu55"), strings.HasPrefix(d.Part, "xcu280"):
		b.memory = "HBM[0]"
	case strings.HasPrefix(d.Part, "xcu"):
		b.memory = "DDR[0]"
	}
	if err := design.CheckBoard(d.Board); err != nil {
		return nil, fmt.Errorf("design: %w", err)
	}
	b.board = d.Board
	for _, u := range p.units() {
		b.sources = append(b.sources, "src/"+u.file+".cpp")
	}
	b.sources = append(b.sources, "src/"+TopName+".cpp")
	b.testbench = []string{"tb/tb.cpp"}
	lib, err := fs.Glob(templates.HLS, "hls/tb/*.cpp")
	if err != nil {
		return nil, err
	}
	for _, name := range lib {
		b.testbench = append(b.testbench, strings.TrimPrefix(name, "hls/"))
	}
	return b, nil
}

// clockNs is the period, rounded down to a femtosecond so that it is never longer.
func (b *build) clockNs() string {
	return strconv.FormatFloat(math.Floor(1e9/b.clockMHz)/1e6, 'f', -1, 64)
}

func (b *build) clockHz() int64 { return int64(math.Round(b.clockMHz * 1e6)) }

func (b *build) mhz() string { return strconv.FormatFloat(b.clockMHz, 'f', -1, 64) }

// hlsConfig is a configuration file of v++ --mode hls and vitis-run, 2023.2 and later.
func (b *build) hlsConfig(flow, format string) []byte {
	file := map[string]string{"vitis": "hls_config.cfg", "vivado": "hls_config_vivado.cfg"}[flow]
	var w writer
	w.f("# Vitis 2023.2 and later; paths are relative to this file.\n#\n")
	w.f("#   vitis-run --mode hls --csim    --config %s --work_dir w_%s\n", file, flow)
	w.f("#   v++ -c    --mode hls           --config %s --work_dir w_%s\n", file, flow)
	w.f("#   vitis-run --mode hls --cosim   --config %s --work_dir w_%s\n", file, flow)
	w.f("#   vitis-run --mode hls --package --config %s --work_dir w_%s\n", file, flow)
	w.f("#   vitis-run --mode hls --impl    --config %s --work_dir w_%s\n", file, flow)
	w.f("part=%s\n\n[hls]\nflow_target=%s\nclock=%sns\nclock_uncertainty=%s\n", b.part, flow, b.clockNs(), clockUncertainty)
	w.f("package.output.format=%s\npackage.output.syn=false\n", format)
	w.f("syn.top=%s\nsyn.cflags=-std=c++17 -Iinclude -Isrc\n", TopName)
	for _, s := range b.sources {
		w.f("syn.file=%s\n", s)
	}
	w.f("tb.cflags=-std=c++17 -Iinclude -Isrc -Itb -Wno-unknown-pragmas\n")
	for _, s := range b.testbench {
		w.f("tb.file=%s\n", s)
	}
	w.f("tb.file=data\n")
	return w.Bytes()
}

// designTcl is the constants of run_hls.tcl and vivado/bd.tcl. Every word is made of
// letters, digits and _ . / - : %, so that braces hold it.
func (b *build) designTcl() []byte {
	var w writer
	w.f("# Constants of the design, read by run_hls.tcl and vivado/bd.tcl.\nnamespace eval hass {\n")
	set := func(name, value string) { w.f("  variable %s {%s}\n", name, value) }
	set("top", TopName)
	set("part", b.part)
	set("board", b.board)
	set("family", b.family)
	set("clock_mhz", b.mhz())
	set("clock_ns", b.clockNs())
	set("clock_uncertainty", clockUncertainty)
	list := func(name string, words []string) {
		w.f("  variable %s {\n", name)
		for _, s := range words {
			w.f("    %s\n", s)
		}
		w.f("  }\n")
	}
	list("sources", b.sources)
	list("testbench", b.testbench)
	w.f("  # Streams: name, direction, bits of TDATA.\n")
	streams := []string{fmt.Sprintf("{%s in %d}", b.p.Input.Name, b.p.Input.AXIBits)}
	for _, o := range b.p.Outputs {
		streams = append(streams, fmt.Sprintf("{%s out %d}", o.Name, o.AXIBits))
	}
	list("streams", streams)
	w.f("}\n")
	return w.Bytes()
}

// linkConfig joins the accelerator with its data movers for v++ --link.
func (b *build) linkConfig() []byte {
	var w writer
	w.f("# v++ -l --config link.cfg: the accelerator between small kernels that move images from and to\n# memory. See host/build_alveo.sh.\nkernel_frequency=%.0f\n\n[connectivity]\n", math.Floor(b.clockMHz))
	in := b.p.Input.Name
	w.f("nk=%s:1:%s_1\nnk=mm2s_%s:1:mm2s_%s_1\n", TopName, TopName, in, in)
	for _, o := range b.p.Outputs {
		w.f("nk=s2mm_%s:1:s2mm_%s_1\n", o.Name, o.Name)
	}
	if b.memory != "" {
		w.f("sp=%s_1.weights:%s\nsp=mm2s_%s_1.memory:%s\n", TopName, b.memory, in, b.memory)
		for _, o := range b.p.Outputs {
			w.f("sp=s2mm_%s_1.memory:%s\n", o.Name, b.memory)
		}
	}
	w.f("stream_connect=mm2s_%s_1.stream:%s_1.%s\n", in, TopName, in)
	for _, o := range b.p.Outputs {
		w.f("stream_connect=%s_1.%s:s2mm_%s_1.stream\n", TopName, o.Name, o.Name)
	}
	return w.Bytes()
}

// designShell is the constants of host/build_alveo.sh.
func (b *build) designShell() []byte {
	var w writer
	var out []string
	for _, o := range b.p.Outputs {
		out = append(out, "s2mm_"+o.Name)
	}
	w.f("# Constants of the design, read by build_alveo.sh.\nHASS_TOP='%s'\nHASS_CLOCK_HZ='%d'\nHASS_SOURCES='%s'\nHASS_MM2S='mm2s_%s'\nHASS_S2MM='%s'\n",
		TopName, b.clockHz(), strings.Join(b.sources, " "), b.p.Input.Name, strings.Join(out, " "))
	return w.Bytes()
}
