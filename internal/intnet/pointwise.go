package intnet

import "hass/internal/fixed"

// combine evaluates an Add or Mul.
func (x *Exec) combine(l *Layer, f func(a, b int32) int64) {
	a, b, out := x.tensors[l.In[0]], x.tensors[l.In[1]], x.tensors[l.Out]
	n := len(b) // all values, or one pixel's where b is broadcast
	for len(out) > 0 {
		for j, v := range b {
			out[j] = int32(fixed.Requant(f(a[j], v), l.Shift, l.Lo, l.Hi))
		}
		a, out = a[n:], out[n:]
	}
}

// Apply is the function at x, a value of channel c of a tensor whose format's least value
// is min, requantised to [lo, hi]. It is the definition; other back ends are
// compared with it.
func (a *Act) Apply(x int64, c int, min, lo, hi int64) int64 {
	var v int64
	switch a.Fn {
	case ActHardSigmoid:
		v = x*a.Mul[0] + a.Add
	case ActHardSwish:
		v = x * clamp(x+a.Add, 0, a.Top) * a.Mul[0]
	case ActLeaky:
		m := a.Top
		if x < 0 {
			m = a.Mul[c%len(a.Mul)] // one, or one per channel
		}
		v = x * m
	case ActCurve:
		i, r := (x-min)>>a.Step, (x-min)&(1<<a.Step-1)
		v = a.Table[i]<<a.Step + (a.Table[i+1]-a.Table[i])*r
	}
	return fixed.Requant(v, a.Shift, lo, hi)
}

func clamp(v, lo, hi int64) int64 { return min(max(v, lo), hi) }
