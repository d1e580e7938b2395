package repair

import (
	"math"
	"strings"
	"testing"

	"hass/internal/gradient"
	"hass/internal/graph"
)

// TestRowWeights: a channel on which nothing depends has the weight 0, and of two equal channels, one that is read with twice the weight has
// twice the weight.
func TestRowWeights(t *testing.T) {
	b := newBuilder(3, 4)
	b.conv("a", "x", 3, 1, 1)
	b.node("pool", graph.GlobalPool{}, "a")
	b.conv("head", "pool", 4, 1, 1)
	g := b.done("head")
	w := g.Consts["head.w"].F
	for f := range 4 {
		w[f*3+1] = 2 * w[f*3]
		w[f*3+2] = 0
	}
	net, err := gradient.New(g)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := rowWeights(t.Context(), net, images(20, g))
	if err != nil {
		t.Fatal(err)
	}
	a := rows["a"]
	if len(rows) != 2 || len(a) != 3 || a[2] != 0 || math.Abs(a[1]/a[0]-2) > 1e-5 || math.Abs(a[0]*a[0]+a[1]*a[1]-3) > 1e-5 {
		t.Errorf("%v", rows)
	}
}

// TestDrawn: classes are drawn with their probabilities, and always the same class for the same image.
func TestDrawn(t *testing.T) {
	logs := []float32{float32(math.Log(0.5)), float32(math.Log(0.2)), float32(math.Log(0.3))}
	var count [3]int
	const n = 10000
	for i := range n {
		c := drawn(i)(logs)
		if c != drawn(i)(logs) {
			t.Fatalf("image %d has two classes", i)
		}
		count[c]++
	}
	for c, l := range logs {
		if want := n * math.Exp(float64(l)); math.Abs(float64(count[c])-want) > 4*math.Sqrt(want) {
			t.Errorf("class %d was drawn %d times of %d, want about %.0f", c, count[c], n, want)
		}
	}
}

// TestNoGradients: a network without class scores is refit all the same, and it is said.
func TestNoGradients(t *testing.T) {
	b := newBuilder(3, 6)
	b.conv("a", "x", 4, 1, 1)
	b.conv("b", "a", 4, 3, 1)
	b.conv("c", "b", 2, 1, 1)
	g := b.done("c")
	_, r, err := Prune(t.Context(), g, Options{Share: 0.3, Repair: Refit, Images: images(30, g)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Note, "no vector of class scores") || r.Layers[1].Repair != Refit {
		t.Errorf("%+v", r)
	}
}
