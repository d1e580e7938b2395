package hwsim

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// engine is the state of one gang of dot-product engines.
type engine struct {
	kind     hw.EngineKind
	alone    bool // depthwise: each lane of the gang has a channel, hence activations, of its own
	m, n     int
	gang, px int
	beats    int // addresses of the weight memory: folds x beats per fold
	addr     int
	weights  []int16  // [address][lane of gang][M]
	nonzero  []uint64 // [address][lane of gang], bit per lane of the beat
	acc      []int64  // [pixel][lane of gang]

	// byCount is the cost of a crossbar beat by its number of pairs; byPairs that of
	// a banked beat by its pairs, if they are few enough for a table; else
	// banks holds the lanes of each bank.
	byCount []int32
	byPairs []uint8
	banks   []uint64

	hist  []int64 // beats by cost
	lanes []int64 // (beat, lane, pixel) combinations by number of useful pairs
	// What hist and lanes were when the last measured image was done.
	finalHist, finalLanes []int64
}

// tableLanes bounds the beat width whose banked costs are tabulated.
const tableLanes = 12

func newEngine(l intnet.Layer, hl hw.Layer, w hw.Window, gang int) *engine {
	e := &engine{
		kind: hl.Engine, alone: w.Channelwise, m: hl.M(), n: hl.N, gang: hl.Gang, px: hl.OutPx,
		beats: w.Folds * w.BeatsPerFold(),
	}
	if e.alone {
		e.m = w.MTap
	}
	e.weights = make([]int16, e.beats*e.gang*e.m)
	e.nonzero = make([]uint64, e.beats*e.gang)
	e.acc = make([]int64, e.px*e.gang)
	taps, channels := w.Geom.Kernel[0]*w.Geom.Kernel[1], w.FoldChannels()
	at := 0
	// address fills the weights of every lane at one address, from the given tap and channel of
	// the filters on; first is lane 0's filter.
	address := func(first, tap, ch int) {
		for j := range e.gang {
			m := 0
			for t := range w.MTap {
				row := l.Conv.Weights[((first+j)*taps+tap+t)*channels+ch:]
				for _, v := range row[:e.m/w.MTap] {
					e.weights[at*e.m+m] = v
					if v != 0 {
						e.nonzero[at] |= 1 << m
					}
					m++
				}
			}
			at++
		}
	}
	if e.alone {
		channels = 1
		for ch := 0; ch < w.C; ch += w.MCh {
			for tap := 0; tap < taps; tap += w.MTap {
				address(ch, tap, 0)
			}
		}
	} else {
		for fold := range w.Folds {
			for tap := 0; tap < taps; tap += w.MTap {
				for ch := 0; ch < channels; ch += w.MCh {
					address(fold*hl.OutCh+gang*e.gang, tap, ch)
				}
			}
		}
	}
	worst := 1
	switch e.kind {
	case hw.Crossbar:
		for c := range e.m + 1 {
			e.byCount = append(e.byCount, int32(hw.BeatCost(e.kind, e.m, e.n, ^uint64(0)>>(64-c))))
		}
		worst = int(e.byCount[e.m])
	case hw.Banked:
		worst = hw.BeatCost(e.kind, e.m, e.n, ^uint64(0)>>(64-e.m))
		if e.m <= tableLanes {
			for p := range uint64(1) << e.m {
				e.byPairs = append(e.byPairs, uint8(hw.BeatCost(e.kind, e.m, e.n, p)))
			}
			break
		}
		e.banks = make([]uint64, e.n)
		for i := range e.m {
			e.banks[i%e.n] |= 1 << i
		}
	}
	e.hist = make([]int64, worst+1)
	e.lanes = make([]int64, e.m+1)
	return e
}

// beat multiplies a window beat (Px x M activations and their bitmaps) with the
// weights at the current address, adds to the accumulators and returns the
// beat's cycles: the maximum over lanes and pixels of the gang.
func (e *engine) beat(x []int32, nz []uint64) int {
	m, at := e.m, e.addr*e.gang
	most, cost := 0, 1
	for p := range e.px {
		acc := e.acc[p*e.gang:][:e.gang]
		lanes := e.nonzero[at:][:len(acc)]
		for j := range acc {
			own := p
			if e.alone {
				own = p*e.gang + j
			}
			pairs := nz[own] & lanes[j]
			count := bits.OnesCount64(pairs)
			e.lanes[count]++
			if count == 0 {
				continue
			}
			most = max(most, count)
			w := e.weights[(at+j)*m:][:m]
			if e.alone {
				for t, v := range w {
					acc[j] += int64(v) * int64(x[(p*m+t)*e.gang+j])
				}
			} else {
				acc[j] += dot(x[p*m:][:m], w)
			}
			if e.byPairs != nil {
				cost = max(cost, int(e.byPairs[pairs]))
			} else {
				for _, b := range e.banks {
					cost = max(cost, bits.OnesCount64(pairs&b))
				}
			}
		}
	}
	if e.byCount != nil {
		cost = int(e.byCount[most])
	}
	e.hist[cost]++
	if e.addr++; e.addr == e.beats {
		e.addr = 0
	}
	return cost
}

// flush moves the accumulators out and clears them.
func (e *engine) flush(acc []int64) {
	copy(acc, e.acc)
	clear(e.acc)
}

// freeze keeps the counts: what follows is not measured.
func (e *engine) freeze() {
	e.finalHist = append([]int64(nil), e.hist...)
	e.finalLanes = append([]int64(nil), e.lanes...)
}

// dot is the exact sum of products of a beat; len(w) >= len(x).
func dot(x []int32, w []int16) int64 {
	var a, b int64
	w = w[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		xs, ws := x[i:i+4:i+4], w[i:i+4:i+4]
		a += int64(xs[0])*int64(ws[0]) + int64(xs[1])*int64(ws[1])
		b += int64(xs[2])*int64(ws[2]) + int64(xs[3])*int64(ws[3])
	}
	for ; i < len(x); i++ {
		a += int64(x[i]) * int64(w[i])
	}
	return a + b
}
