package hwsim

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// engine is one gang of dot-product engines, or a bank of it if they are elastic: its part of the zero
// bitmaps of the weights, and what its beats cost.
type engine struct {
	kind     hw.EngineKind
	alone    bool // depthwise: each lane of the gang has a channel, hence activations, of its own
	m, n     int  // lanes of the beat that are the engine's, and multipliers
	gang, px int
	beats    int      // addresses of the weight memory, and beats of a pixel group: folds x beats per fold
	fold     int      // beats of a fold
	share    int      // folds that see the same channels
	nonzero  []uint64 // [address][lane of gang], bit per lane of the beat
	pairs    []uint64 // of the lanes of a beat, if alone

	how counting
	// byCount is the cost of a crossbar beat by its number of pairs; byPairs that of
	// a banked beat by its pairs; banks holds the lanes of each bank, or the slices of the beat that
	// have one lane of every bank.
	byCount []uint8
	byPairs []uint8
	banks   []uint64

	worst int     // cycles of the most expensive beat
	costs []uint8 // by beat of an image in stream order, if worst > 1
	done  int     // beats of costs that are known
	put   func(costs []uint8)

	hist []int64 // beats by cost
	// (beat, lane, pixel) combinations without any and with all pairs, and pairs.
	empty, full, useful int64
}

// counting is how an engine finds a beat's cost.
type counting int

const (
	byNothing counting = iota // always 1
	byCount                   // table over the number of pairs
	byPairs                   // table over the pairs
	bySlices                  // few slices: how many lanes of a bank are set, in unary
	byBanks                   // few banks: count each
)

// tableLanes bounds the beat width whose banked costs are tabulated, sliceMost the
// slices that are counted in unary.
const (
	tableLanes = 14
	sliceMost  = 4
)

// newEngine makes engine number index of a layer.
func newEngine(l intnet.Layer, hl hw.Layer, w hw.Window, index int) *engine {
	e := &engine{
		kind: hl.Engine, alone: w.Channelwise, n: hl.N, gang: hl.Gang, px: hl.OutPx,
		beats: w.Folds * w.BeatsPerFold(), fold: w.BeatsPerFold(), share: w.Folds / w.Groups,
	}
	m := hl.M() // lanes of a bitmap
	if e.alone {
		m = w.MTap
		e.pairs = make([]uint64, e.gang)
	}
	banks := hl.Banks()
	gang, bank := index/banks, index%banks
	if e.m = m / banks; banks > 1 {
		// To count pairs is all there is to do for one multiplier: the weights of other banks are zeros to this one.
		e.kind, e.n = hw.Crossbar, 1
	}
	e.nonzero = make([]uint64, e.beats*e.gang)
	taps, channels := w.Geom.Kernel[0]*w.Geom.Kernel[1], w.FoldChannels()
	at := 0
	// address fills the bitmaps of every lane at one address, from the given tap and channel of
	// the filters on; first is lane 0's filter.
	address := func(first, tap, ch int) {
		for j := range e.gang {
			lane := 0
			for t := range w.MTap {
				row := l.Conv.Weights[((first+j)*taps+tap+t)*channels+ch:]
				for _, v := range row[:m/w.MTap] {
					if v != 0 && lane%banks == bank {
						e.nonzero[at] |= 1 << lane
					}
					lane++
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
	e.worst = hw.BeatCost(e.kind, e.m, e.n, ^uint64(0)>>(64-e.m))
	e.hist = make([]int64, e.worst+1)
	if e.worst > 1 {
		e.tabulate()
	}
	return e
}

// tabulate chooses how the costs are found.
func (e *engine) tabulate() {
	slices := (e.m + e.n - 1) / e.n
	switch {
	case e.kind == hw.Crossbar:
		e.how = byCount
		for c := range e.m + 1 {
			e.byCount = append(e.byCount, uint8(hw.BeatCost(e.kind, e.m, e.n, 1<<c-1)))
		}
	case slices <= sliceMost:
		e.how = bySlices
		e.banks = make([]uint64, slices)
		for i := range e.m {
			e.banks[i/e.n] |= 1 << i
		}
	case e.m <= tableLanes:
		e.how = byPairs
		for p := range uint64(1) << e.m {
			e.byPairs = append(e.byPairs, uint8(hw.BeatCost(e.kind, e.m, e.n, p)))
		}
	default:
		e.how = byBanks
		e.banks = make([]uint64, e.n)
		for i := range e.m {
			e.banks[i%e.n] |= 1 << i
		}
	}
}

// group goes through the beats of a pixel group. active holds, for each pixel at
// multiples of stride, the bitmaps of the activations: one per beat of a fold for each group
// of channels or, if each lane is alone, one per beat and lane.
func (e *engine) group(active []uint64, stride int) {
	var costs []uint8
	if e.costs != nil {
		costs = e.costs[e.done:][:e.beats]
		for i := range costs {
			costs[i] = 1
		}
		e.done += e.beats
	} else {
		e.hist[1] += int64(e.beats)
	}
	for p := range e.px {
		pixel := active[p*stride:]
		if e.alone {
			e.lanesAlone(pixel, costs)
			continue
		}
		for at := 0; at < e.beats; at += e.fold {
			base := at / e.fold / e.share * e.fold
			c := costs
			if c != nil {
				c = c[at:][:e.fold]
			}
			e.count(pixel[base:][:e.fold], e.nonzero[at*e.gang:], c)
		}
	}
	for _, c := range costs {
		e.hist[c]++
	}
	if e.costs != nil && e.done == len(e.costs) {
		e.put(e.costs)
		e.costs, e.done = make([]uint8, len(e.costs)), 0
	}
}

// lanesAlone is count for a pixel of which each lane of each beat has its own bitmap.
func (e *engine) lanesAlone(active []uint64, costs []uint8) {
	every := [1]uint64{^uint64(0)}
	for at := range e.beats {
		lanes := e.nonzero[at*e.gang:]
		for j, own := range active[at*e.gang:][:e.gang] {
			e.pairs[j] = own & lanes[j]
		}
		c := costs
		if c != nil {
			c = c[at:][:1]
		}
		e.count(every[:], e.pairs, c)
	}
}

// count counts the useful pairs of successive beats in each lane of the gang: active has the bitmap of
// each beat's activations for one pixel, weights those of its lanes. It raises costs, unless
// nil, to the maximum of the lanes' cycles.
func (e *engine) count(active, weights []uint64, costs []uint8) {
	var useful, empty, full int
	m, gang := e.m-1, e.gang
	if e.how == byNothing && gang == 1 {
		weights = weights[:len(active)]
		for b, x := range active {
			c := bits.OnesCount64(x & weights[b])
			useful += c
			empty += int(uint(c-1) >> 63)
			full += int(uint(m-c) >> 63)
		}
		e.useful += int64(useful)
		e.empty += int64(empty)
		e.full += int64(full)
		return
	}
	for b, x := range active {
		lanes := weights[b*gang:][:gang]
		if x == 0 {
			empty += gang
			continue
		}
		cost, most := 1, 0
		switch e.how {
		case bySlices:
			// Bit i of one, two, ... tells that the bank of lane i (mod N) has at least that many pairs
			// in some lane of the gang.
			var two, three, four uint64
			n := uint(e.n) & 63
			bank := e.banks[0]
			for _, w := range lanes {
				pairs := x & w
				c := bits.OnesCount64(pairs)
				useful += c
				empty += int(uint(c-1) >> 63)
				full += int(uint(m-c) >> 63)
				first := pairs & bank
				pairs >>= n
				second := pairs & bank
				pairs >>= n
				both := first & second
				one := first | second
				third := pairs & bank
				pairs >>= n
				all := both & third
				both |= one & third
				one |= third
				four |= all & pairs
				three |= all | both&pairs
				two |= both | one&pairs
			}
			switch {
			case four != 0:
				cost = 4
			case three != 0:
				cost = 3
			case two != 0:
				cost = 2
			}
		case byPairs:
			for _, w := range lanes {
				pairs := x & w
				c := bits.OnesCount64(pairs)
				useful += c
				empty += int(uint(c-1) >> 63)
				full += int(uint(m-c) >> 63)
				cost = max(cost, int(e.byPairs[pairs]))
			}
		case byBanks:
			for _, w := range lanes {
				pairs := x & w
				c := bits.OnesCount64(pairs)
				useful += c
				empty += int(uint(c-1) >> 63)
				full += int(uint(m-c) >> 63)
				if c <= cost {
					continue
				}
				for _, b := range e.banks {
					cost = max(cost, bits.OnesCount64(pairs&b))
				}
			}
		case byCount:
			for _, w := range lanes {
				c := bits.OnesCount64(x & w)
				useful += c
				empty += int(uint(c-1) >> 63)
				full += int(uint(m-c) >> 63)
				most = max(most, c)
			}
			cost = int(e.byCount[most])
		default:
			for _, w := range lanes {
				c := bits.OnesCount64(x & w)
				useful += c
				empty += int(uint(c-1) >> 63)
				full += int(uint(m-c) >> 63)
			}
		}
		if costs != nil {
			costs[b] = max(costs[b], uint8(cost))
		}
	}
	e.useful += int64(useful)
	e.empty += int64(empty)
	e.full += int64(full)
}
