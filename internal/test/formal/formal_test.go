//go:build unix

package formal

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/internal/test/testenv"
)

// A check is one wrapper with parameters.
type check struct {
	name    string
	top     string
	modules []string
	params  string // of the wrapper: "NAME value ..."
	steps   int    // cycles, the first is reset; at most 15 (stream_rules.sv)
	mutants []mutant
}

// A mutant is an edit of a module that must make assertion fails untrue. In the source, old occurs
// exactly once.
type mutant struct {
	name     string
	module   string
	old, new string
	fails    string
}

var (
	fifo    = []string{"hass_fifo"}
	iterate = []string{"hass_iterate"}
	fork    = []string{"hass_fork", "hass_iterate"}
	convert = []string{"hass_convert", "hass_iterate"}
	packed  = []string{"hass_packed", "hass_sum", "hass_delay"}
)

var checks = []check{
	// Ten steps: a token must come round to the first of two places.
	{"fifo of 1", "fifo_check", fifo, "DEPTH 1", 10, nil},
	{"fifo of 2", "fifo_check", fifo, "DEPTH 2", 8, []mutant{
		{"credit not returned", "hass_fifo", "free + COUNT'(read) -", "free -", "too_little_room"},
		{"credit returned at pop", "hass_fifo", "COUNT'(read)", "COUNT'(pop)", "too_little_room"},
		{"credit not taken", "hass_fifo", " - COUNT'(issue)", "", "too_much_room"},
		{"credit taken at push", "hass_fifo", "COUNT'(issue)", "COUNT'(push)", "too_much_room"},
		{"room for one more", "hass_fifo", "free <= COUNT'(DEPTH)", "free <= COUNT'(DEPTH + 1)", "too_much_room"},
		{"room behind the last place", "hass_fifo", "free != COUNT'(1)", "1'b1", "too_much_room"},
		{"room not seen again", "hass_fifo", "some <= read ||", "some <=", "too_little_room"},
		{"pop ignored", "hass_fifo", "(full && !pop)", "full", "early"},
		{"head overwritten", "hass_fifo", "(!full || pop)", "1'b1", "order"},
		{"a cycle too early", "hass_fifo", "stored != '0 && (", "(stored != '0 || push) && (", "early"},
		{"a cycle between tokens", "hass_fifo", "(!full || pop)", "!full", "late"},
		{"same token twice", "hass_fifo", "if (load) from <= next(from);", "", "order"},
		{"same place twice", "hass_fifo", "if (push) to <= next(to);", "", "order"},
		{"head lost at push", "hass_fifo", "load || (full && !pop)", "load || (full && !pop && !push)", "keeps_rules"},
		{"tokens kept over reset", "hass_fifo", "stored <= '0;", "", "early"},
	}},
	{"fifo of 3", "fifo_check", fifo, "DEPTH 3 WIDTH 3", 8, nil},
	{"fifo of 2 in block RAM", "fifo_check", fifo, "DEPTH 2 BLOCK 1", 8, nil},
	{"fifo of 3 in block RAM", "fifo_check", fifo, "DEPTH 3 BLOCK 1", 8, []mutant{
		{"round too early", "hass_fifo", "POWER'(SIZE - 1)", "POWER'(SIZE - 2)", "order"},
	}},

	{"join of 2", "iterate_check", iterate, "INS 2 OUTS 1 ALL 1", 8, []mutant{
		{"order of reads swapped", "hass_iterate",
			"turn_in[0] = 1'b1;\n      for (port = 1; port < INS; port = port + 1) turn_in[port] = turn_in[port-1] & past[port-1];",
			"turn_in[INS-1] = 1'b1;\n      for (port = 1; port < INS; port = port + 1) turn_in[INS-1-port] = turn_in[INS-port] & past[INS-port];", "read_order"},
		{"reads wait for each other", "hass_iterate", "turn_in(past_in) & reads", "{INS{&past_in}} & reads", "read_late"},
		{"reads wait for room", "hass_iterate", "assign read = {INS{active}}", "assign read = {INS{active & room[0]}}", "read_late"},
		{"a token read twice", "hass_iterate", "valid & ~was_read", "valid", "read_twice"},
		{"first reads forgotten", "hass_iterate", "was_read <= was_read | read;", "was_read <= read;", "read_twice"},
		{"popped when read", "hass_iterate", "{INS{done}} & reads", "read", "pop_at_done"},
		{"no second iteration", "hass_iterate", "rst || done", "rst", "read_late"},
		{"reset forgotten", "hass_iterate", "rst || done", "done", "read_late"},
		{"done without room", "hass_iterate", "ready & (&past_out)", "ready", "done_early"},
		{"waits all the time", "hass_iterate", "{ready && !done, active && !got}", "{ready, active}", "waits_for_token"},
	}},
	{"any ports of 3 and 2", "iterate_check", iterate, "INS 3 OUTS 2 ALL 0", 8, []mutant{
		{"reads in any order", "hass_iterate", "turn_in[port-1] & past[port-1]", "1'b1", "read_order"},
		{"turn from the last port alone", "hass_iterate", "turn_in[port-1] & past[port-1]", "past[port-1]", "read_order"},
		{"reads all ports", "hass_iterate", "turn_in(past_in) & reads &", "turn_in(past_in) &", "read_unasked"},
		{"reads what is not there", "hass_iterate", "reads & valid & ~was_read", "reads & ~was_read", "read_empty"},
		{"reads without iteration", "hass_iterate", "{INS{active}} & turn_in", "turn_in", "read_unasked"},
		{"got too early", "hass_iterate", "active & (&past_in)", "active & past_in[INS-1]", "got_all"},
		{"result not awaited", "hass_iterate", "got & computed", "got", "write_unasked"},
		{"writes in any order", "hass_iterate", "turn_out[port-1] & past[port-1]", "1'b1", "write_order"},
		{"writes all at once", "hass_iterate", "turn_out(past_out)", "{OUTS{&past_out}}", "write_late"},
		{"writes all ports", "hass_iterate", "turn_out(past_out) & writes", "turn_out(past_out)", "write_unasked"},
		{"writes without room", "hass_iterate", "writes & room & ~was_written", "writes & ~was_written", "write_full"},
		{"writes twice", "hass_iterate", "room & ~was_written", "room", "write_twice"},
		{"done without the last port", "hass_iterate", "ready & (&past_out)", "ready & past_out[0]", "done_early"},
		{"done needs writes", "hass_iterate", "ready & (&past_out)", "ready & (&past_out) & (|writes)", "done_late"},
		{"pops all ports", "hass_iterate", "{INS{done}} & reads", "{INS{done}}", "keeps_rules"},
		{"waits for room while computing", "hass_iterate", "{ready && !done", "{got && !done", "waits_for_room"},
	}},

	{"fork to 2", "fork_check", fork, "OUTS 2", 8, []mutant{
		{"pushes twice", "hass_iterate", "room & ~was_written", "room", "invented"},
		{"first output left out", "hass_fork", "{OUTS{1'b1}}", "{{OUTS - 1{1'b1}}, 1'b0}", "lost"},
		{"read and pop swapped", "hass_fork", ".read,\n      .pop,", ".read(pop),\n      .pop(read),", "lost"},
		{"other values", "hass_fork", "assign out  = in", "assign out  = ~in", "value"},
		{"second output first", "hass_iterate", "turn_out[port-1] & past[port-1]", "1'b1", "order"},
		{"all at once", "hass_iterate", "turn_out(past_out)", "{OUTS{&past_out}}", "late"},
		{"push without issue", "hass_fork", "push = issue", "push = issue | {OUTS{pop}}", "at_once"},
		{"reads again", "hass_iterate", "valid & ~was_read", "valid", "read_early"},
		{"reads when done", "hass_iterate", "{INS{active}} & turn_in", "{INS{done}} & turn_in", "read_late"},
		{"popped late", "hass_iterate", "{INS{done}} & reads", "was_read & {INS{done}}", "pop_late"},
		{"waits swapped", "hass_iterate", "{ready && !done, active && !got}", "{active && !got, ready && !done}", "waits_right"},
		{"issues without room", "hass_iterate", "writes & room & ~was_written", "writes & ~was_written", "keeps_rules"},
	}},
	{"fork to 3", "fork_check", fork, "OUTS 3 WIDTH 3", 8, nil},

	{"convert 4 to 2", "convert_check", convert, "FROM 4 TO 2 PIXELS 2 BITS 2", 8, []mutant{
		{"part counter off by one", "hass_convert", "COUNT'(PARTS - 1)", "COUNT'(PARTS - 2)", "lost"},
		{"parts in wrong order", "hass_convert", "wide[part*WIDTH+:WIDTH]", "wide[(PARTS-1-part)*WIDTH+:WIDTH]", "same_value"},
		{"first pixel alone", "hass_convert", "in[p*PARTS*WIDTH+:PARTS*WIDTH]", "in[0+:PARTS*WIDTH]", "same_value"},
		{"popped after each part", "hass_convert", "done && (FROM < TO || last)", "done", "lost"},
		{"read for each part", "hass_convert", "FROM < TO || part == '0", "1'b1", "read_early"},
		{"part not counted", "hass_convert", "last ? '0 : part + 1'b1", "'0", "pop_late"},
		{"part kept over reset", "hass_convert", "if (rst) part <= '0;\n    else if (done)", "if (done)", "read_late"},
		{"push late", "hass_convert", "push = issue", "push = issue && last", "at_once"},
		{"written without token", "hass_iterate", "got  = active & (&past_in)", "got  = active", "invented"},
		{"issues without room", "hass_iterate", "writes & room & ~was_written", "writes & ~was_written", "keeps_rules"},
		{"waits all the time", "hass_iterate", "{ready && !done, active && !got}", "{ready, active}", "waits_for_room"},
	}},
	{"convert 1 to 3", "convert_check", convert, "FROM 1 TO 3 PIXELS 2 BITS 2", 8, []mutant{
		{"part counter off by one", "hass_convert", "COUNT'(PARTS - 1)", "COUNT'(PARTS - 2)", "invented"},
		{"all parts the last", "hass_convert", "if (done && part == COUNT'(k))", "if (done)", "same_value"},
		{"written for each part", "hass_convert", "FROM > TO || last", "1'b1", "invented"},
		{"popped with the last part", "hass_convert", "done && (FROM < TO || last)", "done && last", "pop_late"},
		{"read with the last part", "hass_convert", "FROM < TO || part == '0", "last", "read_late"},
		{"waits for room from the first part", "hass_iterate", "assign done  = ready &", "assign done  = ready & room[0] &", "pop_late"},
		{"waits for the output", "hass_iterate", "turn_out(past_out) &", "{OUTS{was_read[0]}} &", "late"},
		{"waits all the time", "hass_iterate", "{ready && !done, active && !got}", "{ready, active}", "waits_for_token"},
	}},
	{"convert 2 to 2", "convert_check", convert, "FROM 2 TO 2 PIXELS 1 BITS 2", 8, nil},

	// Two steps more than the latency: a second beat.
	{"packed, two cascades", "packed_check", packed, "M 3 DEEP 2 PIXELS 2 FILTERS 1 FIELD 5", 10, []mutant{
		{"no half of a field", "hass_packed", "P'(product) + OFFSET", "P'(product)", "right_sums"},
		{"half not taken away", "hass_packed", "{~total[", "{total[", "right_sums"},
		{"borrow forgotten", "hass_packed", "'($signed(x1)) - (X_BITS + 1)'(x0[X_BITS-1])", "'($signed(x1))", "right_sums"},
		{"works without a beat", "hass_packed", "if (!works[i-OF*DEEP+LEADS]) factor <= '0;\n        else factor <= a;", "factor <= a;", "right_sums"},
		{"cleared late", "hass_packed", "CYCLES(3 + DEEP + LEVELS)", "CYCLES(4 + DEEP + LEVELS)", "right_sums"},
		{"short cascade too early", "hass_packed", "works[i-OF*DEEP+LEADS]", "works[i-OF*DEEP]", "right_sums"},
		{"a cascade too few", "hass_packed", "P'(product) + g_lane[i-1].sum", "P'(product)", "right_sums"},
	}},
	{"packed, one cascade without sign", "packed_check", packed, "M 2 DEEP 2 PIXELS 2 FILTERS 1 FIELD 5 X_SIGNED 0", 10, nil},
	{"packed, two pixels and two filters", "packed_check", packed, "M 1 DEEP 1 PIXELS 2 FILTERS 2 FIELD 4", 8, []mutant{
		{"borrow of weights forgotten", "hass_packed", "'($signed(w1)) - (W_BITS + 1)'(w0[W_BITS-1])", "'($signed(w1))", "right_sums"},
		{"half in one field only", "hass_packed", "HALF | HALF << FIELD |", "HALF |", "right_sums"},
	}},
	{"packed, one pixel and two filters", "packed_check", packed, "M 1 DEEP 1 PIXELS 1 FILTERS 2 FIELD 4", 8, nil},
	{"packed, alone", "packed_check", packed, "M 2 DEEP 2 PIXELS 1 FILTERS 1 FIELD 0", 10, nil},
}

func TestModules(t *testing.T) {
	testenv.Tools(t, "yosys z3", "yosys", "yosys-smtbmc", "z3")
	fails := map[string][]string{} // by wrapper: assertions that a mutant must violate
	for _, c := range checks {
		for _, m := range c.mutants {
			fails[c.top] = append(fails[c.top], m.fails)
		}
		t.Run(c.name, func(t *testing.T) {
			dir := synthesize(t, c, nil)
			if out, err := smtbmc(t, dir, c.steps, "--presat", "--dump-vcd", "trace.vcd", "--dump-vlogtb", "trace.v"); err != nil || !passed(out) {
				t.Fatalf("not proved: %v\n%s%s", err, out, trace(dir))
			}
			if out, err := smtbmc(t, dir, c.steps, "-c"); err != nil || !passed(out) {
				t.Fatalf("not all covers reached: %v\n%s", err, out)
			}
			for _, m := range c.mutants {
				t.Run(m.name, func(t *testing.T) {
					out, err := smtbmc(t, synthesize(t, c, &m), c.steps)
					if !strings.Contains(out, "Assert failed in "+c.top+": "+m.fails+"\n") {
						t.Errorf("%s does not fail: %v\n%s", m.fails, err, out)
					}
				})
			}
		})
	}
	for _, c := range checks {
		for _, label := range assertions(t, c.top) {
			if !slices.Contains(fails[c.top], label) {
				t.Errorf("%s: %s fails for no mutant", c.top, label)
			}
		}
	}
}

// synthesize puts sources, the wrapper and model.smt2 into a folder of the test. The model of a
// mutant has only the assertion that must fail.
func synthesize(t *testing.T, c check, m *mutant) (dir string) {
	t.Helper()
	dir = t.ArtifactDir()
	files := []string{"stream_rules.sv", c.top + ".sv"}
	for i := range files {
		write(t, dir, files[i], read(t, files[i]))
	}
	edited := false
	for _, name := range c.modules {
		src := read(t, filepath.Join(testenv.Root(t), "templates", "rtl", name+".sv"))
		if m != nil && m.module == name {
			if n := strings.Count(src, m.old); n != 1 {
				t.Fatalf("%s.sv has %q %d times, not once", name, m.old, n)
			}
			src, edited = strings.Replace(src, m.old, m.new, 1), true
		}
		write(t, dir, name+".sv", src)
		files = append(files, name+".sv")
	}
	if m != nil && !edited {
		t.Fatalf("%s is not among the modules %v", m.module, c.modules)
	}
	script := "read_verilog -sv -formal " + strings.Join(files, " ") + "; hierarchy -check -top " + c.top
	params := strings.Fields(c.params)
	for i := 0; i+1 < len(params); i += 2 {
		script += " -chparam " + params[i] + " " + params[i+1]
	}
	// Data registers and memories have arbitrary initial values, because they are not reset.
	script += "; prep -flatten -nordff -top " + c.top + "; memory_map; opt_clean; "
	if m != nil {
		script += "select -assert-count 1 t:$assert c:" + m.fails + " %i; delete t:$assert c:" + m.fails + " %d; "
	}
	script += "write_smt2 -wires model.smt2"
	out, err := run(t, dir, "yosys", "-q", "-p", script)
	if err != nil || (m == nil && out != "") {
		t.Fatalf("yosys: %v\n%s", err, out)
	}
	return dir
}

// smtbmc solves model.smt2 in dir. Without --unroll z3 4.8 expands the model's definitions
// without end.
func smtbmc(t *testing.T, dir string, steps int, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"-s", "z3", "--unroll", "--noprogress", "-t", fmt.Sprint(steps)}, args...)
	return run(t, dir, "yosys-smtbmc", append(args, "model.smt2")...)
}

// run ends the command and its children with the test: after two minutes, or a little before the
// test's deadline, so that the output is still seen.
func run(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if end, ok := t.Deadline(); ok {
		ctx, cancel = context.WithDeadline(ctx, end.Add(-2*time.Second))
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("%s: %w", name, ctx.Err())
	}
	return string(out), err
}

// trace returns the trace that smtbmc left in dir: registers in the first cycle, inputs in all.
func trace(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "trace.v"))
	if err != nil {
		return ""
	}
	_, steps, _ := strings.Cut(string(b), "#1;\n`endif\n")
	return "trace (all signals: trace.vcd in the artifacts of go test -artifacts):\n" + steps
}

func passed(out string) bool { return strings.Contains(out, "Status: PASSED") }

// assertions returns the labels of all assertions of a wrapper.
func assertions(t *testing.T, top string) (labels []string) {
	t.Helper()
	src := read(t, top+".sv")
	for _, m := range regexp.MustCompile(`(\w+): assert \(`).FindAllStringSubmatch(src, -1) {
		labels = append(labels, m[1])
	}
	if n := strings.Count(src, "assert ("); n == 0 || n != len(labels) {
		t.Fatalf("%s: %d assertions, %d with a label", top, n, len(labels))
	}
	return labels
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
