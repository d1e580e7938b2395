package pnr

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/testenv"
	"hass/optimizer/cost/calibration"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/fit"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it):\n%s", file, got)
	}
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWrapper(t *testing.T) {
	ports, err := readPorts([]byte(`{"modules":{"$paramod\\hass_fork\\OUTS=2":{"attributes":{"top":"1"},"ports":{"clk":{"direction":"input","bits":[2]},"rst":{"direction":"input","bits":[3]},`+
		`"in":{"direction":"input","bits":[4,5,6,7]},"read":{"direction":"output","bits":[8]},"out":{"direction":"output","bits":[4,5,6,"0"]},"waits":{"direction":"output","bits":[9,10]}}},"hass_iterate":{"ports":{}}}}`), "hass_fork")
	if err != nil {
		t.Fatal(err)
	}
	text, err := wrapper("hass_fork", hw.Params(hw.ForkParams{Width: 4, Outs: 2}), ports)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "fork.v", text)
	text, err = wrapper("hass_top", nil, []Port{{"aclk", false, 1}, {"in", false, 1}, {"out", true, 1}})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "top.v", text)
}

func TestWrapperErrors(t *testing.T) {
	for _, c := range []struct {
		want  string
		ports []Port
	}{
		{"no clock port clk or aclk", []Port{{"in", false, 1}, {"out", true, 1}}},
		{"no inputs or no outputs", []Port{{"clk", false, 1}, {"out", true, 1}}},
		{"no inputs or no outputs", []Port{{"clk", false, 1}, {"in", false, 1}, {"waits", true, 2}}},
	} {
		if _, err := wrapper("m", nil, c.ports); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.ports, err, c.want)
		}
	}
	for text, want := range map[string]string{
		`{`:                    "yosys JSON",
		`{"modules":{"m":{}}}`: "no top module m",
		`{"modules":{"m":{"attributes":{"top":"1"},"ports":{"a":{"direction":"inout","bits":[2]}}}}}`: "port a of m is an inout",
	} {
		if _, err := readPorts([]byte(text), "m"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestReport(t *testing.T) {
	names, err := readNetlist(testdata(t, "netlist.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readReport(testdata(t, "report.json"), names)
	if err != nil {
		t.Fatal(err)
	}
	want := Timing{MHz: 226, Logic: 0.35 + 0.125 + 0.45, Route: 3.5, Cells: 1, From: "g_pixel[0].lane.index", To: "g_pixel[0].lane.mac", Slow: "DSP48E1",
		Ends: "4.50 kept.out, 3.98 g_pixel[0].lane.mac"}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if end := names.end("$auto$ff.cc:266:slice$11"); end != "wrapper" {
		t.Errorf("a register of the wrapper is called %s", end)
	}
	if end := names.end("u.kept.$auto$ff.cc:266:slice$12"); end != "kept.out" {
		t.Errorf("a register of a module that is kept is called %s", end)
	}
	for from, to := range map[string]string{"fmax": "no", `"achieved": 226.0`: `"achieved": 0`, "posedge clk": "negedge", `"type": "setup"`: `"type": "hold"`} {
		bad := bytes.ReplaceAll(testdata(t, "report.json"), []byte(from), []byte(to))
		if _, err := readReport(bad, names); err == nil || !strings.Contains(err.Error(), "report") {
			t.Errorf("%s in place of %s: %v", to, from, err)
		}
	}
}

func TestHash(t *testing.T) {
	l := Library{
		"hass_a": "module hass_a; // as hass_c\n  hass_b b (.clk);\nendmodule\n",
		"hass_b": "module hass_b;\nendmodule\n",
		"hass_c": "module hass_c;\nendmodule\n",
	}
	parts, err := l.Closure("hass_a")
	if err != nil || !slices.Equal(parts, []string{"hass_a", "hass_b"}) {
		t.Fatal(parts, err)
	}
	hash := func() string {
		h, err := l.Hash("hass_a")
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := hash()
	l["hass_c"] = "module hass_c; wire x;\nendmodule\n"
	l["hass_b"] = "// says more\nmodule   hass_b;\n\n/* and\nmore */ endmodule\n"
	if hash() != first {
		t.Error("a comment, layout, or a module that is not in it changes the hash")
	}
	l["hass_b"] = "module hass_b; wire x;\nendmodule\n"
	if hash() == first {
		t.Error("a change of a module that is in it leaves the hash")
	}
	if _, err := l.Hash("hass_d"); err == nil {
		t.Error("a module that is not in the library has a hash")
	}
}

// TestResume: modules whose sources have not changed since their line in the file are not routed again, even if they failed. Changed modules
// are, and the new line replaces the old one.
func TestResume(t *testing.T) {
	l := Library{"hass_fifo": "module hass_fifo; endmodule", "hass_fork": "module hass_fork; endmodule", "hass_ram": "module hass_ram; endmodule"}
	points := []fit.Point{{Module: hw.FIFOParams{Width: 8, Depth: 4}}, {Module: hw.ForkParams{Width: 8, Outs: 2}}, {Module: hw.RAMParams{Width: 8, Depth: 4, Memory: memory.LUTRAM}}}
	hash := func(m string) string {
		h, err := l.Hash(m)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	line := func(p fit.Point, hash, failed string) Line {
		x := Line{Module: p.ModuleName(), Params: p.ParamText(), Seed: 1, Hash: hash, Failed: failed}
		if failed == "" {
			x.MHz, x.From, x.To = 200, "a;b", "wrapper"
		}
		return x
	}
	f := &File{Comment: "about"}
	f.Put(line(points[0], hash("hass_fifo"), ""))
	f.Put(line(points[1], "old", ""))
	f.Put(line(points[2], hash("hass_ram"), "not routed in 8m0s"))
	back, err := Read(bytes.NewReader(f.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if string(back.Bytes()) != string(f.Bytes()) || len(back.Lines) != 3 || back.Lines[2].Failed == "" || back.Lines[0].From != "a b" {
		t.Errorf("what is read differs from what was written:\n%s", back.Bytes())
	}
	all, err := PointJobs(l, points)
	if err != nil {
		t.Fatal(err)
	}
	jobs := ToDo(all, 1, back)
	if len(jobs) != 1 || jobs[0].Module != "hass_fork" {
		t.Fatal(jobs)
	}
	back.Put(line(points[1], jobs[0].Hash, ""))
	if len(back.Lines) != 3 || back.Lines[1].Hash != jobs[0].Hash {
		t.Errorf("the new line is not in the place of the old one:\n%s", back.Bytes())
	}
	if jobs = ToDo(all, 2, back); len(jobs) != 3 || jobs[0].Seed != 2 {
		t.Error(jobs)
	}
	for _, bad := range []string{"a;b\n", strings.Replace(string(f.Bytes()), ";200.0;", ";0;", 1)} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestTools(t *testing.T) {
	for _, tools := range []Tools{{}, {Nextpnr: "no/such/file", ChipDB: "no/such/file"}} {
		if err := tools.Check(); err == nil || !strings.Contains(err.Error(), "make pnr NEXTPNR=") {
			t.Errorf("%+v: %v", tools, err)
		}
	}
}

// TestPoints: the sweep has all kinds of modules, in turn.
func TestPoints(t *testing.T) {
	testenv.Long(t)
	l, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	points, err := Points(l, []string{"hass_mac"}, 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(points) < 120 {
		t.Errorf("%d points", len(points))
	}
	known, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	all := groupsOf(known)
	for _, p := range known {
		if !slices.ContainsFunc(all, func(g group) bool { return g.of(p.Module) }) {
			t.Errorf("%s is in no group", p.Key())
		}
	}
	seen := map[string]bool{}
	last := false
	for _, p := range points {
		if seen[p.Key()] {
			t.Errorf("%s comes twice", p.Key())
		}
		seen[p.Key()] = true
		parts, err := l.Closure(p.ModuleName())
		if err != nil {
			t.Fatal(err)
		}
		if has := slices.Contains(parts, "hass_mac"); last && !has {
			t.Errorf("%s comes behind what was to come last", p.Key())
		} else {
			last = has
		}
	}
}

// TestFit: the file of coefficients is the fit of the data.
func TestFit(t *testing.T) {
	testenv.Long(t)
	r := fitCommitted(t)
	if r.Unknown*5 > r.File.Points {
		t.Errorf("%d lines of the data are of no point of the sweep, %d of one: run make pnr", r.Unknown, r.File.Points)
	}
	text, err := Text(r.File)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != calibration.Delays {
		t.Errorf("xc7z010-1.toml is not the fit of xc7z010-1.csv; make fit-clock writes\n%s", text)
	}
}

// TestSimpleFit: delays that follow the model are fitted, and the path that is the slowest is found.
func TestSimpleFit(t *testing.T) {
	var list []Sample
	for depth := 2; depth < 40; depth++ {
		for _, wide := range []int{4, 16, 64, 200} {
			p := fit.Point{Module: hw.FIFOParams{Width: wide, Depth: depth}}
			s := Sample{Point: p, Seeds: 1}
			var err error
			if s.paths, err = delay.PathsOf(p.Module); err != nil {
				t.Fatal(err)
			}
			for _, path := range s.paths.List[:s.paths.N] {
				s.NS = max(s.NS, 1.7*path[0]+0.9*path[1]+0.3*path[4])
			}
			list = append(list, s)
		}
	}
	c := FitSamples(list, -1)
	for i := range list {
		if ns, _ := c.Slowest(&list[i].paths); ns > list[i].NS*1.1 || ns < list[i].NS*0.9 {
			t.Errorf("%s: %.2f ns, want %.2f", list[i].Key(), ns, list[i].NS)
		}
	}
}

// TestSweep runs the whole way with the user's program, if HASS_NEXTPNR and HASS_CHIPDB name it.
func TestSweep(t *testing.T) {
	testenv.Tools(t, "yosys", "yosys")
	tools := Tools{Nextpnr: os.Getenv("HASS_NEXTPNR"), ChipDB: os.Getenv("HASS_CHIPDB"), Dir: t.TempDir()}
	if tools.Check() != nil {
		t.Skip("skipped: set HASS_NEXTPNR and HASS_CHIPDB to a nextpnr-himbaechel and its database of xc7z010")
	}
	l, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	points := []fit.Point{{Module: hw.FIFOParams{Width: 8, Depth: 4}}, {Module: hw.ConvertParams{Bits: 4, Pixels: 1, From: 1, To: 2}}}
	all, err := PointJobs(l, points)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "data.csv")
	for i, limit := range []time.Duration{time.Millisecond, 8 * time.Minute} {
		have, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		// What failed is not tried again.
		jobs := ToDo(all[:i+1], 1, have)
		if len(jobs) != 1 || jobs[0].Module != points[i].ModuleName() {
			t.Fatalf("%d jobs", len(jobs))
		}
		if err := Sweep(context.Background(), &tools, file, jobs, limit, func(s string) { t.Log(s) }); err != nil {
			t.Fatal(err)
		}
	}
	have, err := Load(file)
	if err != nil || len(have.Lines) != 2 || have.Lines[0].Failed == "" || have.Lines[1].MHz < 100 || have.Lines[1].LUT == 0 {
		t.Errorf("%+v, %v", have, err)
	}
}

// TestNetworks: the whole networks fit the part, and their tops are the same each time.
func TestNetworks(t *testing.T) {
	testenv.Long(t)
	l, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	list, err := Networks()
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := networkJobs(l, list)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NetworkJobs(l)
	if err != nil {
		t.Fatal(err)
	}
	hash := map[string]string{} // by name: these come the smallest first
	for i := range again {
		hash[again[i].Params] = again[i].Hash
	}
	seen := map[string]bool{}
	for i := range list {
		u := list[i].Used()
		t.Logf("%s: %d instances, %+v", list[i].Name, len(list[i].HW.Instances()), u)
		if u.LUT > maxLUTs*4/3 || u.DSP > 80 || u.BRAM18 > 120 {
			t.Errorf("%s does not fit the part: %+v", list[i].Name, u)
		}
		if jobs[i].Hash != hash[list[i].Name] {
			t.Errorf("%s is not the same each time", list[i].Name)
		}
		if seen[list[i].Name] {
			t.Errorf("%s comes twice", list[i].Name)
		}
		seen[list[i].Name] = true
	}
}
