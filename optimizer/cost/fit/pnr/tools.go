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

// Device is the program's name for the part on which modules are placed; its timing is that of speed grade -1.
const Device = "xc7z010clg400-1"

// Flags are the flags of the place-and-route program besides device, database, netlist, report and seed.
const Flags = "--freq 300 --router router2 --timing-allow-fail"

// reportFlags request the report, with the arrivals at all ends of paths.
var reportFlags = []string{"--report", "report.json", "--detailed-timing-report"}

// Tools are the programs of a run.
type Tools struct {
	Nextpnr string // nextpnr-himbaechel with the architecture xilinx
	ChipDB  string // its database of xc7z010
	Dir     string // scratch
}

// Check returns an error that names the missing program or file.
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

// Version is the program's name and the commit that it reports.
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

// Source is a module of a library with parameters, to be routed.
type Source struct {
	Library Library
	Module  string
	Params  []hw.Param
	Plain   bool // mapped by abc instead of abc9
}

// Netlist maps a source in its wrapper, and gives the counts.
func (t *Tools) Netlist(ctx context.Context, s *Source) (utilisation.Counts, error) {
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

// blocksFile is the file of the block RAMs to which memories are mapped.
const blocksFile = "blocks.txt"

// smallBlocks are block RAMs of 18 Kb in the format of yosys' memory_libmap and of its map for series 7. Block RAMs of 36 Kb are left
// out: the program has no delays for them, so paths from them would be missing in the report.
const smallBlocks = `ram block $__XILINX_BLOCKRAM_SDP_ {
  byte 9;
  option "MODE" "HALF" {
    abits 14;
    widths 1 2 4 9 18 36 per_port;
    cost 129;
  }
  init any;
  port sw "W" {
    option "WRITE_MODE" "READ_FIRST" {
      clock posedge "C";
      wrtrans all old;
    }
    option "WRITE_MODE" "WRITE_FIRST" {
      clock posedge;
    }
    clken;
    optional;
  }
  port sr "R" {
    option "WRITE_MODE" "READ_FIRST" {
      clock posedge "C";
    }
    option "WRITE_MODE" "WRITE_FIRST" {
      clock posedge;
    }
    clken;
    rdsrst any gated_clken;
    rdinit any;
    optional;
  }
}
ram block $__XILINX_BLOCKRAM_TDP_ {
  byte 9;
  option "MODE" "HALF" {
    abits 14;
    widths 1 2 4 9 18 per_port;
    cost 129;
  }
  init any;
  port srsw "A" "B" {
    option "MODE" "HALF" {
      width mix;
    }
    option "HAS_RDFIRST" 0 {
      clock posedge;
    }
    clken;
    rdsrst any gated_clken;
    rdinit any;
    portoption "WRITE_MODE" "NO_CHANGE" {
      rdwr no_change;
    }
    optional_rw;
  }
}
`

// mapMemory replaces the commands of synth_xilinx's step map_memory in yosys 0.23, with these block RAMs.
const mapMemory = "memory_libmap -logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xc5v.txt -lib " + blocksFile +
	"\ntechmap -map +/xilinx/lutrams_xc5v_map.v\ntechmap -map +/xilinx/brams_xc6v_map.v\n"

// synthesise maps files, one of which is the wrapper, to netlist.json.
func (t *Tools) synthesise(ctx context.Context, files []string, plain bool) (utilisation.Counts, error) {
	abc := "-abc9 "
	if plain {
		abc = ""
	}
	script := fmt.Sprintf("read_verilog -sv %s\n", strings.Join(files, " "))
	part := func(from, to string) {
		script += fmt.Sprintf("synth_xilinx -family xc7 -top %s %s%s -run %s:%s\n", top, abc, fit.Flags, from, to)
	}
	part("begin", "map_memory")
	script += mapMemory
	if err := os.WriteFile(filepath.Join(t.Dir, blocksFile), []byte(smallBlocks), 0o666); err != nil {
		return utilisation.Counts{}, err
	}
	part("map_ffram", "edif") // with the check at the end, which trims ports that the map of block RAMs connects too widely
	script += "write_json netlist.json\ntee -o stat.json stat -json\n"
	if err := t.yosys(ctx, script); err != nil {
		return utilisation.Counts{}, err
	}
	stat, err := os.ReadFile(filepath.Join(t.Dir, "stat.json"))
	if err != nil {
		return utilisation.Counts{}, err
	}
	return fit.ReadStat(stat)
}

// ports elaborates the module with its parameters to find the widths of its ports.
func (t *Tools) ports(ctx context.Context, s *Source, files []string) ([]Port, error) {
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

// run runs a program in the scratch folder; its child processes are killed with it.
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

// Place places and routes the netlist that was mapped last.
func (t *Tools) Place(ctx context.Context, seed int) (Timing, error) {
	args := []string{"--device", Device, "--chipdb", t.ChipDB, "--json", "netlist.json", "--seed", strconv.Itoa(seed)}
	args = append(args, reportFlags...)
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

// Route maps, places and routes a source. abc9 of yosys 0.23 crashes on some block RAMs: plain abc maps them instead, and the source
// is Plain from then on.
func (t *Tools) Route(ctx context.Context, s *Source, seed int) (Measurement, error) {
	c, err := t.Netlist(ctx, s)
	if err != nil && !s.Plain && ctx.Err() == nil {
		s.Plain = true
		c, err = t.Netlist(ctx, s)
	}
	if err != nil {
		return Measurement{}, err
	}
	tm, err := t.Place(ctx, seed)
	return Measurement{c, tm}, err
}

// ErrNoTimes means that the program has no delays of cells on the slowest paths.
var ErrNoTimes = errors.New("so modules would look faster than they are: give a nextpnr that has them")

// probes are modules whose slowest path always runs through a cell of a given type. A program without delays of that cell does not
// see the path.
var probes = []struct {
	cell    string
	count   func(c *utilisation.Counts) int
	library Library
}{
	{"DSP48E1", func(c *utilisation.Counts) int { return c.DSP }, Library{probe: "module pnr_probe (\n    input wire clk,\n    input wire signed [15:0] a,\n    input wire signed [15:0] b,\n" +
		"    output wire signed [31:0] y\n);\n  wire unused = clk;\n  assign y = a * b;\nendmodule\n"}},
	{"RAMB18E1", func(c *utilisation.Counts) int { return c.BRAM18 }, Library{probe: "module pnr_probe (\n    input wire clk,\n    input wire write,\n    input wire [8:0] to,\n    input wire [8:0] from,\n" +
		"    input wire [17:0] x,\n    output reg [17:0] y\n);\n  (* ram_style = \"block\" *) reg [17:0] words[0:511];\n  always @(posedge clk) begin\n    if (write) words[to] <= x;\n" +
		"    y <= words[from];\n  end\nendmodule\n"}},
}

const probe = "pnr_probe"

// CheckTimes routes a product and a memory, and refuses a program whose report has no time inside a DSP or a block RAM.
func (t *Tools) CheckTimes(ctx context.Context) error {
	for i := range probes {
		p := &probes[i]
		m, err := t.Route(ctx, &Source{Library: p.library, Module: probe, Plain: true}, 1)
		if err != nil {
			return fmt.Errorf("a %s, routed to see whether it has times: %w", p.cell, err)
		}
		if p.count(&m.Counts) == 0 {
			return fmt.Errorf("a %s, to be routed to see whether it has times, was mapped to something else", p.cell)
		}
		if m.Slow != p.cell {
			return fmt.Errorf("this nextpnr has no times of %s, %w", p.cell, ErrNoTimes)
		}
	}
	return nil
}

// complaint is the line of a program's output with the error: the first that begins with ERROR, else the last line.
func complaint(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, l := range lines {
		if strings.HasPrefix(l, "ERROR") {
			return l
		}
	}
	return lines[len(lines)-1]
}
