package fit

import (
	"fmt"
	"math/bits"
	"math/rand"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/packing"
)

// RequantiseForms are joins of four lanes that requantise sums of 23 bits, as for 3x3x64 products of 8 bits, to 64 channels,
// with their names. They compare the forms of requantisation.
func RequantiseForms() (names []string, joins []hw.JoinParams) {
	add := func(name string, bits int, change func(j *hw.JoinParams)) {
		j := hw.JoinParams{Gangs: 1, Banks: 1, Gang: 4, Px: 1, AccBits: 23, Bits: bits, W: 16, Folds: 16, Shift: 20 - bits, Steps: 1, Rounding: fixed.HalfEven, Hi: 1<<bits - 1}
		change(&j)
		if j.MulBits > 0 {
			j.Shift += j.MulBits
			j.Parts = packing.Product{A: j.SumBits(), B: j.MulBits + 1}.Parts()
		}
		names, joins = append(names, name), append(joins, j)
	}
	add("shift, half up", 8, func(j *hw.JoinParams) { j.Rounding = fixed.HalfUp })
	add("shift", 8, func(*hw.JoinParams) {})
	add("shift per channel, 4 steps", 8, func(j *hw.JoinParams) { j.Shift, j.Steps = 10, 4 })
	add("shift per channel, 8 steps", 8, func(j *hw.JoinParams) { j.Shift, j.Steps = 8, 8 })
	for _, width := range []int{16, 24, 30} {
		add(fmt.Sprintf("one multiplier of %d bits", width), 8, func(j *hw.JoinParams) { j.MulBits, j.Mul = width, int64(1)<<width-12345 }) // any odd number
		add(fmt.Sprintf("multipliers of %d bits per channel", width), 8, func(j *hw.JoinParams) { j.MulBits = width })
	}
	add("multipliers of 30 bits per channel, sums of 28", 8, func(j *hw.JoinParams) { j.AccBits, j.Shift, j.MulBits = 28, 17, 30 })
	for _, width := range []int{2, 3, 4} {
		add(fmt.Sprintf("shift, outputs of %d bits", width), width, func(*hw.JoinParams) {})
		add(fmt.Sprintf("multipliers of 24 bits per channel, outputs of %d bits", width), width, func(j *hw.JoinParams) { j.MulBits = 24 })
		add(fmt.Sprintf("thresholds, outputs of %d bits", width), width, func(j *hw.JoinParams) { j.Levels, j.Shift, j.Rounding = 1<<width-1, 0, fixed.HalfUp })
	}
	return names, joins
}

// formPoints are joins that requantise by a multiplier or thresholds, and sums and products with factors.
func formPoints(l *list) {
	rng := rand.New(rand.NewSource(8))
	pick := func(v ...int) int { return v[rng.Intn(len(v))] }
	rounding := func() fixed.Rounding { return fixed.Roundings[rng.Intn(len(fixed.Roundings))] }
	join := func() hw.JoinParams {
		j := hw.JoinParams{Gangs: pick(1, 1, 2, 4), Banks: 1, Gang: pick(1, 2, 4), Px: pick(1, 1, 1, 2), AccBits: 14 + rng.Intn(20), Bits: 8, W: pick(4, 7, 14, 28, 32),
			Folds: pick(1, 2, 4, 8, 16, 50), Steps: 1, Rounding: rounding(), Lo: -128, Hi: 127}
		if rng.Intn(2) == 0 {
			j.Lo, j.Hi = 0, 255
		}
		for j.Px*j.OutCh() > 12 {
			j.Gang /= 2
		}
		return j
	}
	_, forms := RequantiseForms()
	for _, j := range forms {
		l.add(j)
	}
	for k := range 30 {
		j := join()
		j.MulBits = 8 + rng.Intn(23)
		j.Shift = j.AccBits + j.MulBits - 9 - rng.Intn(6)
		if j.Parts = (packing.Product{A: j.SumBits(), B: j.MulBits + 1}).Parts(); rng.Intn(2) == 0 {
			j.Mul = int64(1)<<(j.MulBits-1) + rng.Int63n(1<<(j.MulBits-2))*2 + 1
		}
		if k%3 == 1 { // synthesis of all of them takes long
			l.add(j)
		}
	}
	for k := range 24 {
		j := join()
		j.Rounding, j.AccBits = fixed.HalfUp, 8+rng.Intn(20)
		j.Bits = pick(2, 2, 3, 4, 4)
		j.Lo, j.Hi = 0, 1<<j.Bits-1
		switch rng.Intn(3) {
		case 0:
			j.Lo, j.Hi = -1<<(j.Bits-1), 1<<(j.Bits-1)-1
		case 1:
			j.Hi -= rng.Int63n(j.Hi/2 + 1)
		}
		j.Levels = int(j.Hi - j.Lo)
		for j.Levels > 7 && j.Px*j.OutCh() > 4 {
			j.Gangs, j.Px = 1, 1
		}
		if k%3 == 0 {
			l.add(j)
		}
	}
	operands := func() hw.Operands {
		bits := pick(4, 8, 8, 8, 16)
		e := hw.Elementwise{OutBits: bits, Px: pick(1, 1, 2), Ch: pick(1, 2, 4), W: pick(4, 7, 14, 28), ChannelBeats: pick(1, 4, 16), Rounding: rounding(), Hi: 1<<(bits-1) - 1}
		if rng.Intn(2) == 0 {
			e.Lo = -1 << (bits - 1)
		}
		return hw.Operands{Elementwise: e, Bits0: bits, Signed0: rng.Intn(2) == 0, Bits1: bits, Signed1: rng.Intn(2) == 0}
	}
	factor := func(width, most int) (hw.Wide, int) {
		n := 4 + rng.Intn(most-3)
		f := int64(1)<<(n-1) + rng.Int63n(1<<(n-2))*2 + 1
		return hw.Wide(f), packing.Product{A: width, B: n + 1}.Parts()
	}
	signed := func(bits int, signed bool) int {
		if signed {
			return bits
		}
		return bits + 1
	}
	for k := range 14 {
		o := operands()
		a := hw.AddParams{Operands: o, Factor0: 1 << rng.Intn(10), Factor1: 1}
		if k%3 > 0 {
			a.Factor0, a.Parts0 = factor(signed(o.Bits0, o.Signed0), 30)
		}
		a.Factor1, a.Parts1 = factor(signed(o.Bits1, o.Signed1), 30)
		a.Shift = bits.Len64(uint64(max(a.Factor0, a.Factor1)))
		l.add(a)
	}
	for range 14 {
		o := operands()
		m := hw.MulParams{Operands: o}
		m.Factor, m.Parts = factor(signed(o.Bits0, o.Signed0)+signed(o.Bits1, o.Signed1), 28)
		m.Shift = o.Bits0 + bits.Len64(uint64(m.Factor))
		l.add(m)
	}
}
