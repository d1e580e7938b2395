package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"hass/codegen/project"
	"hass/internal/artifact"
)

// RTLReport is the report of the RTL's testbench.
type RTLReport struct {
	Images        int       `json:"images"` // different images, each run in two calls
	Stall         int       `json:"stall"`
	Seed          int64     `json:"seed"`
	Calls         []RTLCall `json:"calls"`
	Mismatches    int       `json:"mismatches"`     // wrong words of outputs
	FirstMismatch string    `json:"first_mismatch"` // port, image, word, values; "" if none
	Deadlock      string    `json:"deadlock"`       // progress of the ports, or ""
	Error         string    `json:"error"`          // weights not taken, a wrong register value, or ""
	Passed        bool      `json:"ok"`             // the testbench's own verdict
}

// RTLResult is the result of a simulation of the RTL.
type RTLResult struct {
	RTLReport
	// CyclesCompared means that cycles, stalls and FIFO high-water marks were compared with the simulator's.
	CyclesCompared bool `json:"cycles_compared"`

	report string // the file's name
}

// RTLCall is one run of the design. Cycles count from 0, the first in which the source could
// take a word; -1 means never.
type RTLCall struct {
	Order []int `json:"order"` // golden images, in the order of input
	// By image of the call: the cycle in which its first word was accepted, in which its
	// first word left by any output, and in which its last word left by the last output.
	FirstIn  []int64 `json:"first_in"`
	FirstOut []int64 `json:"first_out"`
	LastOut  []int64 `json:"last_out"`
	// The values of the control registers.
	Cycles     int64      `json:"cycles"`
	ImagesDone int        `json:"images_done"`
	Waits      [][2]int64 `json:"waits,omitempty"` // by process: for a token, for room; none without statistics
	Most       []int      `json:"most,omitempty"`  // by FIFO: high-water mark
}

// OK reports whether the run ended and everything was equal.
func (r *RTLResult) OK() bool { return r.Problem() == "" }

// Problem describes the failure in one line; "" if there is none.
func (r *RTLResult) Problem() string {
	var parts []string
	if r.Error != "" {
		parts = append(parts, r.Error)
	}
	if r.Deadlock != "" {
		parts = append(parts, "deadlock: "+r.Deadlock)
	}
	if r.Mismatches > 0 {
		parts = append(parts, fmt.Sprintf("%d mismatches; the first: %s", r.Mismatches, r.FirstMismatch))
	}
	switch {
	case parts == nil && (r.Images == 0 || len(r.Calls) != 2):
		return "no image was compared"
	case parts == nil && !r.Passed:
		return "the testbench reports a failure without a reason"
	}
	return strings.Join(parts, "; ")
}

// mostShown is the largest high-water mark that the register can show.
const mostShown = 1<<16 - 1

// Tally counts the comparisons of the run.
func (r *RTLResult) Tally() Tally { return Tally{r.Images, r.Mismatches} }

// Failure is the first failure of the run.
func (r *RTLResult) Failure() Failure {
	switch {
	case r.OK():
		return Failure{}
	case r.Deadlock != "":
		return Failure{Kind: Deadlock, Text: r.Deadlock}
	case r.Mismatches > 0:
		return Failure{Kind: Values, Text: r.Problem()}
	}
	return Failure{Kind: Fault, Text: r.Problem()}
}

// Report is the project's file with this result.
func (r *RTLResult) Report() string { return r.report }

// Text describes in one line what was equal.
func (r *RTLResult) Text() string {
	text := fmt.Sprintf("%d images, each in two runs, equal bit for bit", r.Images)
	if r.Stall > 0 {
		text += fmt.Sprintf(" with %d %% random stalls", r.Stall)
	}
	if r.CyclesCompared {
		text += "; cycles of every image, stalls and FIFO marks equal the simulator's"
	}
	return text
}

// CompareCycles compares the cycles, waits and FIFO high-water marks of both calls with the simulator's. A run with random
// stalls is not compared.
func (r *RTLResult) CompareCycles(s Simulator) ([]string, error) {
	if r.Stall > 0 {
		return nil, nil
	}
	var diffs []string
	for i := range r.Calls {
		want, err := s.Cycles(r.Calls[i].Order)
		if err != nil {
			return nil, err
		}
		diffs = append(diffs, r.Calls[i].Compare(*want)...)
	}
	r.CyclesCompared = len(diffs) == 0
	return diffs, nil
}

// Compare returns a line for each difference of the call's cycles from the expected ones.
func (c *RTLCall) Compare(want Cycles) []string {
	var diffs []string
	differ := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	for _, l := range []struct {
		what      string
		got, want []int64
	}{{"first word in", c.FirstIn, want.FirstIn}, {"first word out", c.FirstOut, want.FirstOut}, {"last word out", c.LastOut, want.LastOut}} {
		if l.want == nil {
			continue
		}
		if len(l.got) != len(l.want) {
			differ("%s: %d images, expected %d", l.what, len(l.got), len(l.want))
			continue
		}
		for i, got := range l.got {
			if got != l.want[i] {
				differ("image %d: %s in cycle %d, expected %d", i, l.what, got, l.want[i])
			}
		}
	}
	if n := len(want.LastOut); n > 0 && c.Cycles != want.LastOut[n-1]+1 {
		differ("total: %d cycles, expected %d", c.Cycles, want.LastOut[n-1]+1)
	}
	if want.Processes != nil && len(c.Waits) != len(want.Processes) {
		differ("waits of %d processes, expected %d", len(c.Waits), len(want.Processes))
	} else {
		for i, p := range want.Processes {
			for k, w := range [2]struct {
				what string
				want int64
			}{{"a token", p.Starved}, {"room", p.Blocked}} {
				// The registers count until the run ends. A process that has ended before then
				// waits for a token. Of a process that ends later, it is unknown in which cycles
				// it waited.
				low, high := w.want, w.want
				if over := c.Cycles - p.End; over < 0 {
					low += over
				} else if k == 0 {
					// After its last output, a window accepts the input that no output needs.
					high += over
					if !p.Counted {
						low = high
					}
				}
				if got := c.Waits[i][k]; got < low || got > high {
					differ("process %s: waits %d cycles for %s, expected %d", p.Name, got, w.what, high)
				}
			}
		}
	}
	if want.FIFOs != nil && len(c.Most) != len(want.FIFOs) {
		differ("high-water marks of %d FIFOs, expected %d", len(c.Most), len(want.FIFOs))
	} else {
		for i, f := range want.FIFOs {
			if most := min(f.Most, mostShown); c.Most[i] != most {
				differ("FIFO %s: at most %d tokens at once, expected %d", f.Name, c.Most[i], most)
			}
		}
	}
	return diffs
}

// RTL runs the project's simulation in the folder dir and reads its report. A mismatch or a
// deadlock is a result, not an error. Errors are missing programs, a project that does not
// compile, and a cancelled context. $VERILATOR and $IVERILOG are honoured.
func RTL(ctx context.Context, dir string, opts Options) (*RTLResult, error) {
	target, report, tools, packages := "sim", reportName(opts), []string{tool("VERILATOR", "verilator"), "g++", "make"}, "verilator g++ make"
	stallable := opts.Stallable || opts.Stall > 0
	if stallable {
		target = "sim-stall"
	}
	if opts.Icarus {
		target = strings.Replace(target, "sim", "sim-iverilog", 1)
		tools, packages = []string{tool("IVERILOG", "iverilog"), "make"}, "iverilog make"
	}
	if opts.Netlist {
		target = "sim-netlist"
		tools, packages = []string{tool("YOSYS", "yosys"), tool("IVERILOG", "iverilog"), "make"}, "yosys iverilog make"
	}
	for _, t := range tools {
		if _, err := exec.LookPath(t); err != nil {
			return nil, fmt.Errorf("the RTL's simulation needs %s, which is not installed (Debian: apt-get install %s)", t, packages)
		}
	}
	if err := IsRTL(dir); err != nil {
		return nil, err
	}
	if err := artifact.CheckWhole(dir); err != nil {
		return nil, err
	}
	args := []string{"-s", fmt.Sprintf("-j%d", runtime.NumCPU())}
	if stallable {
		args = append(args, fmt.Sprintf("STALL=%d", opts.Stall))
	}
	if seed := opts.Seed & math.MaxInt32; seed != 0 {
		args = append(args, fmt.Sprintf("SEED=%d", seed))
	}
	if opts.Images > 0 {
		args = append(args, fmt.Sprintf("SIM_IMAGES=%d", opts.Images))
	}
	if opts.Timeout > 0 {
		args = append(args, fmt.Sprintf("SIM_ARGS=+timeout=%d", opts.Timeout))
	}
	report = filepath.Join(dir, report)
	if err := os.Remove(report); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("RTL simulation: %w", err)
	}
	text, runErr := runMake(ctx, dir, append(args, target)...)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		if runErr != nil {
			return nil, fmt.Errorf("make %s in %s: %w\n%s", target, dir, runErr, tail(text, 20))
		}
		return nil, fmt.Errorf("make %s in %s left no report: %w", target, dir, err)
	}
	r := &RTLResult{report: filepath.Base(report)}
	if opts.Stall == 0 && stallable {
		plain := opts
		plain.Stallable = false
		r.report = reportName(plain)
		if err := os.Rename(report, filepath.Join(dir, r.report)); err != nil {
			return nil, fmt.Errorf("RTL simulation: %w", err)
		}
	}
	if err := artifact.DecodeStrict(data, &r.RTLReport); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", report, err, tail(text, 20))
	}
	if runErr != nil && r.Problem() == "" {
		return nil, fmt.Errorf("make %s in %s: %w\n%s", target, dir, runErr, tail(text, 20))
	}
	return r, nil
}

// IsRTL returns an error unless dir looks like a generated RTL project.
func IsRTL(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "rtl", project.TopName+".sv")); err != nil {
		return fmt.Errorf("%s: not a generated RTL project (rtl/%s.sv is missing)", dir, project.TopName)
	}
	return nil
}

// reportName is the project's file with the simulation's report.
func reportName(o Options) string {
	report := "rtl_report.json"
	if o.Stallable || o.Stall > 0 {
		report = "rtl_stall_report.json"
	}
	if o.Icarus {
		report = strings.Replace(report, "rtl_", "rtl_iverilog_", 1)
	}
	if o.Netlist {
		report = "rtl_netlist_report.json"
	}
	return report
}
