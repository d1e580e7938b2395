package hwsim

import (
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/kernel"
)

// conv moves the tokens of a convolution. The line buffer accepts and emits in the order of its
// schedule, the engines process the emitted windows, several pixel groups at a time, and the
// join writes the output.
type conv struct {
	win      *window
	engines  []*engine
	products *products
	join     *join
	in, out  *tokens

	gangs    int     // of engines
	px       int     // pixels of a group
	channels int     // of the output
	stride   int     // activations of a row
	rows     []int16 // [group][pixel][stride]
	maps     int     // zero bitmaps of a row
	active   []uint64
	planes   *planes
	acc      []int64 // [group][pixel][channel]
	groups   int     // complete groups in rows
	most     int     // capacity
	begun    bool    // the group behind them has been gathered
	lanes    []int64 // an accumulator token
	probe    *probe  // of the tokens inside; nil if none is observed
}

// Windows of several groups are multiplied at once: as many as are counted at once, as long as their activations stay within
// rowBytes, but at least about leastRows.
const (
	leastRows = 4 * kernel.Rows
	rowBytes  = 1 << 20
)

func newConv(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor, win *window, engines []*engine, stats counting) *conv {
	w := win.sched.Window
	c := &conv{
		win: win, engines: engines, products: newProducts(l, w, in), join: newJoin(l, hl, out),
		gangs: hl.Gangs(), px: w.OutPx, channels: out.C, stride: w.Geom.Kernel[0]*w.Geom.Kernel[1]*w.C + 1,
		lanes: make([]int64, hl.OutPx*hl.Gang),
	}
	c.maps = bitmaps(w) * min(len(engines), 1) // without engines the zeros are not needed
	c.most = min(sliceGroups, max((leastRows+c.px-1)/c.px, rowBytes/(2*c.px*c.stride)), w.PixelGroups())
	c.rows = make([]int16, c.most*c.px*c.stride)
	c.active = make([]uint64, c.most*c.px*c.maps)
	c.planes = newPlanes(c.px, c.maps, bitmapLanes(w))
	if stats == countBeats {
		c.planes = countingPlanes(c.px, c.maps, bitmapLanes(w))
	}
	c.acc = make([]int64, c.most*c.px*out.C)
	return c
}

// run moves all tokens that the input allows.
func (c *conv) run() {
	w := c.win.sched
	for {
		image := w.Image
		accept, emit := w.Accepts(), w.Emits()
		if !accept && !emit {
			break
		}
		if accept {
			beat := c.in.next()
			if beat == nil {
				break
			}
			c.win.accept(beat)
		}
		if emit && (!c.begun || c.win.stale) {
			c.gather()
		}
		if emit && c.probe != nil {
			c.probe.beat(c.win)
		}
		var done bool
		if emit && !accept && c.probe == nil {
			done = c.win.burst(w.Burst())
		} else {
			done = c.win.step(accept, emit)
		}
		if done {
			c.begun = false
			if c.groups++; c.groups == c.most || w.Image != image {
				c.multiply()
			}
		}
	}
	if c.groups > 0 {
		c.multiply()
	}
}

// gather takes the windows of the schedule's current group and finds their zeros.
func (c *conv) gather() {
	c.begun = true
	c.win.stale = false
	c.win.place()
	w := &c.win.sched.Window
	sub := c.products.sub
	taps := w.Geom.Kernel[0] * w.Geom.Kernel[1]
	for p := range c.px {
		r := c.groups*c.px + p
		row := c.rows[r*c.stride:][:c.stride]
		c.win.gather(p, row, sub)
		if c.maps > 0 {
			windowBits(w, c.win.at[p*taps:][:taps], c.win.bits, c.win.words, c.active[r*c.maps:][:c.maps])
		}
	}
}

// multiply processes the beats of the complete groups.
func (c *conv) multiply() {
	if c.maps > 0 {
		c.planes.fill(c.active, c.groups)
	}
	for _, e := range c.engines {
		e.take(c.planes)
	}
	c.products.sum(c.acc, c.channels, c.rows, c.stride, c.groups*c.px)
	folds := c.channels / c.join.pos.ch
	for g := range c.groups {
		for range folds {
			out := c.out.add()
			gang := c.join.gang
			for i := range c.gangs {
				// The token of gang i, the sum of its banks: Px x Gang accumulators.
				first := c.join.pos.from + i*gang
				for p := range c.px {
					copy(c.lanes[p*gang:][:gang], c.acc[(g*c.px+p)*c.channels+first:])
				}
				c.join.part(i, c.lanes, out)
			}
			c.join.pos.next()
		}
	}
	if c.begun { // the next group moves to the front
		n := c.px * c.stride
		copy(c.rows[:n], c.rows[c.groups*n:])
		n = c.px * c.maps
		copy(c.active[:n], c.active[c.groups*n:])
	}
	c.groups = 0
}
