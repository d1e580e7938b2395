package reduce

import (
	"fmt"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// plainHardware tries narrow streams, dense engines and default FIFOs: all at once, then layer by layer.
func plainHardware(c *Case, _ string) (list []attempt) {
	// A name, and the change to the hardware of a layer.
	narrow := []struct {
		what   string
		change func(l *hw.Layer)
	}{
		{"one pixel a beat", func(l *hw.Layer) { l.InPx, l.OutPx = 1, 1 }},
		{"one channel a beat", func(l *hw.Layer) { l.InCh, l.OutCh, l.MCh, l.Gang = 1, 1, min(1, l.MCh), min(1, l.Gang) }},
		{"one gang", func(l *hw.Layer) { l.Gang = min(l.Gang*maxGang, l.OutCh) }},
		{"a multiplier for each lane", func(l *hw.Layer) { l.Turns = 0 }},
		{"one tap a beat", func(l *hw.Layer) { l.MTap = min(1, l.MTap) }},
		{"dense engines", func(l *hw.Layer) {
			if l.Engine != "" {
				l.Engine = hw.Dense
			}
		}},
		{"fewest multipliers", func(l *hw.Layer) { l.N = min(1, l.N) }},
	}
	all := func(what string, change func(l *hw.Layer)) {
		list = append(list, changed(c, what, func(e *edit) error {
			for id, l := range e.hw {
				change(&l)
				e.hw[id] = l
			}
			return nil
		}))
	}
	list = append(list, changed(c, "FIFOs of default depths", func(e *edit) error {
		e.depths = nil
		return nil
	}))
	for _, k := range narrow {
		all(k.what, k.change)
	}
	if len(c.Layers) == 1 {
		return list
	}
	for _, l := range c.Net.Layers {
		for _, k := range narrow[1:] {
			list = append(list, changed(c, k.what+" in "+l.ID, func(e *edit) error {
				h := e.hw[l.ID]
				k.change(&h)
				e.hw[l.ID] = h
				return nil
			}))
		}
	}
	return list
}

// maxGang is larger than the number of lanes of any gang.
const maxGang = 1 << 10

// plainValues tries simple parameters and zeros: in every convolution, then in halves and smaller
// blocks of each.
func plainValues(c *Case, _ string) (list []attempt) {
	for i := range c.Net.Layers {
		l := &c.Net.Layers[i]
		at := func(what string, change func(l *intnet.Layer)) {
			list = append(list, changed(c, what+" of "+l.ID, func(e *edit) error {
				change(&e.net.Layers[i])
				return nil
			}))
		}
		f := c.Net.Tensors[l.Out].Format
		if l.Lo != f.Min() || l.Hi != f.Max() {
			at("no clamp", func(l *intnet.Layer) { l.Lo, l.Hi = f.Min(), f.Max() })
		}
		if l.Conv == nil {
			continue
		}
		if l.Conv.TauA > 0 {
			at("no threshold", func(l *intnet.Layer) { l.Conv.TauA = 0 })
		}
		if l.Conv.BiasFrac > 0 {
			at("no places below the unit in biases", func(l *intnet.Layer) {
				for o := range l.Conv.Bias {
					l.Conv.Bias[o] >>= l.Conv.BiasFrac
				}
				for _, list := range l.Conv.Thresholds {
					for k := range list {
						list[k] >>= l.Conv.BiasFrac
					}
				}
				l.Conv.BiasFrac = 0
			})
		}
		zeros(len(l.Conv.Bias), func(k int) bool { return l.Conv.Bias[k] != 0 }, func(from, to int) {
			at(fmt.Sprintf("biases %d to %d", from, to-1), func(l *intnet.Layer) { clear(l.Conv.Bias[from:to]) })
		})
		zeros(len(l.Conv.Weights), func(k int) bool { return l.Conv.Weights[k] != 0 }, func(from, to int) {
			at(fmt.Sprintf("weights %d to %d", from, to-1), func(l *intnet.Layer) { clear(l.Conv.Weights[from:to]) })
		})
	}
	for i, x := range c.Images {
		zeros(len(x), func(k int) bool { return x[k] != 0 }, func(from, to int) {
			list = append(list, changed(c, fmt.Sprintf("zeros for values %d to %d of image %d", from, to-1, i), func(e *edit) error {
				clear(e.images[i][from:to])
				return nil
			}))
		})
	}
	return list
}

// zeroBlocks bounds how finely zeros divides a range.
const zeroBlocks = 16

// zeros tries to zero blocks of n values, halving the blocks, and skips blocks that are already
// zero.
func zeros(n int, left func(k int) bool, try func(from, to int)) {
	for blocks := 1; blocks <= min(n, zeroBlocks); blocks *= 2 {
		for b := range blocks {
			from, to := b*n/blocks, (b+1)*n/blocks
			for k := from; k < to; k++ {
				if left(k) {
					try(from, to)
					break
				}
			}
		}
	}
}
