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
// is min, requantised to [lo, hi]. It is the definition with which other back ends are
// compared.
func (a *Act) Apply(x int64, c int, min int64, r fixed.Rounding, lo, hi int64) int64 {
	var v int64
	switch a.Fn {
	case ActAffine:
		v = x*a.Mul[0] + a.Add
	case ActHardSwish:
		v = x * clamp(x+a.Add, 0, a.Top) * a.Mul[c%len(a.Mul)] // one, or one per channel
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

// actPlan is the data of an activation besides its layer, computed once: the function as tables over all inputs from the least on, minus
// Lo so that each value fits 16 bits, and the table of each channel, nil if all use the first. There are no tables if the channels have
// too many functions.
type actPlan struct {
	tables [][]uint16
	of     []int
}

func newActPlan(l *Layer, in *Tensor) *actPlan {
	p := new(actPlan)
	known := make(map[int64]int) // by multiplier
	muls := l.Act.Mul
	if len(muls) == 0 {
		muls = []int64{0}
	}
	least := in.Format.Min()
	for c, m := range muls {
		if _, ok := known[m]; !ok {
			if len(p.tables) == mostTables {
				return new(actPlan)
			}
			known[m] = len(p.tables)
			table := make([]uint16, in.Format.Max()-least+1)
			for i := range table {
				table[i] = uint16(l.Act.Apply(least+int64(i), c, least, l.Rounding, l.Lo, l.Hi) - l.Lo)
			}
			p.tables = append(p.tables, table)
		}
		if len(muls) > 1 {
			p.of = append(p.of, known[m])
		}
	}
	return p
}

// mostTables bounds the tables of one layer.
const mostTables = 16

// activate evaluates an activation.
func (x *Exec) activate(l *Layer, p *actPlan, in, out []int32) {
	t := &x.net.Tensors[l.In[0]]
	least := t.Format.Min()
	if p.tables == nil {
		for j, v := range in {
			out[j] = int32(l.Act.Apply(int64(v), j%t.C, least, l.Rounding, l.Lo, l.Hi))
		}
		return
	}
	off, lo := int32(least), int32(l.Lo)
	out = out[:len(in)]
	if p.of == nil {
		table := p.tables[0]
		for j, v := range in {
			out[j] = int32(table[v-off]) + lo
		}
		return
	}
	for ; len(in) > 0; in, out = in[t.C:], out[t.C:] {
		for c, v := range in[:t.C] {
			out[c] = int32(p.tables[p.of[c]][v-off]) + lo
		}
	}
}
