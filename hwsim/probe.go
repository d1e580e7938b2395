package hwsim

import "hass/internal/hw"

// probe finds the tokens inside a convolution, which conv computes many at a time, for an Observer: the window's beats, the lanes of
// them that every bank gets, and the accumulators. It multiplies beat by beat.
type probe struct {
	tap       func([]int32) // sees the beats; nil if they are not observed
	deals     []deal
	sums      []accStream
	weights   []int16 // [filter][tap][channel of the group]
	depthwise bool
	together  bool // a scheduled engine: all filters share a beat
	taps, px  int  // of the kernel, of a beat
	filters   int  // that share a beat
	banks     int
	beats     int     // of a window
	acc       []int64 // [pixel][filter][bank]
	lanes     []int32 // of the beat
}

// deal is an output of the fork before the engines.
type deal struct {
	tap         func([]int32)
	lanes       int // of a pixel, dealt to the banks in turn
	each        int // lanes that a bank gets before the next one does
	bank, banks int // the number of this bank, and of all
	own         []int32
}

// accStream is a stream of accumulators.
type accStream struct {
	put         func(lanes []int64)
	first, gang int // the first filter of the gang and their number; filters that share a beat count from 0
	bank        int
	lanes       []int64
}

// newProbe is nil if no token inside the convolution of window p is observed.
func newProbe(n *hw.Network, p *hw.Process, weights []int16, obs *Observer) *probe {
	l, hl, w := &n.Net.Layers[p.Layer], &n.Layers[p.Layer], p.Window
	b := &probe{
		tap: obs.tap(p.Out[0]), weights: weights, depthwise: w.Channelwise, together: hl.ChainCount() > 0,
		taps: w.Geom.Kernel[0] * w.Geom.Kernel[1], px: w.OutPx, filters: hl.OutCh, banks: hl.Banks(), beats: w.BeatsPerFold(),
		lanes: make([]int32, w.OutPx*w.MTap*w.MCh),
	}
	switch {
	case b.together:
		b.filters = l.Conv.OutC
	case b.depthwise:
		b.beats = b.taps / w.MTap
	}
	observed := b.tap != nil
	sums := func(stream, first, gang, bank int) {
		if obs.wants(stream) {
			b.sums = append(b.sums, accStream{func(lanes []int64) { obs.Token(stream, lanes) }, first, gang, bank, make([]int64, b.px*gang)})
		}
	}
	for i := range n.Processes {
		q := &n.Processes[i]
		if q.Layer != p.Layer {
			continue
		}
		switch q.Kind {
		case hw.Fork:
			d, dealt := n.Deal(q)
			if !dealt {
				d = hw.DealParams{Lanes: w.MTap * w.MCh, Banks: 1, Each: 1}
			}
			for k, s := range q.Out {
				if tap := obs.tap(s); tap != nil {
					observed = true
					b.deals = append(b.deals, deal{tap, d.Lanes, d.Each, k % d.Banks, d.Banks, make([]int32, b.px*d.Lanes/d.Banks)})
				}
			}
		case hw.Engine:
			sums(q.Out[0], q.Index/b.banks*hl.Gang, hl.Gang, q.Index%b.banks)
		case hw.ScheduledProc:
			for f, chain := range n.Plans[p.Layer].Chain {
				sums(q.Out[chain], f, 1, 0)
			}
		case hw.Collect:
			for f := range b.filters {
				sums(q.Out[0], f, 1, 0)
			}
		}
	}
	if !observed && b.sums == nil {
		return nil
	}
	if b.sums != nil {
		b.acc = make([]int64, b.px*b.filters*b.banks)
	}
	return b
}

// beat takes the window's current beat.
func (b *probe) beat(win *window) {
	win.emit(b.lanes)
	if b.tap != nil {
		b.tap(b.lanes)
	}
	for _, d := range b.deals {
		own := len(d.own) / b.px
		for i := range d.own {
			p, k := i/own, i%own
			d.own[i] = b.lanes[p*d.lanes+(k/d.each*d.banks+d.bank)*d.each+k%d.each]
		}
		d.tap(d.own)
	}
	if b.sums == nil {
		return
	}
	w := win.sched
	b.multiply(w)
	if w.Beat%b.beats < b.beats-1 {
		return
	}
	for _, s := range b.sums {
		for p := range b.px {
			for g := range s.gang {
				s.lanes[p*s.gang+g] = b.acc[(p*b.filters+s.first+g)*b.banks+s.bank]
			}
		}
		s.put(s.lanes)
	}
	clear(b.acc)
}

// multiply adds the products of the beat.
func (b *probe) multiply(w *hw.WindowSchedule) {
	tap, ch := w.Place()
	channels, first := w.FoldChannels(), 0
	switch {
	case b.depthwise:
		channels, first, ch = 1, ch, 0
	case !b.together:
		first, ch = w.Beat/b.beats*b.filters, ch%channels
	}
	m := w.MTap * w.MCh
	for i, x := range b.lanes {
		if x == 0 {
			continue
		}
		p, t, c := i/m, i%m/w.MCh, i%w.MCh
		if b.depthwise { // the lane has a filter of its own
			b.acc[(p*b.filters+c)*b.banks+t%b.banks] += int64(x) * int64(b.weights[(first+c)*b.taps+tap+t])
			continue
		}
		bank := i % m % b.banks
		for f := range b.filters {
			b.acc[(p*b.filters+f)*b.banks+bank] += int64(x) * int64(b.weights[((first+f)*b.taps+tap+t)*channels+ch+c])
		}
	}
}
