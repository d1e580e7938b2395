package quant

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"hass/internal/calib"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// Cross-layer equalisation. All channels of a value have the same step, so a channel with small values uses only few integers. If
// convolutions, or other layers that can scale each channel at no cost, produce a value and convolutions read it, the integer network
// can hold channel c multiplied by a power of two, 2^k: the producer's weights are multiplied by 2^k and the readers' weights divided,
// which is exact. Layers that commute with a positive factor per channel (maxima, averages, sums, moves, ReLU) may lie between.

const (
	mostPower = 40 // magnitude of a power
	// lostSNR and lostFew are the signal-to-noise ratios, in dB, below which a channel is equalised: lostSNR in formats of more than
	// errorBits, lostFew in narrower ones. If a tensor's step is fine enough for nearly all channels, the network is not changed.
	lostSNR, lostFew = 40, 0
	// spareRange is the ratio of a raised channel's range to its peak. Many channels respond only to one kind of image, which
	// calibration may not have seen, and clipping such a channel costs more than the finer steps gain.
	spareRange = 8
)

// cells are the channels of all values, with channels joined that must have the same power.
type cells struct {
	first   map[string]int // by value: the number of its channel 0
	parent  []int
	blocked []bool // of roots: the power must be 0
	capped  []bool // of roots: a clamp stands before it, which a smaller power would move
}

func (c *cells) find(i int) int {
	for c.parent[i] != i {
		c.parent[i] = c.parent[c.parent[i]]
		i = c.parent[i]
	}
	return i
}

func (c *cells) join(i, j int) {
	if i, j = c.find(i), c.find(j); i != j {
		c.parent[i] = j
		c.blocked[j] = c.blocked[j] || c.blocked[i]
		c.capped[j] = c.capped[j] || c.capped[i]
	}
}

func (c *cells) block(value string, n int) {
	for i := range n {
		c.blocked[c.find(c.first[value]+i)] = true
	}
}

// cells finds the channels that may be equalised.
func (p *network) cells() *cells {
	c := &cells{first: make(map[string]int)}
	add := func(value string, n int) {
		c.first[value] = len(c.parent)
		for range n {
			c.parent = append(c.parent, len(c.parent))
		}
	}
	add(p.input, p.inDims.c)
	for _, l := range p.layers {
		add(l.out, l.dims.c)
	}
	c.blocked, c.capped = make([]bool, len(c.parent)), make([]bool, len(c.parent))
	c.block(p.input, p.inDims.c)
	for _, tensor := range p.leaving() {
		c.block(tensor, p.dimsOf(tensor).c)
	}
	for _, h := range p.host {
		c.block(h.input, p.dimsOf(h.input).c)
	}
	for _, l := range p.layers {
		n, out := l.dims.c, c.first[l.out]
		block := func(value string) { c.block(value, p.dimsOf(value).c) }
		along := func(value string) { // channel by channel
			for i := range n {
				c.join(c.first[value]+i, out+i)
			}
		}
		switch l.kind {
		case intnet.KindConv:
			if l.grid != nil || l.bipolar {
				block(l.in[0])
				block(l.out)
			} else if l.tauA > 0 {
				block(l.in[0])
			}
		case intnet.KindPool, intnet.KindGlobalPool, intnet.KindResize, intnet.KindRequant, intnet.KindZeroInsert:
			along(l.in[0])
		case intnet.KindAdd:
			along(l.in[0])
			along(l.in[1])
		case intnet.KindMul:
			along(l.in[0])
			block(l.in[1])
		case intnet.KindConcat:
			at := 0
			for _, in := range l.in {
				for i := range p.dimsOf(in).c {
					c.join(c.first[in]+i, out+at+i)
				}
				at += p.dimsOf(in).c
			}
		case intnet.KindSlice:
			for i := range n {
				c.join(c.first[l.in[0]]+l.moves.Slice.Start[2]+i, out+i)
			}
		case intnet.KindActivation:
			switch l.act.Fn {
			case graph.ActLeakyRelu, graph.ActPRelu:
				along(l.in[0])
			case graph.ActHardSwish:
				if block(l.in[0]); p.given(l.in[0]) != nil {
					block(l.out)
				}
			default:
				block(l.in[0])
				block(l.out)
			}
		default:
			block(l.in[0])
			block(l.out)
		}
		if l.fixed != nil || l.lo != 0 && !math.IsInf(l.lo, -1) {
			block(l.out)
		}
		if !math.IsInf(l.hi, 1) {
			for i := range n {
				c.capped[c.find(out+i)] = true
			}
		}
	}
	return c
}

// equalise applies the powers e to the weights and biases of p's convolutions, and stores them in layers with functions.
func (p *network) equalise(e calib.Powers) error {
	if len(e) == 0 {
		return nil
	}
	c := p.cells()
	power := make(map[int]int)
	for _, value := range slices.Sorted(maps.Keys(c.first)) {
		list := e[value]
		if n := p.dimsOf(value).c; list != nil && len(list) != n {
			return fmt.Errorf("the profile has %d powers of value %q of %d channels: it belongs to another model; run hass profile again", len(list), value, n)
		}
		for i := range p.dimsOf(value).c {
			k, root := e.Of(value, i), c.find(c.first[value]+i)
			if was, ok := power[root]; ok && was != k || k != 0 && c.blocked[root] || k < 0 && c.capped[root] || k < -mostPower || k > mostPower {
				return fmt.Errorf("the profile has the power %d of channel %d of value %q, which the model does not allow: it belongs to another model; run hass profile again", k, i, value)
			}
			power[root] = k
		}
	}
	for value := range e {
		if _, ok := c.first[value]; !ok {
			return fmt.Errorf("the profile has powers of a value %q that the model lacks: it belongs to another model; run hass profile again", value)
		}
	}
	for _, l := range p.layers {
		from, to := e[l.in[0]], e[l.out]
		if l.kind == intnet.KindActivation && to != nil {
			l.powers = to
		}
		if l.kind != intnet.KindConv || from == nil && to == nil {
			continue
		}
		w := *l.w
		w.F = make([]float32, len(l.w.F))
		per, channel := len(w.F)/w.Shape[0], l.channels()
		for i, v := range l.w.F {
			o := i / per
			w.F[i] = float32(math.Ldexp(float64(v), e.Of(l.out, o)-e.Of(l.in[0], channel(o, i%per))))
			if math.IsInf(float64(w.F[i]), 0) {
				return fmt.Errorf("layer %q: a weight of %g is beyond all floats when its channels are equalised", l.node.Name, v)
			}
		}
		l.w = &w
		if l.b != nil && to != nil {
			b := &graph.Tensor{Type: graph.Float, Shape: l.b.Shape, F: make([]float32, len(l.b.F))}
			for o, v := range l.b.F {
				b.F[o] = float32(math.Ldexp(float64(v), to[o]))
			}
			l.b = b
		}
	}
	return nil
}

// powers chooses the powers from statistics of the unscaled values. Only channels whose signal-to-noise ratio is below lostSNR, or lostFew
// in formats of few bits, are scaled, and they keep a range of spareRange times their peak. With few bits only steady channels are raised
// (calib.Channel.Steady), because calibration does not know the largest value of the others.
func (p *network) powers(r *calib.Ranges, opt Options) (calib.Powers, error) {
	widths, err := resolveWidths(opt.Widths, p, opt.Bits)
	if err != nil {
		return nil, err
	}
	taus, err := tausOf(opt.Thresholds, p)
	if err != nil {
		return nil, err
	}
	c := p.cells()
	for _, l := range p.layers {
		if l.kind == intnet.KindConv && taus[l.node.Name].A > 0 {
			c.block(l.in[0], p.dimsOf(l.in[0]).c)
		}
	}
	b := &calib.Balance{Most: make([]int, len(c.parent))}
	values := make(map[string]*calib.Value)
	lost := make([]bool, len(c.parent))
	for root := range b.Most {
		b.Most[root] = mostPower
	}
	for i, l := range p.layers {
		st, v := r.Of(l.out), &calib.Value{Spare: spareRange}
		bits, from := widths.activations[i], p.source(l.out)
		if st == nil || len(st.Channels) != l.dims.c {
			c.block(l.out, l.dims.c)
			continue
		}
		lostBelow := float64(lostSNR)
		if bits <= errorBits {
			lostBelow = lostFew
		}
		peak := max(float64(st.Max), -float64(st.Min))
		f := valueFormat(st, bits, l.nonneg && st.Min >= 0, l.lo, l.hi, p.isResult(l.out))
		noise := st.SquaredError(f.Step(), f.Min(), f.Max()) / float64(st.Count)
		if bits <= errorBits && opt.Scales == FreeScales {
			least := math.Inf(1)
			for part := range scaleParts {
				if _, e := st.LeastErrorAt(f, 1+float64(part)/scaleParts); e < least {
					least = e
				}
			}
			noise = least / float64(st.Count)
		}
		if peak > 0 {
			v.Noise = noise / (peak * peak)
		}
		for k := range st.Channels {
			ch, root := &st.Channels[k], c.find(c.first[l.out]+k)
			v.Groups, v.Peaks = append(v.Groups, root), append(v.Peaks, ch.Peak)
			if ch.Peak == 0 {
				continue
			}
			if !math.IsInf(l.hi, 1) { // the clamp is the same for all channels
				b.Most[root] = min(b.Most[root], int(math.Floor(math.Log2(l.hi/ch.Peak))))
			}
			lost[root] = lost[root] || (bits > errorBits || ch.Steady()) && ch.Squares < noise*float64(ch.Count)*math.Pow(10, lostBelow/10)
		}
		v.Gains = make([]float64, len(v.Peaks))
		if values[l.out] = v; from == l.out {
			b.Values = append(b.Values, v)
		}
	}
	for i, l := range p.layers {
		if l.kind == intnet.KindConv && values[l.in[0]] != nil {
			if e := l.reader(values[l.in[0]], r, widths.weights[i]); e != nil {
				b.Readers = append(b.Readers, e)
			}
		}
	}
	for _, l := range slices.Backward(p.layers) {
		p.passGains(l, values, r)
	}
	for root := range b.Most {
		if c.find(root) != root || c.blocked[root] || !lost[root] {
			b.Most[root] = 0
		}
	}
	list := b.Powers()
	powers := make(calib.Powers)
	for _, l := range p.layers {
		own := make([]int, l.dims.c)
		for k := range own {
			own[k] = list[c.find(c.first[l.out]+k)]
		}
		if slices.ContainsFunc(own, func(k int) bool { return k != 0 }) {
			powers[l.out] = own
		}
	}
	return powers, nil
}

// reader describes a convolution that reads a value, for balancing; nil if the value has no effect. Its weights add to the value's gains.
func (l *layer) reader(v *calib.Value, r *calib.Ranges, bits int) *calib.Reader {
	e := &calib.Reader{Value: v, Bits: bits, Taps: l.conv.Kernel[0] * l.conv.Kernel[1]}
	if made := r.Of(l.out); made != nil {
		for k := range made.Channels {
			e.Energy += made.Channels[k].Power()
		}
	}
	if e.Energy == 0 {
		return nil
	}
	st := r.Of(l.in[0])
	for k := range st.Channels {
		e.Spread = append(e.Spread, st.Channels[k].Variance())
	}
	n := l.w.Shape[0]
	per, channel := len(l.w.F)/n, l.channels()
	for j, w := range l.w.F {
		v.Gains[channel(j/per, j%per)] += float64(w) * float64(w) / e.Energy
	}
	if l.conv.Groups == len(st.Channels) {
		return e
	}
	for o := range n {
		row := make([]float32, per/e.Taps)
		for i, w := range l.w.F[o*per:][:per] {
			row[i/e.Taps] = max(row[i/e.Taps], w, -w)
		}
		e.Tops = append(e.Tops, row)
	}
	return e
}

// passGains adds the gains of a layer's output to the gains of its inputs, as far as the layer passes noise on.
func (p *network) passGains(l *layer, values map[string]*calib.Value, r *calib.Ranges) {
	out := values[l.out]
	if out == nil || l.kind == intnet.KindConv || l.kind == intnet.KindActivation {
		return
	}
	at := 0 // first channel of the output
	for i, in := range l.in {
		t := values[in]
		n := p.dimsOf(in).c
		for k := range n {
			if t == nil || l.kind == intnet.KindSlice && (k < l.moves.Slice.Start[2] || k >= l.moves.Slice.Start[2]+l.dims.c) {
				continue
			}
			share := 1.0
			to := k
			switch l.kind {
			case intnet.KindGlobalPool:
				if d := p.dimsOf(in); !l.max {
					share = 1 / float64(d.h*d.w)
				}
			case intnet.KindPool:
				if !l.max {
					share = 1 / float64(l.window.Kernel[0]*l.window.Kernel[1])
				}
			case intnet.KindMul:
				if st := r.Of(l.in[1-i]); st != nil && len(st.Channels) == n {
					share = st.Channels[k].Power()
				}
			case intnet.KindConcat:
				to = at + k
			case intnet.KindSlice:
				to = k - l.moves.Slice.Start[2]
			}
			t.Gains[k] += share * out.Gains[to]
		}
		at += n
	}
}
