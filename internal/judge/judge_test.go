package judge

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/npy"
)

// parse is a graph over x [1,3,2,2] with the given nodes and outputs.
func parse(t *testing.T, outputs []string, nodes ...string) *graph.Graph {
	t.Helper()
	var b strings.Builder
	b.WriteString("graph \"test\" {\n  input \"x\" f32 [1,3,2,2]\n")
	for _, n := range nodes {
		fmt.Fprintf(&b, "  %s\n", n)
	}
	for _, o := range outputs {
		fmt.Fprintf(&b, "  output %q\n", o)
	}
	b.WriteString("}\n")
	g, err := graph.Parse(b.String())
	if err == nil {
		err = graph.Verify(g)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return g
}

// Nodes of the tests: a map, a vector of three and one of twelve, and their ends.
const (
	relu       = `relu "relu" ("x") -> ("map" [1,3,2,2])`
	pooled     = `globalavg "gap" ("x") -> ("pooled" [1,3,1,1])`
	three      = `reshape "flat" ("pooled") -> ("three" [1,3]) to=[1,3]`
	twelve     = `reshape "flat12" ("x") -> ("twelve" [1,12]) to=[1,12]`
	soft       = `softmax "soft" ("three") -> ("soft" [1,3]) axis=1`
	across     = `softmax "across" ("three") -> ("across" [1,3]) axis=0`
	top        = `argmax "top" ("soft") -> ("top" [1,1]) axis=1`
	top0       = `reshape "top0" ("top") -> ("top0" [1]) to=[1]`
	acrossTop  = `argmax "acrosstop" ("across") -> ("acrosstop" [1,1]) axis=1`
	mapSoft    = `softmax "mapsoft" ("map") -> ("mapsoft" [1,3,2,2]) axis=1`
	mapTop     = `argmax "maptop" ("map") -> ("maptop1" [1,1,2,2]) axis=1`
	mapTopFlat = `reshape "maptop2" ("maptop1") -> ("maptop" [1,2,2]) to=[1,2,2]`
	oneValue   = `slice "one" ("pooled") -> ("one" [1,1,1,1]) start=[0,0,0,0] step=[1,1,1,1] to=[1,1,1,1]`
)

func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		output string
		nodes  []string
		want   Output
	}{
		{"map", []string{relu}, Output{Kind: Plain}},
		{"pooled", []string{pooled}, Output{Kind: ClassVector, Classes: 3}},
		{"three", []string{pooled, three}, Output{Kind: ClassVector, Classes: 3, scores: "pooled"}},
		{"twelve", []string{twelve}, Output{Kind: ClassVector, Classes: 12}},
		{"soft", []string{pooled, three, soft}, Output{Kind: ClassVector, Classes: 3, scores: "pooled"}},
		{"top0", []string{pooled, three, soft, top, top0}, Output{Kind: ClassVector, Classes: 3, scores: "pooled"}},
		{"across", []string{pooled, three, across}, Output{Kind: ClassVector, Classes: 3}}, // all ones: another order
		{"acrosstop", []string{pooled, three, across, acrossTop}, Output{Kind: ClassNumbers}},
		{"mapsoft", []string{relu, mapSoft}, Output{Kind: Plain}},
		{"maptop", []string{relu, mapTop, mapTopFlat}, Output{Kind: ClassNumbers}},
		{"one", []string{pooled, oneValue}, Output{Kind: Plain}}, // one class is none
	} {
		g := parse(t, []string{c.output}, c.nodes...)
		got, err := Outputs(g)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Name, c.want.Shape = c.output, g.Shapes[c.output]
		if d := cmp.Diff([]Output{c.want}, got, cmp.AllowUnexported(Output{})); d != "" {
			t.Errorf("%s: %s", c.output, d)
		}
	}
}

// set is a data set of n images with labels (nil for none) and further lines of TOML.
func set(t *testing.T, n int, labels *npy.Array, more string) *dataset.Set {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, a *npy.Array) {
		var b bytes.Buffer
		if err := npy.Write(&b, a); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("images.npy", &npy.Array{DType: "uint8", Shape: []int{n, 2, 2, 3}, U8: make([]uint8, 12*n)})
	text := "images = \"images.npy\"\n"
	if labels != nil {
		write("labels.npy", labels)
		text += "labels = \"labels.npy\"\n"
	}
	text += more + "\n[input]\ndivisor = 255.0\nmean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n"
	path := filepath.Join(dir, "set.toml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("a\nb\nc\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := dataset.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ints(shape []int, v ...int32) *npy.Array {
	return &npy.Array{DType: "int32", Shape: shape, I32: v}
}

func floats(shape ...int) *npy.Array {
	a := &npy.Array{DType: "float32", Shape: shape}
	a.F32 = make([]float32, a.Len())
	return a
}

func TestPlan(t *testing.T) {
	all := []string{relu, mapTop, mapTopFlat, pooled, three, twelve, oneValue}
	class := ints([]int{2}, 2, 0)
	for _, c := range []struct {
		name    string
		outputs []string
		labels  *npy.Array
		more    string
		measure Measure
		judged  string
		why     string // part of Why, or of the error where measure is "error!"
	}{
		{"one vector", []string{"three"}, class, "", Top1, "three", `output "three"`},
		{"the only vector", []string{"map", "three"}, class, "", Top1, "three", `the only one of 2 outputs that is one vector of class scores per image`},
		{"the first of two", []string{"map", "three", "twelve"}, class, "", Top1, "three", `the first of 2 class vectors that have the labels' classes; the data set's key "output" can name another`},
		{"the one with the class", []string{"three", "twelve"}, ints([]int{2}, 2, 11), "", Top1, "twelve", "the only one of 2 class vectors that has a class 11"},
		{"class names decide", []string{"twelve", "three"}, class, `classes = "classes.txt"`, Top1, "three", "with as many classes as the data set names"},
		{"named", []string{"three", "twelve"}, class, `output = "twelve"`, Top1, "twelve", "which the data set names"},
		{"named wrongly", []string{"three"}, class, `output = "four"`, "error!", "", `key "output" names "four"; the model's outputs are "three"`},
		{"named, a map", []string{"three", "map"}, class, `output = "map"`, "error!", "", `key "output" names "map", but top-1 does not apply`},
		{"beyond", []string{"three", "map"}, ints([]int{2}, 0, 3), "", "error!", "", "image 1 has label 3, but the model has 3 classes"},
		{"a column of classes", []string{"three"}, ints([]int{2, 1}, 2, 0), "", Top1, "three", ""},
		{"a map", []string{"map"}, class, "", "", "", `top-1 does not apply: no output is one vector of class scores per image ("map" is [1 3 2 2]); what applies: the share of agreeing classes in "map" with integer labels (2, 2, 2), the error of "map" with labels (2, 3, 2, 2); and always, against the float network, signal to noise and agreement of every output (eval --profile)`},
		{"one number", []string{"one"}, class, "", "", "", `the error of "one" with labels (2, 1, 1, 1)`},
		{"class numbers", []string{"maptop"}, class, "", "", "", `the share of agreeing classes in "maptop" with integer labels (2, 2, 2);`},
		{"no labels", []string{"three", "map"}, nil, "", "", "", `no labels (key "labels"); what applies: top-1 of "three" with labels (2,), the share`},
		{"classes of a map", []string{"three", "map"}, ints([]int{2, 2, 2}, make([]int32, 8)...), "", Agreement, "map", "the first with the labels' shape"},
		{"classes of an ArgMax", []string{"maptop"}, ints([]int{2, 1, 2, 2}, make([]int32, 8)...), "", Agreement, "maptop", ""},
		{"values of a map", []string{"three", "map"}, floats(2, 3, 2, 2), "", Error, "map", ""},
		{"values of a vector", []string{"twelve", "three"}, floats(2, 3), "", Error, "three", ""},
		{"a value", []string{"one"}, floats(2, 1), "", Error, "one", ""},
		{"no such shape", []string{"three", "map"}, floats(2, 5), "", "error!", "", `set.toml: labels of shape [5] per image fit no output ("three" is [1 3], "map" is [1 3 2 2])`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := parse(t, c.outputs, all...)
			p, err := NewPlan(g, set(t, 2, c.labels, c.more))
			if c.measure == "error!" {
				if err == nil || !strings.Contains(err.Error(), c.why) {
					t.Fatalf("error %v, want one with %q", err, c.why)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Measure != c.measure || !strings.Contains(p.Why, c.why) {
				t.Errorf("measure %q, why %q; want %q, %q", p.Measure, p.Why, c.measure, c.why)
			}
			if c.measure != "" && p.Outputs[p.Judged].Name != c.judged {
				t.Errorf("judges %q, want %q", p.Outputs[p.Judged].Name, c.judged)
			}
		})
	}
}

// TestTopFive: of five classes every answer is among the first five.
func TestTopFive(t *testing.T) {
	for classes, want := range map[int]bool{2: false, 5: false, 6: true, 101: true} {
		p := &Plan{Measure: Top1, Outputs: []Output{{Kind: ClassVector, Classes: classes}}}
		if p.TopFive() != want {
			t.Errorf("%d classes: %v", classes, p.TopFive())
		}
	}
	if (&Plan{Measure: Agreement, Outputs: []Output{{Kind: Plain}}}).TopFive() {
		t.Error("a map has top-5")
	}
}

// TestScores judges outcomes whose figures are known.
func TestScores(t *testing.T) {
	add := func(p *Plan, s *dataset.Set, values ...[]float32) *Score {
		t.Helper()
		var score Score
		for i, v := range values {
			if err := p.Add(&score, s, i, &Outcome{Outputs: [][]float32{v}, Scores: [][]float32{v}}); err != nil {
				t.Fatal(err)
			}
		}
		return &score
	}
	plan := func(output string, s *dataset.Set, nodes ...string) *Plan {
		t.Helper()
		p, err := NewPlan(parse(t, []string{output}, nodes...), s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}

	s := set(t, 2, ints([]int{2}, 2, 0), "")
	if got := add(plan("three", s, pooled, three), s, []float32{1, 2, 3}, []float32{1, 2, 3}); got.Accuracy.Top1() != 0.5 || got.Images != 2 {
		t.Errorf("top-1 %+v", got)
	}
	// Classes 2, 0, 1, 1 of a map [1,3,2,2]; labels 2, 0, 0, 1.
	s = set(t, 1, ints([]int{1, 2, 2}, 2, 0, 0, 1), "")
	if got := add(plan("map", s, relu), s, []float32{0, 5, 1, 1, 1, 4, 2, 3, 2, 4, 0, 2}).Agreement(); got != 0.75 {
		t.Errorf("agreement %v, want 0.75", got)
	}
	s = set(t, 1, ints([]int{1, 2, 2}, 2, 0, 0, 1), "")
	if got := add(plan("maptop", s, relu, mapTop, mapTopFlat), s, []float32{2, 0, 1, 2}).Agreement(); got != 0.5 {
		t.Errorf("agreement of class numbers %v, want 0.5", got)
	}
	s = set(t, 1, floats(1, 3), "")
	got := add(plan("three", s, pooled, three), s, []float32{3, -4, 0})
	if math.Abs(got.MeanError()-7./3) > 1e-12 || math.Abs(got.RMSError()-5/math.Sqrt(3)) > 1e-12 {
		t.Errorf("errors %v and %v, want 7/3 and 5/sqrt(3)", got.MeanError(), got.RMSError())
	}
	// A class that the map does not have.
	s = set(t, 1, ints([]int{1, 2, 2}, 2, 3, 0, 1), "")
	var score Score
	p := plan("map", s, relu)
	if err := p.Add(&score, s, 0, &Outcome{Outputs: [][]float32{make([]float32, 12)}}); err == nil || !strings.Contains(err.Error(), `label 3 at element 1, but "map" has 3 classes`) {
		t.Errorf("error %v", err)
	}
}

// TestComparison compares outcomes whose figures are known.
func TestComparison(t *testing.T) {
	outs := []Output{
		{Name: "vector", Shape: graph.Shape{1, 3}, Kind: ClassVector, Classes: 3},
		{Name: "numbers", Shape: graph.Shape{1, 4}, Kind: ClassNumbers},
		{Name: "map", Shape: graph.Shape{1, 2}, Kind: Plain},
		{Name: "same", Shape: graph.Shape{1, 1}, Kind: Plain},
		{Name: "top", Shape: graph.Shape{1}, Kind: ClassVector, Classes: 2},
		{Name: "silent", Shape: graph.Shape{1, 1}, Kind: Plain},
	}
	c := NewComparison(outs)
	outcome := func(v ...[]float32) *Outcome {
		return &Outcome{Outputs: v, Scores: [][]float32{v[0], nil, nil, nil, {v[4][0], 0.5}, nil}}
	}
	for _, q := range [][]float32{{1, 2, 9}, {1, 5, 3}} {
		err := c.Add(outcome([]float32{1, 2, 3}, []float32{0, 1, 2, 3}, []float32{10, 0}, []float32{7}, []float32{1}, []float32{0}),
			outcome(q, []float32{0, 1, 2, 4}, []float32{10, 1}, []float32{7}, []float32{1}, []float32{3}))
		if err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for _, f := range c.Result() {
		lines = append(lines, f.String())
	}
	want := []string{
		`"vector" -2.06 dB agreement 50.00 %`, // 2*14 to 36 + 9
		`"numbers" agreement 75.00 %`,
		`"map" 20.00 dB`,
		`"same" equal`,
		`"top" agreement 100.00 %`,
		`"silent" 0 in float, root mean square 3 in integers`,
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if err := c.Add(outcome(nil, nil, nil, nil, []float32{1}, nil), outcome([]float32{1}, nil, nil, nil, []float32{1}, nil)); err == nil {
		t.Error("outputs of different sizes were compared")
	}
}
