package frontend

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/frontend/onnx"
	"hass/frontend/ops"
	"hass/internal/floatexec"
	"hass/internal/graph"
)

// TestConformance runs ONNX's own operator cases against shape inference and the
// float executor and holds the result against docs/conformance.md, which -update
// writes. The data are the Debian package libonnx-testdata; ONNX_TESTDATA names
// another folder.
func TestConformance(t *testing.T) {
	paths := conformModels(t)
	var tab conformance
	for _, p := range paths {
		c, err := readCase(p)
		if err != nil {
			tab.unread++
			continue
		}
		if !c.taken() {
			tab.foreign++
			continue
		}
		mode, err := c.run()
		c.mode, c.err = mode, err
		tab.cases = append(tab.cases, c)
		if testing.Verbose() && err != nil {
			t.Logf("%s: %v", c.name, err)
		}
	}
	passed := 0
	for _, c := range tab.cases {
		if c.err == nil {
			passed++
		}
	}
	t.Logf("%d of %d cases pass; %d use other operators", passed, len(tab.cases), tab.foreign)
	if passed < 330 {
		t.Errorf("%d cases pass, want at least 330", passed)
	}
	golden(t, filepath.Join("..", "docs", "conformance.md"), tab.text())
}

// conformModels are the models of ONNX's test data; the test is skipped without
// them.
func conformModels(t *testing.T) []string {
	dir := os.Getenv("ONNX_TESTDATA")
	if dir == "" {
		dir = "/usr/share/libonnx-testdata/data"
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("skipped: no ONNX test data in %s; run `make conformance`, which installs the package libonnx-testdata", dir)
	}
	slices.Sort(paths)
	return paths
}

// TestDamagedCases flips bytes in the models of the test data, with their inputs
// bound as constants or not: no pass may panic or leave a bad graph.
func TestDamagedCases(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range conformModels(t) {
		c, err := readCase(p)
		if err != nil || !c.taken() {
			continue
		}
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > 4000 {
			continue // mostly weights
		}
		for range 20 {
			b := slices.Clone(raw)
			for range 1 + rng.IntN(2) {
				b[rng.IntN(len(b))] = byte(rng.IntN([]int{6, 256}[rng.IntN(2)]))
			}
			m, err := onnx.Load(b, "")
			if err != nil {
				continue
			}
			for keep := range 3 { // inputs at run time
				bound := *m
				g := *m.Graph
				g.Initializers = slices.Clone(g.Initializers)
				for i, v := range g.Inputs {
					if i >= keep && i < len(c.ins) {
						init := *c.ins[i]
						init.Name = v.Name
						g.Initializers = append(g.Initializers, &init)
					}
				}
				bound.Graph = &g
				if _, err := compile(&bound, c.name, options{keepBatch: keep == 1, constants: true}); err != nil && strings.Contains(err.Error(), "internal error") {
					t.Error(err)
				}
			}
		}
	}
}

// conformCase is one test case: a model, its inputs, and the results of ONNX's reference
// implementation.
type conformCase struct {
	name, model string
	m           *onnx.Model
	ins, outs   []*onnx.Tensor
	mode        string
	err         error
	executed    func(g *graph.Graph) // told of every graph that ran
}

func readCase(path string) (*conformCase, error) {
	dir := filepath.Dir(path)
	c := &conformCase{name: filepath.Base(filepath.Dir(dir)) + "/" + strings.TrimPrefix(filepath.Base(dir), "test_"), model: path}
	var err error
	if c.m, err = onnx.Open(path); err != nil {
		return nil, err
	}
	// Old files repeat initializers as inputs; they have no data.
	c.m.Graph.Inputs = slices.DeleteFunc(c.m.Graph.Inputs, func(v *onnx.Value) bool {
		return slices.ContainsFunc(c.m.Graph.Initializers, func(t *onnx.Tensor) bool { return t.Name == v.Name })
	})
	for i := range c.m.Graph.Inputs {
		if c.ins, err = appendTensor(c.ins, dir, "input", i); err != nil {
			return nil, err
		}
	}
	for i := range c.m.Graph.Outputs {
		if c.outs, err = appendTensor(c.outs, dir, "output", i); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// appendTensor reads input_i.pb or output_i.pb; a sequence or map there is an
// error.
func appendTensor(to []*onnx.Tensor, dir, kind string, i int) ([]*onnx.Tensor, error) {
	data, err := os.ReadFile(filepath.Join(dir, "test_data_set_0", fmt.Sprintf("%s_%d.pb", kind, i)))
	if err != nil {
		return nil, err
	}
	t, err := onnx.DecodeTensor(data)
	if err != nil {
		return nil, err
	}
	return append(to, t), nil
}

// taken reports whether the case uses only operators that the importer takes.
func (c *conformCase) taken() bool {
	return !slices.ContainsFunc(c.m.Graph.Nodes, func(n *onnx.Node) bool {
		return n.Domain != "" || !ops.Lowered(n.Op) && !ops.OnlyConstant(n.Op)
	})
}

// operators are the operators of the case.
func (c *conformCase) operators() string {
	set := map[string]bool{}
	for _, n := range c.m.Graph.Nodes {
		set[n.Op] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

// The ways to run a case. The data give weights, axes and bounds as inputs of
// the model; in a network they are constants, and the importer wants them so.
const (
	asData     = "all floats at run time"
	asWeights  = "first input at run time"
	asImages   = "first input at run time, image by image"
	asConstant = "constants, evaluated on import"
)

// run tries several ways, in the order of how much is computed at run time. It gives the first
// one that passes, or the last error of one that ran.
func (c *conformCase) run() (mode string, err error) {
	float := func(i int) bool { return c.ins[i].Type.IsFloat() }
	anyFloat := slices.ContainsFunc(c.ins, func(t *onnx.Tensor) bool { return t.Type.IsFloat() })
	overConstants := slices.ContainsFunc(c.m.Graph.Nodes, func(n *onnx.Node) bool { return ops.OnlyConstant(n.Op) && n.Op != "Constant" })
	var errs []error
	if anyFloat {
		for _, way := range []struct {
			mode   string
			keep   func(i int) bool // at run time
			single bool
		}{
			{asData, float, false},
			{asWeights, func(i int) bool { return i == 0 && float(i) }, false},
			{asImages, func(i int) bool { return i == 0 && float(i) }, true},
		} {
			err := c.attempt(way.keep, way.single)
			if err == nil {
				return way.mode, nil
			}
			errs = append(errs, err)
		}
	}
	if !anyFloat || overConstants {
		err := c.attempt(func(int) bool { return false }, false)
		if err == nil {
			return asConstant, nil
		}
		errs = append(errs, err)
	}
	// A wrong result says more than a refusal.
	for _, err := range slices.Backward(errs) {
		var w wrong
		if errors.As(err, &w) {
			return "", err
		}
	}
	return "", errs[len(errs)-1]
}

// wrong is a result that differs.
type wrong struct{ what string }

func (w wrong) Error() string { return w.what }

// attempt runs the case with the inputs that keep names at run time and the
// others as initializers; image by image if single.
func (c *conformCase) attempt(keep func(i int) bool, single bool) error {
	m := *c.m
	g := *m.Graph
	g.Initializers = slices.Clone(g.Initializers)
	var data []*graph.Tensor
	for i, v := range g.Inputs {
		if keep(i) {
			f, err := c.ins[i].Floats() // infinities are good data, though no good weights
			if err != nil {
				return err
			}
			t := &graph.Tensor{Type: graph.Float, F: f}
			for _, d := range c.ins[i].Dims {
				t.Shape = append(t.Shape, int(d))
			}
			data = append(data, t)
			continue
		}
		t := *c.ins[i]
		t.Name = v.Name
		g.Initializers = append(g.Initializers, &t)
	}
	m.Graph = &g
	comp, err := compile(&m, "case", options{keepBatch: !single, constants: true})
	if err != nil {
		return err
	}
	if items := comp.unsupported(); len(items) > 0 {
		return errors.New(items[0].Op + ": " + items[0].Reason)
	}
	// The float executor has no integer constants, so values that are already computed
	// are taken from the graph.
	var results []*graph.Tensor
	net := *comp.g
	net.Outputs = slices.DeleteFunc(slices.Clone(net.Outputs), func(v string) bool { return net.Consts[v] != nil })
	made := map[string]*graph.Tensor{}
	if len(net.Outputs) > 0 {
		if made, err = execute(&net, data, single); err != nil {
			return err
		}
		if c.executed != nil {
			c.executed(&net)
		}
	}
	for _, v := range comp.g.Outputs {
		if t := comp.g.Consts[v]; t != nil {
			results = append(results, t)
		} else {
			results = append(results, made[v])
		}
	}
	for i, want := range c.outs {
		if err := same(results[i], want); err != nil {
			return wrong{fmt.Sprintf("output %d: %v", i, err)}
		}
	}
	return nil
}

// execute runs a graph, image by image if single.
func execute(g *graph.Graph, data []*graph.Tensor, single bool) (map[string]*graph.Tensor, error) {
	e, err := floatexec.New(g)
	if err != nil {
		return nil, err
	}
	n := 1
	if single {
		if n = append(data[0].Shape, 1)[0]; n < 2 || g.Inputs[0].Shape[0] != 1 {
			return nil, errors.New("it has no batch")
		}
	}
	out := map[string]*graph.Tensor{}
	for i := range n {
		var in [][]float32
		for _, t := range data {
			k := len(t.F) / n
			in = append(in, t.F[i*k:(i+1)*k])
		}
		res, err := e.Run(in, nil)
		if err != nil {
			return nil, err
		}
		for j, name := range e.Outputs() {
			s := slices.Clone(e.OutputShape(j))
			if i == 0 {
				out[name] = &graph.Tensor{Type: graph.Float, Shape: s}
				if single {
					if len(s) == 0 || s[0] != 1 {
						return nil, fmt.Errorf("output %v has no batch", s)
					}
					out[name].Shape[0] = n
				}
			}
			out[name].F = append(out[name].F, res[j]...)
		}
	}
	return out, nil
}

// same compares with ONNX's own tolerance for the type: 1e-3 relative, 1e-7
// absolute; integers must be equal, also where the float executor made them.
func same(got *graph.Tensor, want *onnx.Tensor) error {
	if got == nil {
		return errors.New("was not computed")
	}
	s := make(graph.Shape, len(want.Dims))
	for i, d := range want.Dims {
		s[i] = int(d)
	}
	if !got.Shape.Equal(s) {
		return fmt.Errorf("shape %v, want %v", got.Shape, s)
	}
	at := func(i int) float64 {
		if got.Type == graph.Float {
			return float64(got.F[i])
		}
		return float64(got.I[i])
	}
	if want.Type.IsFloat() {
		f, err := want.Floats()
		if err != nil {
			return err
		}
		for i, w := range f {
			w, g := float64(w), at(i)
			if w == g || math.IsNaN(w) && math.IsNaN(g) {
				continue
			}
			if !(math.Abs(w-g) <= 1e-7+1e-3*math.Abs(w)) {
				return fmt.Errorf("element %d is %v, want %v", i, g, w)
			}
		}
		return nil
	}
	v, err := want.Ints()
	if err != nil {
		return err
	}
	for i, w := range v {
		if at(i) != float64(w) {
			return fmt.Errorf("element %d is %v, want %d", i, at(i), w)
		}
	}
	return nil
}

// conformance is the outcome over all cases.
type conformance struct {
	cases           []*conformCase
	foreign, unread int
}

// text is the document.
func (c *conformance) text() string {
	var b strings.Builder
	modes := map[string]int{}
	passed := 0
	for _, x := range c.cases {
		if x.err == nil {
			modes[x.mode]++
			passed++
		}
	}
	fmt.Fprintf(&b, "# Conformance to ONNX's operator tests\n\n")
	fmt.Fprintf(&b, "`make conformance` runs them and compares the result with this page; `-update` writes it. The cases are those of the Debian package\n"+
		"`libonnx-testdata` (ONNX 1.12, opsets up to 17). A case counts if all its operators are ones that the importer takes: the\n"+
		"operators of the table `operators` in `frontend/ops/table.go` that are lowered, and those that are evaluated over constants (shape arithmetic).\n"+
		"%d cases use other operators, %d more hold sequences, strings or other things that are no tensors of numbers.\n\n", c.foreign, c.unread)
	fmt.Fprintf(&b, "**%d of %d cases pass**: shapes equal, floats within ONNX's own tolerance (1e-3 relative, 1e-7 absolute), integers equal.\n"+
		"Operators that changed after opset 17 have cases of their own in `frontend/opset_test.go`.\n\n", passed, len(c.cases))
	b.WriteString("Opsets 6 and newer are read; of opset 6 the broadcasting attributes are translated.\n\n")
	fmt.Fprintf(&b, "The cases feed weights, axes and bounds as inputs. In a network they are constants, so each case runs in the first of these\n"+
		"ways that passes; a batch is split into images, as the tool runs batches:\n\n| way | cases |\n|---|---|\n")
	for _, m := range []string{asData, asWeights, asImages, asConstant} {
		fmt.Fprintf(&b, "| %s | %d |\n", m, modes[m])
	}
	b.WriteString("\n## Cases that do not pass\n\n| case | operators | reason |\n|---|---|---|\n")
	for _, x := range c.cases {
		if x.err != nil {
			reason := strings.NewReplacer("|", "\\|", "\n", " ").Replace(strings.TrimPrefix(x.err.Error(), "case: "))
			fmt.Fprintf(&b, "| %s | %s | %s |\n", x.name, x.operators(), reason)
		}
	}
	return b.String()
}
