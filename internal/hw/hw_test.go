package hw

import (
	"math/bits"
	"math/rand"
	"testing"

	"hass/internal/intnet"
)

func TestBeatCost(t *testing.T) {
	tests := []struct {
		kind  EngineKind
		m, n  int
		pairs uint64
		want  int
	}{
		{Dense, 9, 9, 0, 1},
		{Dense, 9, 9, 1<<9 - 1, 1},
		{Crossbar, 9, 3, 0, 1},
		{Crossbar, 9, 3, 0b1001001, 1},
		{Crossbar, 9, 3, 0b1111, 2},
		{Crossbar, 9, 3, 1<<9 - 1, 3},
		{Banked, 9, 3, 0b1001001, 3}, // lanes 0, 3, 6 share bank 0
		{Banked, 9, 3, 0b111, 1},
		{Banked, 9, 3, 0, 1},
		{Banked, 64, 8, ^uint64(0), 8},
		{Crossbar, 64, 8, ^uint64(0), 8},
	}
	for _, tt := range tests {
		if got := BeatCost(tt.kind, tt.m, tt.n, tt.pairs); got != tt.want {
			t.Errorf("BeatCost(%s, %d, %d, %b) = %d, want %d", tt.kind, tt.m, tt.n, tt.pairs, got, tt.want)
		}
	}
}

// TestBeatCostBounds checks crossbar <= banked and the ideal rate on random beats.
func TestBeatCostBounds(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 1000 {
		n := 1 + rng.Intn(8)
		m := n * (1 + rng.Intn(64/n))
		pairs := rng.Uint64() & rng.Uint64()
		if m < 64 {
			pairs &= 1<<m - 1
		}
		c, b := BeatCost(Crossbar, m, n, pairs), BeatCost(Banked, m, n, pairs)
		if c > b || c*n < bits.OnesCount64(pairs) || b > m/n {
			t.Fatalf("m=%d n=%d pairs=%b: crossbar %d, banked %d", m, n, pairs, c, b)
		}
	}
}

// TestWindowPace checks that a window at full capacity emits and accepts at an even
// pace: no output group waits for input more than the one before.
func TestWindowPace(t *testing.T) {
	for _, tt := range []struct {
		name string
		w    Window
	}{
		{"3x3 same", Window{H: 8, W: 8, C: 4, OH: 8, OW: 8, Geom: intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 1, 1}}, InPx: 1, InCh: 4, OutPx: 1, MTap: 3, MCh: 4, Folds: 4, Groups: 1}},
		{"3x3 stride 2", Window{H: 8, W: 8, C: 4, OH: 4, OW: 4, Geom: intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}, Pads: [4]int{0, 0, 1, 1}}, InPx: 1, InCh: 4, OutPx: 1, MTap: 3, MCh: 4, Folds: 4, Groups: 1}},
		{"fc 4x4", Window{H: 4, W: 4, C: 4, OH: 1, OW: 1, Geom: intnet.Window{Kernel: [2]int{4, 4}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, InPx: 1, InCh: 4, OutPx: 1, MTap: 4, MCh: 4, Folds: 8, Groups: 1}},
		{"5x5 valid", Window{H: 12, W: 12, C: 2, OH: 8, OW: 8, Geom: intnet.Window{Kernel: [2]int{5, 5}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, InPx: 1, InCh: 2, OutPx: 1, MTap: 5, MCh: 2, Folds: 4, Groups: 1}},
		{"3x3 px2", Window{H: 8, W: 7, C: 4, OH: 8, OW: 7, Geom: intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 1, 1}}, InPx: 2, InCh: 4, OutPx: 2, MTap: 3, MCh: 4, Folds: 4, Groups: 1}},
	} {
		w := tt.w
		w.LinePixels = w.FullLinePixels()
		if err := w.Validate(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		const images = 6
		s := NewWindowSchedule(w, images)
		iters, emits, atImage := 0, 0, []int{}
		for {
			st, ok := s.Next()
			if !ok {
				break
			}
			iters++
			if st.Writes != 0 {
				emits++
				if emits%w.OutBeats() == 0 {
					atImage = append(atImage, iters)
				}
			}
		}
		if emits != images*w.OutBeats() || s.InPixel != images*w.H*w.RowPixels() {
			t.Fatalf("%s: ended after %d emitted beats and %d pixels", tt.name, emits, s.InPixel)
		}
		// In steady state an image takes as many iterations as it emits beats.
		if got, want := atImage[images-2]-atImage[images-3], w.OutBeats(); got != want {
			t.Errorf("%s: %d iterations per image in steady state, want %d", tt.name, got, want)
		}
	}
}

// TestOutputPace: a window that takes more beats than it gives spreads its output evenly; without the
// pace of the output it would write a row in one burst.
func TestOutputPace(t *testing.T) {
	w := Window{H: 16, W: 16, C: 4, OH: 8, OW: 8, Geom: intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 1, 1}},
		InPx: 1, InCh: 1, OutPx: 1, MTap: 3, MCh: 1, Folds: 1, Groups: 1, Channelwise: true}
	w.LinePixels = w.FullLinePixels()
	in, out := w.InBeats(), w.OutBeats()
	const images = 4
	s := NewWindowSchedule(w, images)
	iterations, emitted, run, longest := 0, 0, 0, 0
	for {
		st, ok := s.Next()
		if !ok {
			break
		}
		iterations++
		if run++; st.Writes == 0 {
			run = 0
		}
		emitted += int(st.Writes)
		if emitted < (images-1)*out { // the last image's flush has no input to wait for
			longest = max(longest, run)
		}
	}
	if most := in/(in-out) + 1; longest > most {
		t.Errorf("%d beats in one burst, at most %d of %d to %d are even", longest, most, out, in)
	}
	if lead := w.Lead() * w.C / w.InCh; iterations > images*in+lead {
		t.Errorf("%d iterations for %d input beats", iterations, images*in)
	}
}

// TestPaceBits walks random windows and checks that the counter of the pace, and its increments, fit the width that the RTL
// gives them.
func TestPaceBits(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	tried := 0
	for tried < 600 {
		k, stride := 1+rng.Intn(4), 1+rng.Intn(3)
		w := Window{
			H: 1 + rng.Intn(12), W: 1 + rng.Intn(12), C: 1 + rng.Intn(4), InPx: 1, InCh: 1, OutPx: 1 + rng.Intn(2), MTap: k, MCh: 1,
			Folds: 1 + rng.Intn(5), Groups: 1,
			Geom: intnet.Window{Kernel: [2]int{k, k}, Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}, Pads: [4]int{rng.Intn(k), rng.Intn(k), rng.Intn(k), rng.Intn(k)}},
		}
		if w.InPx += rng.Intn(2) * (stride - 1); rng.Intn(3) == 0 {
			for d := range w.Geom.Pads {
				w.Geom.Pads[d] = rng.Intn(2 * k) // windows off the map
			}
		}
		w.OH = (w.H+w.Geom.Pads[0]+w.Geom.Pads[2]-k)/stride + 1
		w.OW = (w.W+w.Geom.Pads[1]+w.Geom.Pads[3]-k)/stride + 1
		if w.H+w.Geom.Pads[0]+w.Geom.Pads[2] < k || w.W+w.Geom.Pads[1]+w.Geom.Pads[3] < k {
			continue
		}
		w.LinePixels = w.MinLinePixels() + rng.Intn(w.W*3)
		if w.Validate() != nil {
			continue
		}
		tried++
		start, perEmit, perAccept := w.AcceptPace()
		width := w.PaceBits()
		least, most := -1<<(width-1), 1<<(width-1)-1
		s := NewWindowSchedule(w, 3)
		in, out := 0, 0
		image := w.H * w.RowPixels()
		if max(perEmit, perAccept) > most {
			t.Fatalf("%+v: steps of %d and %d in %d bits", w, perEmit, perAccept, width)
		}
		for {
			credit := start + out*perEmit - in*perAccept - 1
			if credit < least || credit > most {
				t.Fatalf("%+v: the counter is %d after %d beats in and %d out, beyond %d bits", w, credit, in, out, width)
			}
			// What the window needs has come, and has not been overwritten.
			if s.Emits() {
				for p := range w.OutPx {
					for tap := range k * k {
						y := s.OY*stride - w.Geom.Pads[0] + tap/k
						x := (s.GX*w.OutPx+p)*stride - w.Geom.Pads[1] + tap%k
						if y < 0 || y >= w.H || x < 0 || x >= w.W || s.GX*w.OutPx+p >= w.OW {
							continue
						}
						if at := s.Image*image + y*w.RowPixels() + x; at >= s.InPixel || at < s.InPixel-w.LinePixels {
							t.Fatalf("%+v: pixel %d, %d of image %d is not in the line buffer after %d pixels", w, y, x, s.Image, s.InPixel)
						}
					}
				}
			}
			st, ok := s.Next()
			if !ok {
				break
			}
			in += int(st.Reads)
			out += int(st.Writes)
		}
		if in != 3*w.InBeats() || out != 3*w.OutBeats() {
			t.Fatalf("%+v: stuck after %d beats in and %d out of %d and %d", w, in, out, 3*w.InBeats(), 3*w.OutBeats())
		}
	}
}
