package masks

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
)

// network has two convolutions, one behind a threshold.
func network(t *testing.T) *graph.Graph {
	t.Helper()
	shape := graph.Shape{1, 2, 3, 3}
	conv := graph.Conv{Window: graph.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, Groups: 1}
	g := &graph.Graph{Name: "test", Inputs: []graph.Value{{Name: "x", Type: graph.Float, Shape: shape}}, Outputs: []string{"z"},
		Shapes: map[string]graph.Shape{"x": shape, "t": shape, "y": shape, "z": shape},
		Consts: map[string]*graph.Tensor{
			"w": {Type: graph.Float, Shape: graph.Shape{2, 2, 1, 1}, F: []float32{0, 1, 2, 0}},
			"v": {Type: graph.Float, Shape: graph.Shape{2, 2, 1, 1}, F: []float32{1, 1, 0, 1}},
		},
		Nodes: []*graph.Node{
			{Name: "/a/Conv", Op: conv, Inputs: []string{"x", "w"}, Outputs: []string{"y"}},
			{Name: "tau", Op: graph.Activation{Fn: graph.ActThreshold, Alpha: 0.1}, Inputs: []string{"y"}, Outputs: []string{"t"}},
			{Name: "b", Op: conv, Inputs: []string{"t", "v"}, Outputs: []string{"z"}},
		}}
	if err := graph.Verify(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMasks(t *testing.T) {
	g := network(t)
	list := Of(g)
	var b, again bytes.Buffer
	for _, to := range []*bytes.Buffer{&b, &again} {
		if err := Write(to, list); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the same masks give other bytes")
	}
	path := filepath.Join(t.TempDir(), "masks.npz")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	read, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(list, read); d != "" {
		t.Fatalf("(-written +read)\n%s", d)
	}
	if d := cmp.Diff(&Result{Layers: 2, Zeros: 3, Thresholds: 1}, Check(read, g)); d != "" {
		t.Errorf("unchanged (-want +got)\n%s", d)
	}
	for _, c := range []struct {
		what   string
		change func(*graph.Graph)
		want   string
	}{
		{"a zero that was refilled", func(g *graph.Graph) { g.Consts["w"].F[0] = 1e-9 }, `layer "/a/Conv": 1 of 2 masked weights are not 0`},
		{"another threshold", func(g *graph.Graph) { g.Nodes[1].Op = graph.Activation{Fn: graph.ActThreshold, Alpha: 0.2} }, "is 0.2, not 0.1"},
		{"no threshold", func(g *graph.Graph) { g.Nodes[2].Inputs[0] = "y" }, "is 0, not 0.1"},
		{"another name", func(g *graph.Graph) { g.Nodes[2].Name = "c" }, `layer "b": the model has no such convolution`},
		{"another shape", func(g *graph.Graph) { g.Consts["v"].Shape = graph.Shape{2, 2, 1, 1, 1} }, "its mask is [2 2 1 1]"},
	} {
		g := network(t)
		c.change(g)
		if r := Check(read, g); len(r.Broken) != 1 || !strings.Contains(r.Broken[0], c.want) {
			t.Errorf("%s: %q", c.what, r.Broken)
		}
	}
	g.Consts["w"].F[1] = 0
	if r := Check(read, g); r.More != 1 || r.Broken != nil {
		t.Errorf("one more zero: %+v", r)
	}
}

// TestDamage: files that are no masks are errors, never panics.
func TestDamage(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Of(network(t))); err != nil {
		t.Fatal(err)
	}
	for i := range b.Len() {
		cut := bytes.NewReader(b.Bytes()[:i])
		if _, err := read(cut, int64(i)); err == nil {
			t.Fatalf("the first %d of %d bytes were taken", i, b.Len())
		}
		flip := slices.Clone(b.Bytes())
		flip[i] ^= 0x41
		_, _ = read(bytes.NewReader(flip), int64(len(flip)))
	}
	var other bytes.Buffer
	z := zip.NewWriter(&other)
	if _, err := z.Create("notes.txt"); err != nil {
		t.Fatal(err)
	}
	z.Close()
	if _, err := read(bytes.NewReader(other.Bytes()), int64(other.Len())); err == nil || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("an archive of texts: %v", err)
	}
	var twice bytes.Buffer
	list := Of(network(t))
	if err := Write(&twice, append(list, list[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := read(bytes.NewReader(twice.Bytes()), int64(twice.Len())); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("two masks of a layer: %v", err)
	}
}
