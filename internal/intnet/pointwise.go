package intnet

import "hass/internal/fixed"

// combine evaluates an Add or Mul.
func (x *Exec) combine(l *Layer) {
	a, b, out := x.tensors[l.In[0]], x.tensors[l.In[1]], x.tensors[l.Out]
	n := len(b) // all values, or one pixel's where b is broadcast
	for ; len(out) > 0; a, out = a[n:], out[n:] {
		a, out := a[:n], out[:n]
		if l.Kind == KindMul {
			for j, v := range b {
				out[j] = int32(fixed.Requant(int64(a[j])*int64(v)*l.Factors[0], l.Shift, l.Rounding, l.Lo, l.Hi))
			}
			continue
		}
		f0, f1 := l.Factors[0], l.Factors[1]
		for j, v := range b {
			out[j] = int32(fixed.Requant(int64(a[j])*f0+int64(v)*f1, l.Shift, l.Rounding, l.Lo, l.Hi))
		}
	}
}

// Apply is the function at x, a value of channel c of a tensor whose format's least value
// is min, requantised to [lo, hi]. It is the definition; other back ends are
// compared with it.
func (a *Act) Apply(x int64, c int, min int64, r fixed.Rounding, lo, hi int64) int64 {
	var v int64
	switch a.Fn {
	case ActAffine:
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
		i, rest := (x-min)>>a.Step, (x-min)&(1<<a.Step-1)
		v = a.Table[i]<<a.Step + (a.Table[i+1]-a.Table[i])*rest
	default:
		panic("intnet: no function " + string(a.Fn)) // check refuses it
	}
	return fixed.Requant(v, a.Shift, r, lo, hi)
}

func clamp(v, lo, hi int64) int64 { return min(max(v, lo), hi) }

// actTable is a function of one value as a table over all inputs from the least on, less Lo so that
// 16 bits hold each; nil if channels have functions of their own.
func actTable(l *Layer, in *Tensor) []uint16 {
	if len(l.Act.Mul) > 1 {
		return nil
	}
	least := in.Format.Min()
	table := make([]uint16, in.Format.Max()-least+1)
	for i := range table {
		table[i] = uint16(l.Act.Apply(least+int64(i), 0, least, l.Rounding, l.Lo, l.Hi) - l.Lo)
	}
	return table
}

// activate evaluates an activation.
func (x *Exec) activate(l *Layer, table []uint16, in, out []int32) {
	t := &x.net.Tensors[l.In[0]]
	least := t.Format.Min()
	if table == nil {
		for j, v := range in {
			out[j] = int32(l.Act.Apply(int64(v), j%t.C, least, l.Rounding, l.Lo, l.Hi))
		}
		return
	}
	off, lo := int32(least), int32(l.Lo)
	out = out[:len(in)]
	for j, v := range in {
		out[j] = int32(table[v-off]) + lo
	}
}
