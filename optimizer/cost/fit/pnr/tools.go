package pnr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hass/internal/hw"
	"hass/optimizer/cost/fit"
	"hass/optimizer/cost/utilisation"
)

// Device is the part on which modules are placed, as the program calls it; its timing is that of speed grade -1.
const Device = "xc7z010clg400-1"

// Flags are those of the place-and-route program beside device, database, netlist, report and seed.
const Flags = "--freq 300 --router router2 --timing-allow-fail"

// Tools are the programs of a run.
type Tools struct {
	Nextpnr string // nextpnr-himbaechel with the architecture xilinx
	ChipDB  string // its database of xc7z010
	Dir     string // scratch
}

// Check tells what is missing.
func (t *Tools) Check() error {
	for _, f := range []string{t.Nextpnr, t.ChipDB} {
		if st, err := os.Stat(f); f == "" || err != nil || !st.Mode().IsRegular() {
			return errors.New("place and route needs a program and a database that you have: make pnr NEXTPNR=<path of nextpnr-himbaechel with the architecture xilinx> CHIPDB=<path of its chip database of xc7z010>")
		}
	}
	if _, err := exec.LookPath("yosys"); err != nil {
		return fit.ErrNoYosys
	}
	return nil
}

var commitOf = regexp.MustCompile(`nextpnr-\S*?g([0-9a-f]{7,40})`)

// Version is the program's name with the commit that it says it is of.
func (t *Tools) Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, t.Nextpnr, "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", t.Nextpnr, err)
	}
	m := commitOf.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%s --version names no commit: %.80q", t.Nextpnr, out)
	}
	return "nextpnr " + string(m[1]), nil
}

// Measurement is a routed point.
type Measurement struct {
	utilisation.Counts // mapped, with the wrapper
	Timing
}

// Source is what is routed: a module of a library with parameters.
type Source struct {
	Library Library
	Module  string
	Params  []hw.Param
	Plain   bool // mapped by abc instead of abc9
}

// Netlist maps a source in its wrapper, and gives the counts.
func (t *Tools) Netlist(ctx context.Context, s Source) (utilisation.Counts, error) {
	var none utilisation.Counts
	if err := os.MkdirAll(t.Dir, 0o777); err != nil {
		return none, err
	}
	files, err := s.Library.write(t.Dir, s.Module)
	if err != nil {
		return none, err
	}
	ports, err := t.ports(ctx, s, files)
	if err != nil {
		return none, err
	}
	text, err := wrapper(s.Module, s.Params, ports)
	if err != nil {
		return none, err
	}
	if err := os.WriteFile(filepath.Join(t.Dir, "top.v"), []byte(text), 0o666); err != nil {
		return none, err
	}
	return t.synthesise(ctx, append(files, "top.v"), s.Plain)
}

// synthesise maps files, of which one has the wrapper, to netlist.json.
func (t *Tools) synthesise(ctx context.Context, files []string, plain bool) (utilisation.Counts, error) {
	abc := "-abc9 "
	if plain {
		abc = ""
	}
	script := fmt.Sprintf("read_verilog -sv %s\nsynth_xilinx -family xc7 -top %s %s%s\nwrite_json netlist.json\ntee -o stat.json stat -json\n", strings.Join(files, " "), top, abc, fit.Flags)
	if err := t.yosys(ctx, script); err != nil {
		return utilisation.Counts{}, err
	}
	stat, err := os.ReadFile(filepath.Join(t.Dir, "stat.json"))
	if err != nil {
		return utilisation.Counts{}, err
	}
	return fit.ReadStat(stat)
}

// ports elaborates the module with its parameters: the widths are those of its own text.
func (t *Tools) ports(ctx context.Context, s Source, files []string) ([]Port, error) {
	var script strings.Builder
	fmt.Fprintf(&script, "read_verilog -sv %s\n", strings.Join(files, " "))
	for _, p := range s.Params {
		fmt.Fprintf(&script, "chparam -set %s %s %s\n", p.Name, fit.Literal(p.Value), s.Module)
	}
	fmt.Fprintf(&script, "hierarchy -top %s\ndelete */p:*\nwrite_json ports.json\n", s.Module)
	if err := t.yosys(ctx, script.String()); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(t.Dir, "ports.json"))
	if err != nil {
		return nil, err
	}
	return readPorts(data, s.Module)
}

func (t *Tools) yosys(ctx context.Context, script string) error {
	if err := os.WriteFile(filepath.Join(t.Dir, "run.ys"), []byte(script), 0o666); err != nil {
		return err
	}
	return t.run(ctx, "yosys", "-q", "-s", "run.ys")
}

// run runs a program in the scratch folder, and what it started goes with it.
func (t *Tools) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = t.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, complaint(out.String()))
	}
	return nil
}

// Place places and routes what was mapped last.
func (t *Tools) Place(ctx context.Context, seed int) (Timing, error) {
	args := []string{"--device", Device, "--chipdb", t.ChipDB, "--json", "netlist.json", "--report", "report.json", "--seed", strconv.Itoa(seed)}
	if err := t.run(ctx, t.Nextpnr, append(args, strings.Fields(Flags)...)...); err != nil {
		return Timing{}, err
	}
	data, err := os.ReadFile(filepath.Join(t.Dir, "netlist.json"))
	if err != nil {
		return Timing{}, err
	}
	names, err := readNetlist(data)
	if err != nil {
		return Timing{}, err
	}
	if data, err = os.ReadFile(filepath.Join(t.Dir, "report.json")); err != nil {
		return Timing{}, err
	}
	return readReport(data, names)
}

// Route maps, places and routes a source.
func (t *Tools) Route(ctx context.Context, s Source, seed int) (Measurement, error) {
	c, err := t.Netlist(ctx, s)
	if err != nil {
		return Measurement{}, err
	}
	tm, err := t.Place(ctx, seed)
	return Measurement{c, tm}, err
}

// ErrNoDSP says that the program does not know how long a DSP takes.
var ErrNoDSP = errors.New("this nextpnr has no times of DSP48E1, so modules with multipliers would look faster than they are: give one that times DSP48E1")

// product is a module with nothing but a product: its slowest path runs through a DSP whatever stands around it.
const product = "pnr_product"

var productLibrary = Library{product: "module pnr_product (\n    input wire clk,\n    input wire signed [15:0] a,\n    input wire signed [15:0] b,\n    output wire signed [31:0] y\n);\n" +
	"  wire unused = clk;\n  assign y = a * b;\nendmodule\n"}

// CheckDSP routes a product and refuses a program whose report has no time inside a DSP.
func (t *Tools) CheckDSP(ctx context.Context) error {
	m, err := t.Route(ctx, Source{Library: productLibrary, Module: product}, 1)
	if err != nil {
		return fmt.Errorf("a product, routed to see whether DSPs have times: %w", err)
	}
	if m.Counts.DSP == 0 {
		return errors.New("a product, routed to see whether DSPs have times, was mapped without one")
	}
	if !m.Timing.DSP {
		return ErrNoDSP
	}
	return nil
}

// complaint is the line of a program's output that says what is wrong: the first that begins with ERROR, else the last one.
func complaint(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, l := range lines {
		if strings.HasPrefix(l, "ERROR") {
			return l
		}
	}
	return lines[len(lines)-1]
}
