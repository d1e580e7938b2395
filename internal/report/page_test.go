package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/internal/artifact"
	"hass/internal/critical"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/test/hwtest"
	"hass/internal/waterfall"
)

var update = flag.Bool("update", false, "rewrite testdata")

// tiny is a run of a network of two convolutions with a sum around one of them. names replace the names of the layers.
// Figures that do not follow from the network are made up.
func tiny(t *testing.T, model string, names ...string) *Run {
	t.Helper()
	f := fixed.Format{Bits: 8, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 4, 4, 2, f)
	conv := hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 2, Out: f, WeightBits: 4, Density: 1}
	b.Conv(b.Last(), conv)
	skip := b.Last()
	b.Conv(skip, conv)
	b.Add(b.Last(), skip, f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		net.Layers[i].Name = name
	}
	d := &design.Design{
		Header: artifact.NewHeader(design.Schema, design.Version, map[string]string{"model": strings.Repeat("0", 64), "profile": strings.Repeat("1", 64)}),
		Model:  model, Bits: "8", Platform: "Board", Part: "part", Net: net, Layers: hwtest.PlainHW(net), Target: limits.Both, EngineRule: design.EngineAuto,
		Clock:  design.Clock{MHz: 180, Kind: design.ClockScaled, Low: 104, High: 200, Limit: 200, Slowest: "a_engine0", ModuleMHz: 287, Derate: 0.629, Loop: "a_window", LoopNs: 3.43},
		Device: design.Resources{DSP: 220, LUT: 53200, FF: 106400, BRAM18: 280, LUTRAM: 17400}, Budget: design.Resources{DSP: 220, LUT: 42560, FF: 85120, BRAM18: 280, LUTRAM: 13920},
		Total: design.Resources{DSP: 12, LUT: 43210, FF: 2345, BRAM18: 1, LUTRAM: 67}, Calibrated: true, Fits: true,
		CostModel: design.CostModel{Tool: "Yosys 0.23", Date: "2026-11-29", Points: 941, LUTError: 0.0477, FFError: 0.0049},
		Predicted: design.Prediction{CyclesPerImage: 64.25, CyclesCI: 1.5, LatencyCycles: 99.5, ImagesPerSecond: 2801556.4, Bottleneck: net.Layers[1].ID, BindingResource: "LUT", Bound: 2801556.4},
		Explain:   []string{"bottleneck: " + net.Layers[1].ID, "a sentence"},
		Dense: &design.Dense{Engines: "packed", Fits: true, CyclesPerImage: 128, ImagesPerSecond: 1562500, MHz: 200, RateRatio: 1.79299610,
			Resources: design.Resources{DSP: 14, LUT: 32100, FF: 3456, BRAM18: 2}},
	}
	for i, l := range net.Layers {
		d.Costs = append(d.Costs, design.LayerCost{Layer: l.ID, Resources: design.Resources{DSP: 4 * i, LUT: 1000 + i, FF: 700}, Cycles: 32 * float64(i+1), CyclesCI: 1.5 * float64(i), LUTError: 0.07, FFError: 0.02})
	}
	d.Costs = append(d.Costs, design.LayerCost{Layer: "fifos", Resources: design.Resources{LUT: 40000}}, design.LayerCost{Layer: "io"})
	n, err := hw.Expand(net, d.Layers, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range n.Streams {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: s.Name, Depth: s.Depth, Width: s.Width()})
	}
	d.FIFOs[len(d.FIFOs)-1].Minimum = 3
	r := &Run{}
	for _, file := range []string{"design.json", "profile.json", "simulation.json", "summary.json"} {
		s := Source{File: file, SHA256: artifact.HashBytes([]byte(file)), Schema: "hass." + strings.TrimSuffix(file, ".json"), Version: 1, Tool: artifact.Tool, Inputs: d.Inputs}
		r.Sources = append(r.Sources, s)
	}
	r.AddDesign(d, n)
	cycles := 65.5
	r.Simulation = &Simulation{Images: 8, CyclesPerImage: &cycles, LatencyCycles: 120, FillCycles: 40, Bottleneck: net.Layers[1].ID}
	r.Simulation.Critical = &critical.Cycle{Images: 8, Cycles: 500, Processes: []critical.Process{{Name: net.Layers[1].ID + "_engine0", Layer: net.Layers[1].ID, Cycles: 450}, {Name: net.Layers[2].ID + "_add", Layer: net.Layers[2].ID, Cycles: 20}},
		Streams: []critical.Stream{{Name: r.Edges[2].FIFO, Times: 5, Cycles: 20}, {Name: r.Edges[2].FIFO, Full: true, Times: 10, Cycles: 10}}}
	for i, l := range r.Layers {
		l.Time = &Time{Process: l.ID + "_engine0", Busy: 30 * float64(i+1) / 1.5, Starved: 1.25, Blocked: 2.5, Drift: 0.75, Waits: []Wait{{r.FIFOs[0].Name, i == 0, 1.25}}}
		if l.Kind == string(intnet.KindConv) {
			l.Skip = &Skip{MACs: 64, Pairs: 30, Dense: 32, Ideal: 15, Cycles: 20}
			l.Zeros = &Zeros{MACs: 64, Weights: 0.25, Activations: 0.5, Pairs: 0.53125}
		}
		db := 40.25 + float64(i)
		l.SNR = &SNR{&db}
	}
	for i := range r.FIFOs {
		most := min(i, r.FIFOs[i].Depth)
		r.FIFOs[i].Most = &most
	}
	r.Modules, r.ModuleCount = []Module{{"a_engine0", "hass_engine", 180.52, 3}, {"b_join", "hass_join", 190, 1}}, 9
	r.Fidelity = &Fidelity{Images: 8, Losses: 1, Worst: []string{"Add \"x\": half of its range is lost"}}
	top, agreement, divergence := 0.9075, 1.0, 8.654e-8
	r.Summary = &Summary{CyclesPerImage: 65.5, ImagesPerSecond: 2748091.6, LatencyCycles: 111, LatencyMicroseconds: 0.6166666666666667,
		Accuracy: &Accuracy{Set: "test", Images: 800, Measure: judge.Top1, Why: "output", Float: &top, Integer: &top,
			Outputs: []judge.Fidelity{{Name: "output", Kind: judge.ClassVector, Shape: []int{1, 10}, SNR: r.Layers[0].SNR.DB, Agreement: &agreement, Divergence: &divergence}}},
		Checks:     []Check{{"C++ (g++)", 8, 0}, {"RTL (Verilator)", 0, 0}, {"simulator", 8, 0}},
		Difference: &Accounting{Layer: net.Layers[1].ID, Process: net.Layers[1].ID + "_engine0", Predicted: 64.25, Simulated: 65.5, Difference: 1.25, Model: -0.25, BusyError: 1.5}}
	return r
}

// html is the page of runs.
func html(t *testing.T, runs ...*Run) []byte {
	t.Helper()
	d, err := New(runs...)
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.HTML()
	if err != nil {
		t.Fatal(err)
	}
	check(t, page)
	return page
}

const dataStart = `<script type="application/json" id="hass-data">`

// dataOf is the JSON in a page.
func dataOf(t *testing.T, page []byte) []byte {
	t.Helper()
	_, rest, ok := bytes.Cut(page, []byte(dataStart))
	data, _, end := bytes.Cut(rest, []byte("</script>"))
	if !ok || !end {
		t.Fatal("the page has no data")
	}
	return data
}

// check holds for every page: it is well formed, small, asks for nothing, its IDs are unique and its links lead to them, it has no
// figure that is no number, and every figure that it shows is in its data.
func check(t *testing.T, page []byte) {
	t.Helper()
	if len(page) > MaxBytes {
		t.Errorf("%d bytes", len(page))
	}
	data := dataOf(t, page)
	known := map[string]bool{}
	numbers(t, data, known)

	// What is left without the texts of style, script and data is XML.
	text := regexp.MustCompile(`(?s)(<style>|<script[^>]*>).*?(</style>|</script>)`).ReplaceAll(page, []byte("$1$2"))
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false // of void elements alone
	dec.AutoClose = []string{"meta", "link", "wbr"}
	dec.Entity = xml.HTMLEntity
	ids, links := map[string]bool{}, map[string]bool{}
	elements := map[string]int{}
	depth := 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
		switch e := tok.(type) {
		case xml.EndElement:
			depth--
		case xml.CharData:
			if s := string(e); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") || strings.Contains(s, "%!") {
				t.Errorf("the page says %q", s)
			}
		case xml.StartElement:
			depth++
			elements[e.Name.Local]++
			for _, a := range e.Attr {
				name, v := a.Name.Local, a.Value
				switch {
				case name == "id":
					if ids[v] {
						t.Errorf("the ID %s is there twice", v)
					}
					ids[v] = true
				case name == "href" && strings.HasPrefix(v, "#"):
					links[v[1:]] = true
				case name == "href" && v == "data:,":
				case name == "href" || name == "src" || strings.HasPrefix(name, "on"):
					t.Errorf("<%s %s=%q>", e.Name.Local, name, v)
				case name == "data-v" || name == "value":
					if !known[v] {
						t.Errorf("the page shows %s, which is not in its data", v)
					}
				case name == "style":
					t.Errorf("a style attribute, which the policy forbids: %q", v)
				}
			}
		}
	}
	if depth != 0 {
		t.Errorf("%d elements are open at the end", depth)
	}
	for l := range links {
		if !ids[l] {
			t.Errorf("a link leads to %q, which is not there", l)
		}
	}
	if elements["script"] != 2 || elements["style"] != 1 || elements["img"] != 0 || elements["iframe"] != 0 {
		t.Errorf("elements: %v", elements)
	}
	for _, bad := range []string{"url(", "@import", "fetch(", "XMLHttpRequest"} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

// numbers adds every number of a JSON value to a set, as exact prints it.
func numbers(t *testing.T, data []byte, known map[string]bool) {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("the page's data: %v", err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case float64:
			known[exact(v)] = true
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
}

// TestPage compares the page of a tiny run with testdata, and makes it twice.
func TestPage(t *testing.T) {
	page := html(t, tiny(t, "model.onnx"))
	if !bytes.Equal(page, html(t, tiny(t, "model.onnx"))) {
		t.Error("the same run gives another page")
	}
	golden(t, "tiny.html", page)
}

// TestAsked: a design of a given rate says the rate and claims no bound.
func TestAsked(t *testing.T) {
	r := tiny(t, "model.onnx")
	if page := html(t, r); !bytes.Contains(page, []byte("bound in images/s")) {
		t.Error("the fastest design has no bound")
	}
	r.Asked = &design.Asked{ImagesPerSecond: 2500000, Least: "even"}
	page := html(t, r)
	if bytes.Contains(page, []byte("By region")) {
		t.Error("a device without regions has them")
	}
	if !bytes.Contains(page, []byte("Asked for: 2500000 images/s, in the least hardware (even).")) || bytes.Contains(page, []byte("bound in images/s")) {
		t.Error("the page does not say the rate that was asked for, or claims a bound")
	}
}

// TestCompare compares the page of two runs with testdata.
func TestCompare(t *testing.T) {
	a, b := tiny(t, "model.onnx"), tiny(t, "pruned.onnx")
	a.Label, b.Label = "A: before", "B: after"
	b.Summary.CyclesPerImage, b.Layers[1].Time.Busy, b.Layers[1].Cost.LUT = 33, 20, 900
	b.Layers = append(b.Layers, &Layer{ID: "new", Kind: "add", Cost: &Cost{}})
	page := html(t, a, b)
	golden(t, "compare.html", page)
	var d Data
	if err := json.Unmarshal(dataOf(t, page), &d); err != nil {
		t.Fatal(err)
	}
	for _, x := range d.Differences {
		if x.Figure == "LUT" && x.Layer == a.Layers[1].ID {
			if x.A != 1001 || x.B != 900 || x.Change != -101 {
				t.Errorf("%+v", x)
			}
			return
		}
	}
	t.Error("the difference of a layer's LUTs is not in the data")
}

// golden compares a page with a file of testdata, except for the texts of style and script, which are separate files.
func golden(t *testing.T, name string, page []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	for _, s := range []string{styleText, scriptText, strings.ReplaceAll(hash(styleText), "+", "&#43;"), strings.ReplaceAll(hash(scriptText), "+", "&#43;")} {
		if !bytes.Contains(page, []byte(s)) {
			t.Errorf("the page lacks %.60q", s)
		}
		page = bytes.Replace(page, []byte(s), []byte("..."), 1)
	}
	if *update {
		if err := os.WriteFile(file, page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(page, want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(string(page), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s differs in line %d (run with -update to accept):\n%.300s\nnow\n%.300s", file, i+1, a[i], b[i])
		}
	}
	t.Fatalf("%s has %d lines, now %d (run with -update to accept)", file, len(a), len(b))
}

// TestEscaping: names of a model are text in the page and in its data, whatever they hold.
func TestEscaping(t *testing.T) {
	for _, name := range []string{
		`</script><img src=x onerror=alert(1)>`, `<!--<script>`, `]]></title></svg><script>alert(1)</script>`, `" onmouseover="alert(1)`, `' onfocus='alert(1)`,
		`{{.Data}}`, "a\u2028b\u2029c", "&lt;script&gt;", "\u202e\u0000x", `javascript:alert(1)`, strings.Repeat("<b>", 1000),
	} {
		r := tiny(t, name, name, name, name)
		r.Platform, r.Part, r.Explain = name, name, []string{name + ": " + name}
		r.Fidelity.Worst = []string{name}
		r.Summary.Accuracy.Outputs[0].Name, r.Summary.Accuracy.Why = name, name
		r.Summary.Checks[0].What = name
		r.Sources[0].Inputs = map[string]string{name: name}
		r.Sources[1].Tool, r.Sources[1].Schema = name, name
		r.Layers[0].ID, r.Layers[0].Time.Waits[0].FIFO, r.FIFOs[0].Name, r.FIFOs[0].From, r.Modules[0].Name = name, name, name, name, name
		r.Edges[0].FIFO = name
		for i := range r.Edges {
			if r.Edges[i].From == "conv1" {
				r.Edges[i].From = name
			}
		}
		page := html(t, r)
		var d Data
		if err := json.Unmarshal(dataOf(t, page), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.Runs[0].Layers[0].Name; got != short(name, maxName) {
			t.Errorf("the name %q is %q in the data", name, got)
		}
		r.Label = name
		html(t, r, tiny(t, name))
	}
}

// TestMissing: the page names missing artefacts and makes up no figure for them.
func TestMissing(t *testing.T) {
	none := func(r *Run) {
		for i := range r.Sources {
			r.Sources[i] = Source{File: r.Sources[i].File}
		}
	}
	for _, c := range []struct {
		what string
		cut  func(*Run)
		want []string
	}{
		{"design alone", func(r *Run) {
			none(r)
			r.Sources[0] = Source{File: "design.json", SHA256: "0"}
			r.Simulation, r.Summary, r.Fidelity, r.Modules = nil, nil, nil, nil
			for _, l := range r.Layers {
				l.Time, l.Skip, l.Zeros, l.SNR = nil, nil, nil, nil
			}
			for i := range r.FIFOs {
				r.FIFOs[i].Most = nil
			}
		}, []string{"summary.json was not given", "simulation.json was not given", "profile.json was not given", "by prediction", "There is no simulation", "not given"}},
		{"simulation alone", func(r *Run) {
			none(r)
			s := r.Simulation
			*r = Run{Sources: r.Sources, Simulation: s, Layers: []*Layer{{ID: "a", Time: &Time{Busy: 3}}}}
		}, []string{"run without a design", "design.json was not given", "the clock is not known"}},
		{"one image", func(r *Run) {
			none(r)
			*r = Run{Sources: r.Sources, Simulation: &Simulation{Images: 1, LatencyCycles: 9}, Layers: []*Layer{{ID: "a", Time: &Time{Busy: 3}}}}
		}, []string{"The only image that was simulated took 9 cycles"}},
		{"summary alone", func(r *Run) {
			none(r)
			*r = Run{Sources: r.Sources, Model: "m", Platform: "p", Summary: r.Summary, Clock: r.Clock, Prediction: &Prediction{CyclesPerImage: 64.25, Bottleneck: "b"}}
		}, []string{"design.json was not given"}},
		{"nothing", func(r *Run) { none(r); *r = Run{Sources: r.Sources} }, []string{"no comparison was given", "Rate: unknown"}},
	} {
		r := tiny(t, "model.onnx")
		c.cut(r)
		page := string(html(t, r))
		for _, w := range c.want {
			if !strings.Contains(strings.ToLower(page), strings.ToLower(w)) {
				t.Errorf("%s: the page does not say %q", c.what, w)
			}
		}
		html(t, r, tiny(t, "model.onnx"))
	}
}

// TestBad: faults are shown at the top.
func TestBad(t *testing.T) {
	r := tiny(t, "model.onnx")
	fits := false
	r.Fits, r.Shortfall = &fits, []string{"LUT: needs 2, budget 1, short by 1"}
	r.Summary.Checks[2].Mismatches = 3
	r.Live = &Live{Deadlock: "cycle of a and b"}
	page := string(html(t, r))
	for _, w := range []string{"differs from the integer network: simulator on 3 of 8 images", "does not fit the budget", "can deadlock", "short by 1", "cycle of a and b"} {
		if !strings.Contains(page, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
	if strings.Contains(page, "equal to the integer network") {
		t.Error("the page says that it is equal")
	}
}

// TestLarge: a page stays below its limit and tells which parts it omits; if that is not enough, it is refused.
func TestLarge(t *testing.T) {
	large := func(layers, fifos int) *Run {
		r := tiny(t, "model.onnx")
		l, f := *r.Layers[1], r.FIFOs[0]
		r.Layers, r.FIFOs, r.Edges = nil, nil, nil
		for i := range layers {
			x := l
			x.ID = fmt.Sprintf("layer_%d", i)
			r.Layers = append(r.Layers, &x)
			if i > 0 {
				r.Edges = append(r.Edges, Edge{From: fmt.Sprintf("layer_%d", i-1), To: x.ID, FIFO: x.ID, Bits: 64, Depth: 16})
			}
		}
		for i := range fifos {
			f.Name = fmt.Sprintf("a_rather_long_name_of_a_fifo_%d", i)
			r.FIFOs = append(r.FIFOs, f)
		}
		return r
	}
	if page := html(t, large(180, 1500)); bytes.Contains(page, []byte("Left out")) {
		t.Error("something of a network as large as ResNet-50 is left out")
	}
	page := string(html(t, large(600, 20000)))
	if !strings.Contains(page, "Left out to keep the page below 2 MB: the table of FIFOs shows") {
		t.Error("the page does not say what it leaves out")
	}
	html(t, large(1000, 10), large(1000, 10))
	if _, err := New(large(maxLayers+1, 1)); err == nil || !strings.Contains(err.Error(), "hass show") {
		t.Errorf("a network of too many layers: %v", err)
	}
	if _, err := New(); err == nil {
		t.Error("a page without runs")
	}
}

// frameOf is the frame of a run's layers, one after the other.
func frameOf(r *Run) *waterfall.Frame {
	f := &waterfall.Frame{Cycles: 100 * int64(len(r.Layers)), Step: 10}
	f.Step = max(10, (f.Cycles+waterfall.MostSteps-1)/waterfall.MostSteps)
	for i, l := range r.Layers {
		x := waterfall.Layer{ID: l.ID, What: l.Kind, FirstIn: 100 * int64(i), FirstOut: 100*int64(i) + 20, LastOut: 100*int64(i) + 99, Fill: 20, Busy: 70, Drain: 5,
			Process: l.ID + "_window", Waits: []waterfall.Wait{{Stream: "s", Cycles: 5}}}
		steps := x.LastOut/f.Step - x.FirstOut/f.Step + 1
		x.Starved, x.Blocked = make([]int64, steps), make([]int64, steps)
		x.Starved[0] = 5
		f.Layers = append(f.Layers, x)
	}
	return f
}

// TestFrame: a page has the picture of one image in time and its figures, with escaped names; where there are too many layers, or no
// clock is known, it has no picture, and says so.
func TestFrame(t *testing.T) {
	r := tiny(t, "m.onnx")
	r.Simulation.Frame = frameOf(r)
	r.Simulation.Frame.Layers[0].What = "<script>"
	if err := r.Simulation.Frame.Check(); err != nil {
		t.Fatal(err)
	}
	page := string(html(t, r))
	for _, want := range []string{"One image in time", `class="wf"`, "--wf-busy", "&lt;script&gt;", `"first_out":20`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if strings.Contains(page, "<script>:") || strings.Contains(page, ": <script>") {
		t.Error("a name is not escaped")
	}
	r.Clock = nil
	if page := string(html(t, r)); strings.Contains(page, `class="wf"`) {
		t.Error("a picture without a clock")
	}
	r = tiny(t, "m.onnx")
	f := frameOf(r)
	for len(f.Layers) <= waterfall.MostRows {
		f.Layers = append(f.Layers, f.Layers...)
	}
	r.Simulation.Frame = f
	if page := string(html(t, r)); strings.Contains(page, `class="wf"`) || strings.Contains(page, `"first_out"`) || !strings.Contains(page, "the picture of one image in time") {
		t.Error("a picture of too many layers")
	}
}

// TestGraph: the graph as a picture is well-formed XML without a link, with the marks of the graph in the page, the same every time; of
// two runs or of none there is no picture.
func TestGraph(t *testing.T) {
	picture := func(runs ...*Run) ([]byte, error) {
		t.Helper()
		d, err := New(runs...)
		if err != nil {
			t.Fatal(err)
		}
		return d.Graph()
	}
	one, err := picture(tiny(t, `<a href="x">.onnx`))
	if err != nil {
		t.Fatal(err)
	}
	again, err := picture(tiny(t, `<a href="x">.onnx`))
	if err != nil || !bytes.Equal(one, again) {
		t.Errorf("the second picture differs, %v", err)
	}
	var name struct{ XMLName xml.Name }
	if err := xml.Unmarshal(one, &name); err != nil || name.XMLName.Local != "svg" {
		t.Errorf("%v %v", name, err)
	}
	for _, want := range []string{"bottleneck, critical cycle", `class="edge critical"`, "prefers-color-scheme: dark", "&lt;a href", ">critical cycle</text>"} {
		if !bytes.Contains(one, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
	for _, bad := range []string{"<a ", "href=\"", "<script", "url("} {
		if bytes.Contains(one, []byte(bad)) {
			t.Errorf("the picture holds %q", bad)
		}
	}
	if _, err := picture(tiny(t, "a.onnx"), tiny(t, "b.onnx")); err == nil {
		t.Error("a picture of two runs")
	}
	if _, err := picture(&Run{}); err == nil {
		t.Error("a picture of nothing")
	}
}

// TestRegions: the page of a design that is assigned to regions says what lies in each, and where every layer lies.
func TestRegions(t *testing.T) {
	r := tiny(t, "model.onnx")
	r.Regions = []design.Region{{Name: "SLR0", Layers: 2, Budget: design.Resources{LUT: 4000}, Used: design.Resources{LUT: 3000}, Wires: 200, Cut: 50}, {Name: "SLR1", Layers: 1, Budget: design.Resources{LUT: 4000}, Used: design.Resources{LUT: 1000}}}
	for i, l := range r.Layers {
		l.Region = r.Regions[min(i/2, 1)].Name
	}
	page := html(t, r)
	for _, want := range []string{"By region", ">wires to the next region<", ">75.0\u202f%<", ">25.0\u202f%<", "<td>SLR1</td>", `<th scope="col">region</th>`} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
}
