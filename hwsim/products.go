package hwsim

import (
	"math"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/kernel"
)

// products computes the sums of the engines of all gangs: from rows of windows, as gathered
// from the line buffer, the accumulators of every output channel. Sums are exact.
type products struct {
	window int   // activations of one group's window
	sub    int32 // subtracted from 16-bit unsigned activations to fit int16
	panels []panel
	alone  bool // depthwise
	weight []int16
	taken  []int64 // by output channel: the contribution of sub
	tile   []int64
}

// panel is the weights of kernel.IntCols output channels of one group.
type panel struct {
	first, n int // output channels
	from     int // place of the group's window in a row
	w        []int16
	runs     []kernel.Run
}

// subFor is the number to subtract so that activations of a tensor fit int16.
func subFor(t intnet.Tensor) int32 {
	if t.Format.Max() > math.MaxInt16 {
		return 1 << 15
	}
	return 0
}

func newProducts(l intnet.Layer, w hw.Window, in intnet.Tensor) *products {
	c := l.Conv
	q := &products{
		window: c.Kernel[0] * c.Kernel[1] * (w.C / c.Groups), sub: subFor(in), alone: w.Channelwise,
		weight: c.Weights, taken: make([]int64, c.OutC), tile: make([]int64, kernel.Rows*kernel.IntCols),
	}
	for o := range q.taken {
		for _, v := range c.Weights[o*q.window:][:q.window] {
			q.taken[o] += int64(v) * int64(q.sub)
		}
	}
	if q.alone {
		return q
	}
	// The largest sum of magnitudes of weights that keeps a sum of products within int32.
	room := int64(math.MaxInt32) / max(in.Format.Max()-int64(q.sub), int64(q.sub)-min(0, in.Format.Min()))
	per := c.OutC / c.Groups
	for first := 0; first < c.OutC; {
		pn := panel{first: first, n: min(kernel.IntCols, per-first%per), from: first / per * q.window}
		pn.fill(c.Weights[first*q.window:], q.window, room)
		q.panels = append(q.panels, pn)
		first += pn.n
	}
	return q
}

// fill packs the filters of a panel as pairs of weights and splits them into runs.
func (pn *panel) fill(filters []int16, k int, room int64) {
	pairs := (k + 1) / 2
	pn.w = make([]int16, pairs*2*kernel.IntCols)
	var sums [kernel.IntCols]int64 // of magnitudes in the current run
	for i := range pairs {
		pair := pn.w[i*2*kernel.IntCols:][:2*kernel.IntCols]
		next, fits := sums, i > 0
		for j := range pn.n {
			var size int64
			for e, v := range filters[j*k+2*i:][:min(2, k-2*i)] {
				pair[2*j+e] = v
				size += max(int64(v), -int64(v))
			}
			next[j] += size
			fits = fits && next[j] <= room
		}
		if fits {
			pn.runs[len(pn.runs)-1].Pairs++
			sums = next
			continue
		}
		pn.runs = append(pn.runs, kernel.Run{Off: 2 * i, Pairs: 1})
		for j := range sums {
			sums[j] = next[j] - sums[j]
		}
	}
}

// sum writes the accumulators [row][channel of channels] of n rows of windows, each stride
// activations after the previous one. One more activation may be read after each row.
func (q *products) sum(acc []int64, channels int, rows []int16, stride, n int) {
	if q.alone {
		for r := range n {
			row := rows[r*stride:]
			for o, s := range q.taken {
				for t, v := range q.weight[o*q.window:][:q.window] {
					s += int64(v) * int64(row[t*channels+o])
				}
				acc[r*channels+o] = s
			}
		}
		return
	}
	for i := range q.panels {
		pn := &q.panels[i]
		for r0 := 0; r0 < n; r0 += kernel.Rows {
			k := min(kernel.Rows, n-r0)
			var base [kernel.Rows]int
			for r := range base {
				base[r] = (r0+min(r, k-1))*stride + pn.from
			}
			clear(q.tile)
			kernel.IntTile(q.tile, rows, &base, pn.w, pn.runs)
			for r := range k {
				dst := acc[(r0+r)*channels+pn.first:][:pn.n]
				for j, v := range q.tile[r*kernel.IntCols:][:pn.n] {
					dst[j] = v + q.taken[pn.first+j]
				}
			}
		}
	}
}
