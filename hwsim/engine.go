package hwsim

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// engine is one gang of dot-product engines, or one bank of an elastic gang: its part of the weights'
// zero bitmaps, and the cycles of its beats.
type engine struct {
	rule     hw.Measure // determines the cycles of a beat
	alone    bool       // depthwise: each lane of the gang has its own channel, hence its own activations
	m, n     int        // the engine's lanes of a beat, and its multipliers
	gang, px int
	beats    int      // addresses of the weight memory, and beats of a pixel group: folds x beats per fold
	fold     int      // beats of a fold
	share    int      // number of folds with the same channels
	nonzero  []uint64 // [address][lane of gang], bit per lane of the beat

	worst int // cycles of the most expensive beat
	// The cycles of a beat are the pairs in its fullest bank, at least one; for a crossbar all lanes are one bank, and
	// cycles follow from its pairs.
	banks  []uint64 // lanes of each
	one    int      // pairs of a bank per cycle
	digits int      // of the number of pairs of a bank
	cycles []uint8  // by pairs; nil if equal to the pairs

	costs []uint8 // by beat of an image in stream order, if worst > 1
	done  int     // number of known costs
	put   func(costs []uint8)

	stats counting // collect the following
	hist  []int64  // beats by cost
	// (beat, lane, pixel) combinations without pairs and with all pairs, and the number of pairs.
	empty, full, useful int64
}

// newEngine makes engine number index of a layer.
func newEngine(l intnet.Layer, hl hw.Layer, w hw.Window, index int, stats counting) *engine {
	e := &engine{
		rule: hl.Engine.Row().Measure, alone: w.Channelwise, n: hl.N, gang: hl.Gang, px: hl.OutPx,
		beats: w.Folds * w.BeatsPerFold(), fold: w.BeatsPerFold(), share: w.Folds / w.Groups, stats: stats,
	}
	m := bitmapLanes(w)
	banks := hl.Banks()
	gang, bank := index/banks, index%banks
	if e.m = m / banks; banks > 1 {
		// For one multiplier it is enough to count pairs: the weights of other banks are zeros for this bank.
		e.rule, e.n = hw.Pairs, 1
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
	e.worst = e.rule.Cycles(e.rule.Most(e.m, e.n), e.m, e.n)
	e.hist = make([]int64, e.worst+1)
	switch {
	case e.worst == 1 || e.rule == hw.Nothing:
	case e.rule == hw.Pairs:
		e.banks, e.one, e.digits = []uint64{^uint64(0)}, e.n, bits.Len(uint(e.m))
		if e.n > 1 {
			for c := range e.m + 1 {
				e.cycles = append(e.cycles, uint8(e.rule.Cycles(c, e.m, e.n)))
			}
		}
	case e.rule == hw.FullestBank:
		e.one, e.digits = 1, bits.Len(uint(e.worst))
		for b := range e.n {
			var lanes uint64
			for i := b; i < e.m; i += e.n {
				lanes |= 1 << i
			}
			e.banks = append(e.banks, lanes)
		}
	default:
		panic("hwsim: no such measure of a beat")
	}
	return e
}

// take processes the beats of some pixel groups of an image.
func (e *engine) take(p *planes) {
	if e.stats == countBeats {
		e.measure(p)
	}
	if e.worst == 1 {
		e.hist[1] += int64(p.groups * e.beats)
		return
	}
	costs := e.costs[e.done:][:p.groups*e.beats]
	if e.rule == hw.Nothing {
		for i := range costs {
			costs[i] = uint8(e.worst)
		}
		e.count(costs)
		return
	}
	var block [8]digits
	for at := range e.beats {
		d := &block[at&7]
		*d = digits{}
		for px := range e.px {
			e.fullest(d, p, px, at)
		}
		if e.cycles == nil { // no pairs also take one cycle
			var any uint64
			for _, x := range d[:e.digits] {
				any |= x
			}
			d[0] |= ^any
		}
		if k := at & 7; k == 7 || at == e.beats-1 {
			unslice(costs[at-k:], e.beats, p.groups, block[:k+1], e.digits)
		}
	}
	if e.cycles != nil {
		for i, pairs := range costs {
			costs[i] = e.cycles[pairs]
		}
	}
	e.count(costs)
}

// count updates the statistics with the costs of the next beats of the image.
func (e *engine) count(costs []uint8) {
	if e.stats == countBeats {
		for _, c := range costs {
			e.hist[c]++
		}
	}
	if e.done += len(costs); e.done == len(e.costs) {
		e.put(e.costs)
		e.costs, e.done = make([]uint8, len(e.costs)), 0
	}
}

// bitmap is the place in the planes of the activations of lane j of the gang in a beat.
func (e *engine) bitmap(p *planes, px, at, j int) int {
	i := at*e.gang + j
	if !e.alone {
		i = at/e.fold/e.share*e.fold + at%e.fold
	}
	return (px*p.maps + i) * p.lanes
}

// fullest raises the pairs of a beat to those of the fullest bank of its lanes. Banks that always take one cycle are skipped.
func (e *engine) fullest(d *digits, p *planes, px, at int) {
	first := e.bitmap(p, px, at, 0)
	lanes := p.bits[first:][:p.lanes]
	for j, w := range e.nonzero[at*e.gang:][:e.gang] {
		if e.alone {
			lanes = p.bits[first+j*p.lanes:][:p.lanes]
		}
		for _, bank := range e.banks {
			some := w & bank
			switch {
			case bits.OnesCount64(some) <= e.one:
			case e.digits <= 3:
				d.raiseFew(few(lanes, some))
			default:
				o := tally(lanes, some)
				d.raise(&o, e.digits)
			}
		}
	}
}

// measure counts pairs, and lanes without any and with all.
func (e *engine) measure(p *planes) {
	for at := range e.beats {
		for px := range e.px {
			for j, w := range e.nonzero[at*e.gang:][:e.gang] {
				first := e.bitmap(p, px, at, j)
				lanes, ones := p.bits[first:][:p.lanes], p.ones[first:][:p.lanes]
				any, all := uint64(0), p.all()
				for some := w; some != 0; some &= some - 1 {
					i := bits.TrailingZeros64(some)
					e.useful += int64(ones[i])
					any |= lanes[i]
					all &= lanes[i]
				}
				e.empty += int64(p.groups - bits.OnesCount64(any))
				if bits.OnesCount64(w) == e.m {
					e.full += int64(bits.OnesCount64(all))
				}
			}
		}
	}
}
