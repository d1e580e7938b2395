package hwsim

import (
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/kernel"
)

// conv moves the tokens of a convolution: the line buffer accepts and emits in the order of its
// schedule, the engines take the windows it emits, several pixel groups at a time, and the join
// writes the output.
type conv struct {
	win      *window
	engines  []*engine
	products *products
	join     *join
	in, out  *tokens

	banks    int     // engines of a gang
	px       int     // pixels of a group
	channels int     // of the output
	stride   int     // activations of a row
	rows     []int16 // [group][pixel][stride]
	maps     int     // zero bitmaps of a row
	active   []uint64
	acc      []int64 // [group][pixel][channel]
	groups   int     // complete groups in rows
	begun    bool    // the group behind them has been gathered
	lanes    []int64 // an accumulator token
}

// convRows is about the number of windows that are multiplied at once.
const convRows = 4 * kernel.Rows

func newConv(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor, win *window, engines []*engine) *conv {
	w := win.sched.Window
	c := &conv{
		win: win, engines: engines, products: newProducts(l, w, in), join: newJoin(l, hl, out),
		banks: hl.Banks(), px: w.OutPx, channels: out.C, stride: w.Geom.Kernel[0]*w.Geom.Kernel[1]*w.C + 1,
		lanes: make([]int64, hl.OutPx*hl.Gang),
	}
	groups := (convRows + c.px - 1) / c.px
	c.maps = w.Groups * w.BeatsPerFold()
	if w.Channelwise {
		c.maps *= w.MCh
	}
	c.rows = make([]int16, groups*c.px*c.stride)
	c.active = make([]uint64, groups*c.px*c.maps)
	c.acc = make([]int64, groups*c.px*out.C)
	return c
}

// run moves what the input allows.
func (c *conv) run() {
	w := c.win.sched
	most := len(c.rows) / (c.px * c.stride)
	for {
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
		var done bool
		if emit && !accept {
			done = c.win.burst(w.Burst())
		} else {
			done = c.win.step(accept, emit)
		}
		if done {
			c.begun = false
			if c.groups++; c.groups == most {
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
		active := c.active[r*c.maps:][:c.maps]
		if w.Channelwise {
			zero := int16(-sub)
			i := 0
			for ch := 0; ch < w.C; ch += w.MCh {
				for tap := 0; tap < taps; tap += w.MTap {
					for j := range w.MCh {
						var bits uint64
						for t := range w.MTap {
							bits |= nonzero(row[(tap+t)*w.C+ch+j]-zero) << t
						}
						active[i] = bits
						i++
					}
				}
			}
			continue
		}
		c.win.zeros(p, active)
	}
}

// nonzero is 1 if v is not 0: the sign of v | -v tells without a branch.
func nonzero(v int16) uint64 { return uint64(uint16(v|-v) >> 15) }

// multiply does the beats of the complete groups.
func (c *conv) multiply() {
	for g := range c.groups {
		for _, e := range c.engines {
			e.group(c.active[g*c.px*c.maps:], c.maps)
		}
	}
	c.products.sum(c.acc, c.channels, c.rows, c.stride, c.groups*c.px)
	folds := c.channels / c.join.pos.ch
	for g := range c.groups {
		for range folds {
			out := c.out.add()
			gang := c.join.gang
			for i := range len(c.engines) / c.banks {
				// What gang i writes, the sum of its banks: Px x Gang accumulators.
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
