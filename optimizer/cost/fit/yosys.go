package fit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hass/internal/hw"
	"hass/optimizer/cost/utilisation"
	"hass/templates"
)

// Flags are the flags of synth_xilinx in the sweep, besides -family and -abc9.
const Flags = "-nowidelut -flatten -noiopad -noclkbuf"

// Point is a module to be synthesised on its own.
type Point struct {
	Module hw.Module
	Family string // of synth_xilinx; "" is xc7
	Plain  bool   // abc instead of abc9
}

// Key is the point in one line: module and parameters.
func (p Point) Key() string { return p.ModuleName() + " " + p.ParamText() }

// ModuleName is the module's name.
func (p Point) ModuleName() string { return p.Module.ModuleName() }

// ParamText is the parameters as NAME=VALUE, in the order of the list.
func (p Point) ParamText() string {
	var s []string
	for _, q := range hw.Params(p.Module) {
		s = append(s, q.Name+"="+q.Value)
	}
	return strings.Join(s, " ")
}

// ErrNoYosys means that yosys is not installed.
var ErrNoYosys = errors.New("yosys is not installed")

// Yosys runs synthesis in a folder of its own.
type Yosys struct {
	Dir string // scratch
	// RTL is a folder of SystemVerilog files; "" is the library of package templates.
	RTL string
	// CPU is the processor time of all runs so far.
	CPU time.Duration
}

// Version is the version that yosys reports.
func Version(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("yosys"); err != nil {
		return "", ErrNoYosys
	}
	out, err := exec.CommandContext(ctx, "yosys", "-V").Output()
	if err != nil {
		return "", err
	}
	f := strings.Fields(string(out))
	if len(f) < 2 {
		return "", fmt.Errorf("yosys -V says %.80q", out)
	}
	return f[0] + " " + f[1], nil
}

// Library is the folder of the modules; it writes the folder if necessary.
func (y *Yosys) Library() (string, error) {
	if y.RTL != "" {
		return y.RTL, nil
	}
	dir := filepath.Join(y.Dir, "rtl")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	names, err := fs.Glob(templates.RTL, "rtl/*.sv")
	if err != nil {
		return "", err
	}
	for _, n := range names {
		data, err := templates.RTL.ReadFile(n)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(n)), data, 0o666); err != nil {
			return "", err
		}
	}
	y.RTL = dir
	return dir, nil
}

// libmap replaces the commands of synth_xilinx -family xc7's step map_memory in yosys 0.23, with the map of block
// RAMs read only once: reading it takes longer than everything else for a small module.
const libmap = `memory_libmap -logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xc5v.txt -lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_CASCADE -D HAS_CONFLICT_BUG -D HAS_MIXWIDTH_SDP
techmap -map +/xilinx/lutrams_xc5v_map.v
techmap -map %brams
`

// script is the yosys script that writes stat<i>.json for each point.
func script(lib string, points []Point) []byte {
	var s bytes.Buffer
	fmt.Fprintf(&s, "read_verilog -nooverwrite -noblackbox -icells +/xilinx/brams_xc6v_map.v\ndesign -stash brams\n")
	fmt.Fprintf(&s, "read_verilog -sv %s/*.sv\nread_verilog -lib -specify +/xilinx/cells_sim.v\ndesign -save rtl\n", lib)
	for i, p := range points {
		fmt.Fprintf(&s, "design -load rtl\n")
		if params := hw.Params(p.Module); len(params) > 0 {
			// hierarchy -chparam fails for some modules: it creates two of the same name.
			fmt.Fprintf(&s, "chparam")
			for _, q := range params {
				fmt.Fprintf(&s, " -set %s %s", q.Name, Literal(q.Value))
			}
			fmt.Fprintf(&s, " %s\n", p.ModuleName())
		}
		// Remove the logic that only feeds the counters of STATS.
		fmt.Fprintf(&s, "hierarchy -check -top %s\nproc\nflatten\ndelete -output w:waits\n", p.ModuleName())
		abc := " -abc9"
		if p.Plain {
			abc = ""
		}
		if p.Family == "" {
			fmt.Fprintf(&s, "synth_xilinx -family xc7%[1]s %[2]s -run prepare:map_memory\n%[3]ssynth_xilinx -family xc7%[1]s %[2]s -run map_ffram:check\n", abc, Flags, libmap)
		} else {
			fmt.Fprintf(&s, "synth_xilinx -family %s%s %s -run prepare:check\n", p.Family, abc, Flags)
		}
		fmt.Fprintf(&s, "tee -o stat%d.json stat -json\n", i)
	}
	return s.Bytes()
}

// Literal is a parameter's value in the form of chparam, which has no minus sign.
func Literal(v string) string {
	if n, ok := strings.CutPrefix(v, "-"); ok {
		if i, err := strconv.Atoi(n); err == nil {
			return fmt.Sprintf("32'h%08x", uint32(-i))
		}
	}
	return v
}

// Run synthesises the points in one process. If yosys stops at a point, that and the following points have no
// counts: done is the number of points with counts.
func (y *Yosys) Run(ctx context.Context, points []Point) (counts []utilisation.Counts, done int, err error) {
	if _, err := exec.LookPath("yosys"); err != nil {
		return nil, 0, ErrNoYosys
	}
	lib, err := y.Library()
	if err != nil {
		return nil, 0, err
	}
	script := script(lib, points)
	name := func(i int) string { return filepath.Join(y.Dir, fmt.Sprintf("stat%d.json", i)) }
	for i := range points {
		os.Remove(name(i))
	}
	if err := os.WriteFile(filepath.Join(y.Dir, "run.ys"), script, 0o666); err != nil {
		return nil, 0, err
	}
	cmd := exec.CommandContext(ctx, "nice", "-n", "5", "yosys", "-q", "-s", "run.ys")
	cmd.Dir = y.Dir
	out, runErr := cmd.CombinedOutput()
	if s := cmd.ProcessState; s != nil {
		y.CPU += s.UserTime() + s.SystemTime()
	}
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	counts = make([]utilisation.Counts, len(points))
	for i := range points {
		data, err := os.ReadFile(name(i))
		if err != nil {
			if runErr == nil {
				runErr = err
			}
			return counts, i, fmt.Errorf("%s: %w\n%s", points[i].Key(), runErr, tail(out, 800))
		}
		if counts[i], err = ReadStat(data); err != nil {
			return counts, i, err
		}
	}
	return counts, len(points), nil
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// ReadStat reads the whole design's cells of `stat -json`.
func ReadStat(data []byte) (utilisation.Counts, error) {
	var s struct {
		Design struct {
			Cells map[string]int `json:"num_cells_by_type"`
		} `json:"design"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return utilisation.Counts{}, fmt.Errorf("yosys stat: %w", err)
	}
	return utilisation.CountCells(s.Design.Cells), nil
}

// RunAll synthesises points in batches; points at which abc9 crashes are mapped by abc.
func (y *Yosys) RunAll(ctx context.Context, points []Point, batch int, log func(string)) ([]utilisation.Counts, error) {
	all := make([]utilisation.Counts, 0, len(points))
	for len(all) < len(points) {
		at := len(all)
		part := points[at:min(len(points), at+batch)]
		counts, done, err := y.Run(ctx, part)
		all = append(all, counts[:done]...)
		if err != nil && done < len(part) {
			if part[done].Plain || ctx.Err() != nil {
				return nil, err
			}
			part[done].Plain = true
		} else if err != nil {
			return nil, err
		}
		log(fmt.Sprintf("%d of %d modules", len(all), len(points)))
	}
	return all, nil
}
