package hw

import "testing"

// TestUniqueNames gives tensors the names that branches of another tensor's fork and
// other derived names would have.
func TestUniqueNames(t *testing.T) {
	net := residual(5, 4, 4)
	net.Tensors[0].ID, net.Tensors[1].ID, net.Tensors[2].ID = "x", "x_1", "x_2"
	net.Tensors[3].ID = "c1_beats0"
	n, err := Expand(net, residualHW(net, 1), map[string]int{"x_2": 7, "x_2x": 100})
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
