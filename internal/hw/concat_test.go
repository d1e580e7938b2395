package hw

import (
	"fmt"
	"slices"
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw/repack"
	"hass/internal/intnet"
)

// concatNet is a concat of maps of one pixel with the given channels.
func concatNet(channels []int) (*intnet.Net, *intnet.Layer) {
	net := &intnet.Net{}
	l := &intnet.Layer{ID: "cat", Kind: intnet.KindConcat, Out: len(channels)}
	f := fixed.Format{Bits: 8, Signed: true}
	sum := 0
	for i, c := range channels {
		net.Tensors = append(net.Tensors, intnet.Tensor{ID: fmt.Sprint("t", i), H: 1, W: 1, C: c, Format: f})
		l.In = append(l.In, i)
		sum += c
	}
	net.Tensors = append(net.Tensors, intnet.Tensor{ID: "out", H: 1, W: 1, C: sum, Format: f})
	return net, l
}

// runPlan moves the numbers 0, 1, ... of all channels through a plan like the modules. It checks that no number is lost,
// overwritten or left over, that every place belongs to its port, and that at most Kept lanes are waiting.
func runPlan(t *testing.T, p repack.Plan) (written []int) {
	t.Helper()
	row := make([]int, p.Span())
	for i := range row {
		row[i] = -1
	}
	next, left := make([]int, len(p.Ports)), make([]int, len(p.Ports))
	for i := range p.Ports {
		left[i] = p.Ports[i].Parts
		if i > 0 {
			next[i] = next[i-1] + p.Ports[i-1].Ch*p.Ports[i-1].Parts
		}
	}
	for _, s := range p.Steps {
		for i, port := range p.Ports {
			if s.Places[i] < 0 || s.Places[i] >= port.Places {
				t.Fatalf("place %d of %d", s.Places[i], port.Places)
			}
			if s.Reads>>i&1 == 0 {
				continue
			}
			left[i]--
			for c := range port.Ch {
				if at := port.Base + s.Places[i]*port.Unit + c; row[at] != -1 {
					t.Fatalf("lane %d is occupied", at)
				} else {
					row[at] = next[i]
				}
				next[i]++
			}
		}
		if s.Write {
			written = append(written, row[:p.Out]...)
			row = append(row[p.Out:], slices.Repeat([]int{-1}, p.Out)...)
		}
		for at, c := range row {
			if c >= 0 && at >= p.Kept {
				t.Fatalf("lane %d waits, of %d", at, p.Kept)
			}
		}
	}
	for at, c := range row {
		if c >= 0 {
			t.Fatalf("channel %d is left in lane %d", c, at)
		}
	}
	for i, n := range left {
		if n != 0 {
			t.Fatalf("%d beats of input %d are not read", n, i)
		}
	}
	return written
}

// TestConcatPlan runs the plans of all beats of concats whose channels have few common divisors.
func TestConcatPlan(t *testing.T) {
	for _, channels := range [][]int{{4, 1, 80}, {1, 1}, {67}, {3, 5, 7}, {16, 16}, {64, 32, 32}, {12, 30, 1, 24}, {2, 97}, {31, 33}} {
		net, l := concatNet(channels)
		sum := net.Tensors[l.Out].C
		for in := 1; in <= slices.Max(channels); in++ {
			for out := 1; out <= sum; out++ {
				if sum%out != 0 {
					continue
				}
				p := NewConcatPlan(net, l, in, out)
				got := runPlan(t, p)
				for c := range sum {
					if len(got) != sum || got[c] != c {
						t.Fatalf("%v in beats of %d to beats of %d: wrote %v", channels, in, out, got)
					}
				}
				// One beat written an iteration, or one read of the input with the most to read at a time.
				most := 0
				for _, port := range p.Ports {
					most += port.Parts
				}
				if n := len(p.Steps); n != ConcatSteps(net, l, in, out) || n < sum/out || n > max(sum/out, sum/out+most) {
					t.Fatalf("%v in beats of %d to beats of %d: %d iterations", channels, in, out, n)
				}
			}
		}
	}
}

// TestConcatSteps pins the iterations of a group of pixels for the beats that matter.
func TestConcatSteps(t *testing.T) {
	tests := []struct {
		channels []int
		in, out  int
		want     int
	}{
		{[]int{4, 1, 80}, 1, 1, 85},
		{[]int{4, 1, 80}, 16, 17, 5},   // 4, 1 and 16 channels a beat: as many as beats written
		{[]int{4, 1, 80}, 10, 17, 8},   // the 8 beats of the last input
		{[]int{4, 1, 80}, 20, 17, 5},   //
		{[]int{4, 1, 80}, 80, 85, 1},   // all channels at once
		{[]int{16, 16}, 16, 32, 1},     // two beats in one iteration
		{[]int{16, 16}, 8, 32, 2},      //
		{[]int{16, 16}, 16, 8, 4},      // wide to narrow
		{[]int{64, 32, 32}, 32, 32, 4}, //
		{[]int{67, 67}, 67, 67, 2},
	}
	for _, tt := range tests {
		net, l := concatNet(tt.channels)
		if got := ConcatSteps(net, l, tt.in, tt.out); got != tt.want {
			t.Errorf("%v in beats of %d to beats of %d: %d iterations, want %d", tt.channels, tt.in, tt.out, got, tt.want)
		}
	}
}
