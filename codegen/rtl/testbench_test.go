package rtl_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/codegen/project"
	"hass/codegen/rtl"
	"hass/codegen/verify"
	"hass/internal/hw"
	"hass/internal/test/testenv"
)

// needVerilator skips the test without a simulator of RTL.
func needVerilator(t testing.TB) {
	t.Helper()
	testenv.Tools(t, "verilator g++ make", "verilator", "g++", "make")
}

// needIcarus skips the test without Icarus Verilog.
func needIcarus(t testing.TB) {
	t.Helper()
	testenv.Tools(t, "iverilog make", "iverilog", "make")
}

// The hand-made top testdata/rtl/hass_top.sv: source -> fork -> convert -> sink 0, fork -> sink 1.
const (
	handWords   = 20 // input words per image
	handWeight0 = 0x123456
	handWeight1 = 0x0f0f0f
)

// handProject has the data for the testbench of the hand-made top.
func handProject(images int) *project.Project {
	n := &hw.Network{
		Processes: []hw.Process{
			{Kind: hw.Source, Name: "source", Layer: -1, Out: []int{0}},
			{Kind: hw.Fork, Name: "fork", Layer: -1, In: []int{0}, Out: []int{1, 2}},
			{Kind: hw.Convert, Name: "convert", Layer: -1, In: []int{1}, Out: []int{3}},
			{Kind: hw.Sink, Name: "sink0", Layer: -1, In: []int{3}},
			{Kind: hw.Sink, Name: "sink1", Layer: -1, In: []int{2}},
		},
		Streams: []hw.Stream{
			{Name: "f0", From: 0, To: 1, Depth: 4, Tokens: handWords},
			{Name: "f1", From: 1, To: 2, Depth: 3, Tokens: handWords},
			{Name: "f2", From: 1, To: 4, Depth: 2, Tokens: handWords},
			{Name: "f3", From: 2, To: 3, Depth: 4, Tokens: 2 * handWords},
		},
	}
	return &project.Project{
		HW: n, Words: 3, Images: make([][]int32, images),
		Input: project.Port{Name: "input", AXIBits: 32, Words: handWords},
		Outputs: []project.Port{
			{Name: "output0", AXIBits: 16, Words: 2 * handWords},
			{Name: "output1", AXIBits: 32, Words: handWords},
		},
	}
}

// testbench is tb/hass_tb.sv of a project.
func testbench(t *testing.T, p *project.Project) []byte {
	t.Helper()
	data, err := rtl.Testbench(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// writeHandProject writes the project of the hand-made top.
func writeHandProject(t *testing.T, p *project.Project) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	library := os.DirFS("../../templates/rtl")
	for from, to := range map[string]string{
		"Makefile": "", "tb/*.sv": "tb", "hass_control.sv": "rtl", "hass_readout.sv": "rtl", "hass_copy.sv": "rtl", "hass_count.sv": "rtl", "hass_watermark.sv": "rtl", "hass_weights_head.sv": "rtl", "hass_weights_end.sv": "rtl",
		"hass_iterate.sv": "rtl", "hass_source.sv": "rtl", "hass_fork.sv": "rtl", "hass_convert.sv": "rtl", "hass_sink.sv": "rtl", "hass_fifo.sv": "rtl",
	} {
		names, err := fs.Glob(library, from)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", from, err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(library, name)
			if err != nil {
				t.Fatal(err)
			}
			write(path.Join(to, path.Base(name)), data)
		}
	}
	top, err := os.ReadFile("testdata/rtl/hass_top.sv")
	if err != nil {
		t.Fatal(err)
	}
	write("rtl/hass_top.sv", top)
	write("tb/hass_tb.sv", testbench(t, p))
	le := binary.LittleEndian
	write("data/weights.bin", le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, handWeight0), handWeight1), project.ChainEnd))
	var in, out0, out1 []byte
	r := rand.New(rand.NewSource(1))
	for range len(p.Images) * handWords {
		w := r.Uint32() & 0xffffff
		in = le.AppendUint32(in, w|r.Uint32()<<24) // bits above the lanes are ignored
		out0 = le.AppendUint16(le.AppendUint16(out0, uint16(w&0xfff)), uint16(w>>12))
		out1 = le.AppendUint32(out1, w^handWeight0^handWeight1)
	}
	write("data/golden_input.bin", in)
	write("data/golden_output0.bin", out0)
	write("data/golden_output1.bin", out1)
	return dir
}

// handCycles are the cycles that the hand-made top must take, by the rules of docs/hardware.md.
func handCycles(p *project.Project) verify.Cycles {
	images := len(p.Images)
	type fifo struct {
		latency       int64
		depth         int
		writes, reads []int64
	}
	type process struct {
		ready  int64
		now    int64 // in the iteration; -1 between iterations
		at     int   // port of the iteration
		count  int   // iterations done
		result verify.Process
	}
	fifos := make([]fifo, len(p.HW.Streams))
	procs := make([]process, len(p.HW.Processes))
	for i, s := range p.HW.Streams {
		fifos[i] = fifo{latency: 2, depth: s.Depth}
		if p.HW.Processes[s.From].Kind == hw.Source {
			fifos[i].latency = 3
		}
	}
	c := verify.Cycles{FirstIn: make([]int64, images), FirstOut: make([]int64, images), LastOut: make([]int64, images)}
	for moved := true; moved; {
		moved = false
		for i := range procs {
			q, pr := &procs[i], p.HW.Processes[i]
			perImage := handWords
			if pr.Kind == hw.Convert || pr.Name == "sink0" {
				perImage *= 2
			}
			for q.count < images*perImage {
				in, out := pr.In, pr.Out
				if pr.Kind == hw.Convert && q.count%2 == 1 {
					in = nil // the second part of a wide beat
				}
				if q.now < 0 || q.at == 0 && q.now == 0 {
					q.now = q.ready
				}
				if q.at < len(in) {
					f := &fifos[in[q.at]]
					n := len(f.reads)
					if n == len(f.writes) {
						break
					}
					at := max(q.now, f.writes[n]+f.latency)
					q.result.Starved += at - q.now
					f.reads, q.now = append(f.reads, at), at
				} else if k := q.at - len(in); k < len(out) {
					f := &fifos[out[k]]
					n := len(f.writes)
					at := q.now
					if n >= f.depth {
						if n-f.depth >= len(f.reads) {
							break
						}
						at = max(at, f.reads[n-f.depth]+1)
					}
					q.result.Blocked += at - q.now
					if pr.Kind == hw.Source && n%handWords == 0 {
						c.FirstIn[n/handWords] = q.now
					}
					f.writes, q.now = append(f.writes, at), at
				}
				moved = true
				if q.at++; q.at < len(in)+len(out) {
					continue
				}
				if pr.Kind == hw.Sink {
					image := q.count / perImage
					if q.count%perImage == 0 && (c.FirstOut[image] == 0 || q.now < c.FirstOut[image]) {
						c.FirstOut[image] = q.now
					}
					c.LastOut[image] = max(c.LastOut[image], q.now)
				}
				q.ready, q.now, q.at = q.now+1, -1, 0
				q.count++
			}
		}
	}
	for i, pr := range p.HW.Processes {
		r := procs[i].result
		r.Name, r.End, r.Counted = pr.Name, procs[i].ready, pr.Kind == hw.Source
		c.Processes = append(c.Processes, r)
	}
	for i, f := range fifos {
		most := 0
		for n, w := range f.writes {
			held := 1
			for m := n - 1; m >= 0 && f.reads[m] >= w; m-- {
				held++
			}
			most = max(most, held)
		}
		c.FIFOs = append(c.FIFOs, verify.FIFO{Name: p.HW.Streams[i].Name, Most: most})
	}
	return c
}

// handRun is a project of the hand-made top that is made wrong in several ways.
type handRun struct {
	t   *testing.T
	dir string
}

func (h handRun) read(name string) []byte {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join(h.dir, filepath.FromSlash(name)))
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

func (h handRun) write(name string, data []byte) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, filepath.FromSlash(name)), data, 0o666); err != nil {
		h.t.Fatal(err)
	}
}

func (h handRun) verilator(opts verify.Options) *verify.RTLResult {
	h.t.Helper()
	r, err := verify.RTL(context.Background(), h.dir, opts)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h handRun) icarus(args ...string) *verify.RTLResult {
	h.t.Helper()
	cmd := exec.Command("make", append([]string{"-s", "sim-iverilog"}, args...)...)
	cmd.Dir = h.dir
	text, runErr := cmd.CombinedOutput()
	r := new(verify.RTLResult)
	if err := json.Unmarshal(h.read("rtl_iverilog_report.json"), r); err != nil {
		h.t.Fatalf("%v\n%s", err, text)
	}
	if (runErr == nil) != r.OK() || !strings.Contains(string(text), "sim: ") {
		h.t.Errorf("%v, but the report says %q:\n%s", runErr, r.Problem(), text)
	}
	return r
}

func (h handRun) fails(what string, r *verify.RTLResult, want ...string) {
	h.t.Helper()
	for _, w := range want {
		if r.OK() || !strings.Contains(r.Problem(), w) {
			h.t.Errorf("%s: %q; want %q", what, r.Problem(), w)
		}
	}
}

// TestRTLTestbench runs the hand-made top in Verilator: outputs, cycles, waits and high-water marks are correct in both
// calls, stalls change no output, and wrong data and wrong weights are found.
func TestRTLTestbench(t *testing.T) {
	needVerilator(t)
	t.Parallel()
	const images = 70 // more than Verilator unrolls a loop for
	p := handProject(images)
	h := handRun{t, writeHandProject(t, p)}

	cycles := handCycles(p)
	r := h.verilator(verify.Options{})
	var order []int
	for i := range images {
		order = append(order, i)
	}
	forward := slices.Clone(order)
	slices.Reverse(order)
	if !r.OK() || r.Images != images || !slices.Equal(r.Calls[0].Order, forward) || !slices.Equal(r.Calls[1].Order, order) {
		t.Fatalf("%s: %+v", r.Problem(), r)
	}
	for i, c := range r.Calls {
		for _, diff := range c.Compare(cycles) {
			t.Errorf("call %d: %s", i, diff)
		}
	}
	worse := cycles
	worse.FIFOs = slices.Clone(cycles.FIFOs)
	worse.FIFOs[1].Most++
	worse.Processes = slices.Clone(cycles.Processes)
	worse.Processes[1].Blocked++
	worse.Processes[3].Starved--
	worse.LastOut = slices.Clone(cycles.LastOut)
	worse.LastOut[images-1]++
	if diffs := r.Calls[0].Compare(worse); len(diffs) != 5 {
		t.Errorf("%d differences, want 5: %q", len(diffs), diffs)
	}

	if r := h.verilator(verify.Options{Images: 1, Seed: 7}); !r.OK() || r.Images != 1 || r.Seed != 7 {
		t.Errorf("one image: %s, %d images, seed %d", r.Problem(), r.Images, r.Seed)
	}
	for seed := range int64(4) {
		s := h.verilator(verify.Options{Stall: 20 + 20*int(seed), Seed: seed + 1})
		if !s.OK() || s.Calls[0].Cycles <= r.Calls[0].Cycles {
			t.Errorf("stalls, seed %d: %s; %d cycles, without %d", seed, s.Problem(), s.Calls[0].Cycles, r.Calls[0].Cycles)
		}
	}

	golden, weights := h.read("data/golden_output1.bin"), h.read("data/weights.bin")
	wrong := slices.Clone(golden)
	wrong[4*(handWords+3)+1] ^= 0xff
	h.write("data/golden_output1.bin", wrong)
	h.fails("wrong golden word", h.verilator(verify.Options{}), "2 mismatches", "output1, image 1, word 3: got 0x")
	h.write("data/golden_output1.bin", golden)
	wrong = slices.Clone(weights)
	wrong[8] ^= 0xff
	h.write("data/weights.bin", wrong)
	h.fails("wrong end mark", h.verilator(verify.Options{}), "does not end with its mark")
	h.write("data/weights.bin", weights[4:])
	h.fails("too few weights", h.verilator(verify.Options{}), "a data file cannot be read or is of another design")
	h.write("data/weights.bin", weights)
	h.fails("a deadlock", h.verilator(verify.Options{Timeout: 4}), "deadlock: call 0: no output word for 4 cycles; input: ", " images and ")

	if _, err := verify.RTL(context.Background(), t.TempDir(), verify.Options{}); err == nil || !strings.Contains(err.Error(), "not a generated RTL project") {
		t.Errorf("an empty folder: %v", err)
	}
}

// TestRTLTestbenchIcarus runs the hand-made top in Icarus Verilog, in which registers begin unknown, and makes
// it wrong.
func TestRTLTestbenchIcarus(t *testing.T) {
	needIcarus(t)
	t.Parallel()
	p := handProject(3)
	h := handRun{t, writeHandProject(t, p)}
	for i, c := range h.icarus().Calls {
		for _, diff := range c.Compare(handCycles(p)) {
			t.Errorf("call %d: %s", i, diff)
		}
	}
	if r := h.icarus("SIM_ARGS=+stall=50"); !r.OK() {
		t.Errorf("late ports: %s", r.Problem())
	}

	// Designs that want another number of weights.
	weights := h.read("data/weights.bin")
	for _, c := range []struct {
		words []byte
		want  string
	}{
		{weights[4:], "the design wants more than the 2 words of the weights"},
		{append(weights[:4:4], weights...), "does not end with its mark"},
		{append(weights[:12:12], weights[:4]...), "does not end with its mark"},
		{append(weights[:12:12], append(weights[:12:12], weights...)...), "does not end with its mark"},
	} {
		p.Words = len(c.words) / 4
		h.write("data/weights.bin", c.words)
		h.write("tb/hass_tb.sv", testbench(t, p))
		h.fails(c.want, h.icarus(), c.want)
	}
	p.Words = 3
	h.write("data/weights.bin", weights)
	h.write("tb/hass_tb.sv", testbench(t, p))

	top := string(h.read("rtl/hass_top.sv"))
	change := func(from, to string) {
		t.Helper()
		if !strings.Contains(top, from) {
			t.Fatalf("the top has no %q", from)
		}
		h.write("rtl/hass_top.sv", []byte(strings.Replace(top, from, to, 1)))
	}
	for i, want := range []string{
		"deadlock: call 0: no output word for",
		"output1, image 0, word 7: TLAST before the end of the image",
		"output1, image 0, word 19: no TLAST at the end of the image",
		"output1: a word too many, 0x",
		"output1, image 0, word 3: got 0xx",
	} {
		change("integer WRONG = 0", fmt.Sprintf("integer WRONG = %d", i+1))
		h.fails(fmt.Sprintf("wrong %d", i+1), h.icarus("SIM_ARGS=+timeout=2000"), want)
	}
	change("PROCESSES = 5", "PROCESSES = 6")
	h.fails("wrong registers", h.icarus(), "control: 6 processes and 4 FIFOs, not 5 and 4")
	change("integer STATS = 1", "integer STATS = 0")
	r := h.icarus()
	if diffs := r.Calls[1].Compare(handCycles(p)); !r.OK() || len(diffs) != 2 || !strings.Contains(diffs[0], "waits of 0 processes") {
		t.Errorf("without statistics: %s, %q", r.Problem(), diffs)
	}
}

// TestRTLControl tests the control block and the high-water marks against plain counters.
func TestRTLControl(t *testing.T) {
	needIcarus(t)
	t.Parallel()
	for i, params := range [][]string{
		nil,
		{"OUTPUTS=1", "FIFOS=1", "PROCESSES=1"},
		{"STATS=0"},
		{"COUNTER=6", "FIFOS=17", "OUTPUTS=2"},
		{"PROCESSES=9", "FIFOS=65", "RUNS=4"},
	} {
		args := []string{"-g2012", "-Wall", "-s", "control_tb", "-o", filepath.Join(t.TempDir(), "vvp"), "testdata/rtl/control_tb.sv"}
		for _, p := range params {
			args = append(args, "-Pcontrol_tb."+p)
		}
		for _, m := range []string{"control", "readout", "watermark", "copy"} {
			args = append(args, "../../templates/rtl/hass_"+m+".sv")
		}
		text, err := exec.Command("iverilog", args...).CombinedOutput()
		if err != nil || len(text) > 0 {
			t.Fatalf("%d: %v\n%s", i, err, text)
		}
		text, err = exec.Command("vvp", "-n", args[5]).CombinedOutput()
		if err != nil || string(text) != "control: 0 errors\n" {
			t.Errorf("%v: %v\n%s", params, err, text)
		}
	}
}
