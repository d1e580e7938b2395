package intnet

import "hass/internal/fixed"

// The layers that join pixels or resample them: concat, resize.

func (x *Exec) concat(l *Layer, out []int32) {
	c := x.net.Tensors[l.Out].C
	at := 0
	for _, i := range l.In {
		n := x.net.Tensors[i].C
		in := x.tensors[i]
		for o := at; len(in) > 0; o += c {
			copy(out[o:], in[:n])
			in = in[n:]
		}
		at += n
	}
}

func resize(l *Layer, ti, to *Tensor, in, out []int32) {
	r := l.Resize
	shift := r.Shift()
	for y := range to.H {
		for x := range to.W {
			for c := range to.C {
				var sum int64
				for _, wy := range r.Rows.at(y) {
					for _, wx := range r.Cols.at(x) {
						if w := wy.weight * wx.weight; w != 0 {
							sum += w * int64(in[(wy.from*ti.W+wx.from)*ti.C+c])
						}
					}
				}
				out[(y*to.W+x)*to.C+c] = int32(fixed.Requant(fixed.RoundOff(sum, r.Drop), shift, l.Rounding, l.Lo, l.Hi))
			}
		}
	}
}

type weighted struct {
	from   int
	weight int64
}

// at gives the two positions that output position i reads; the weight of the second may be 0.
func (s *Samples) at(i int) [2]weighted {
	w := int64(0)
	if s.Weight != nil {
		w = s.Weight[i]
	}
	return [2]weighted{{s.From[i], 1<<s.Scale - w}, {s.From[i] + 1, w}}
}
