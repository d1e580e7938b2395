package hw_test

import (
	"math/rand"
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
)

// TestUniqueNames gives tensors the names that branches of another tensor's fork and
// other derived names would have.
func TestUniqueNames(t *testing.T) {
	f := fixed.Format{Bits: 16, Frac: 8, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 5, 4, 4, f)
	conv := hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Groups: 1, Out: f, WeightBits: 8, Density: 1, Shift: 8}
	x := b.Last()
	b.Add(b.Conv(b.Conv(x, conv), conv), x, f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	net.Layers[0].ID = "c1"
	net.Tensors[0].ID, net.Tensors[1].ID, net.Tensors[2].ID = "x", "x_1", "x_2"
	net.Tensors[3].ID = "c1_beats0"
	n, err := hw.Expand(net, hwtest.PlainHW(net), map[string]int{"x_2": 7, "x_2x": 100})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range n.Streams {
		if seen[s.Name] {
			t.Errorf("two streams are named %s", s.Name)
		}
		seen[s.Name] = true
		switch {
		case s.Tensor == 2 && (s.Name != "x_2" || s.Depth != 7):
			t.Errorf("tensor x_2 is in FIFO %s of depth %d", s.Name, s.Depth)
		case s.Tensor == 0 && s.Join >= 0 && (s.Name != "x_2x" || s.Depth != 100):
			t.Errorf("the skip branch is FIFO %s of depth %d", s.Name, s.Depth)
		}
	}
	for _, p := range n.Processes {
		if seen[p.Name] {
			t.Errorf("%s is used twice", p.Name)
		}
		seen[p.Name] = true
	}
}
