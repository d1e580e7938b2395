package hw

import "testing"

// TestTokenMinimumIsLeast checks the growing search against trying every depth.
func TestTokenMinimumIsLeast(t *testing.T) {
	for _, tt := range []struct{ h, w, c, px int }{{7, 6, 4, 1}, {4, 9, 2, 1}, {5, 8, 4, 2}, {3, 3, 6, 1}} {
		net := residual(tt.h, tt.w, tt.c)
		n, err := Expand(net, residualHW(net, tt.px), nil)
		if err != nil {
			t.Fatal(err)
		}
		var joins []int
		for i, s := range n.Streams {
			if s.Join >= 0 {
				joins = append(joins, i)
				n.Streams[i].Depth = 500
			}
		}
		for _, i := range joins {
			least, err := n.TokenMinimum(i, 500)
			if err != nil {
				t.Fatal(err)
			}
			want := 1
			for ; want < 500; want++ {
				n.Streams[i].Depth = want
				if _, err := n.ProveLive(); err == nil {
					break
				}
			}
			n.Streams[i].Depth = 500
			if least != want {
				t.Errorf("%v, FIFO %s: token minimum %d, trying every depth gives %d", tt, n.Streams[i].Name, least, want)
			}
		}
	}
}

// TestTokenMinimumLimit checks that a limit below the minimum is an error.
func TestTokenMinimumLimit(t *testing.T) {
	net := residual(7, 6, 4)
	n, err := Expand(net, residualHW(net, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range n.Streams {
		if s.Join >= 0 && s.Tensor == 0 {
			if d, err := n.TokenMinimum(i, 5); err == nil {
				t.Errorf("minimum %d with a limit of 5", d)
			}
			if n.Streams[i].Depth != s.Depth {
				t.Errorf("the search changed the stream's depth")
			}
		}
	}
}

// TestSeveral checks that running equal iterations at once reaches the occupancies and
// the end that single iterations reach, over many small depths.
func TestSeveral(t *testing.T) {
	net := residual(5, 4, 4)
	for depth := 1; depth <= 6; depth++ {
		n, err := Expand(net, residualHW(net, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n.Streams {
			n.Streams[i].Depth = depth
			if n.Streams[i].Join >= 0 {
				n.Streams[i].Depth = 60
			}
		}
		if _, d := n.RunTokens(3); d != nil {
			t.Fatalf("depth %d: %v", depth, d)
		}
		single := newTokenRun(n, 3)
		for i := range single.sched {
			single.sched[i] = plain{single.sched[i]} // hides the fast path
		}
		single.run()
		fast := newTokenRun(n, 3)
		fast.run()
		for i := range single.occ {
			if single.occ[i] != fast.occ[i] || single.occ[i] != 0 {
				t.Errorf("depth %d, stream %s: %d tokens left, %d in the fast run", depth, n.Streams[i].Name, single.occ[i], fast.occ[i])
			}
		}
	}
}

type plain struct{ Schedule }
