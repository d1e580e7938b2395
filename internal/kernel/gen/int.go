package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// widen adds the four low and the four high int32 sums of acc to int64 sums in
// memory, at byte offsets lo and hi of p.
func widen(acc VecVirtual, p Register, lo, hi int) {
	t, h := YMM(), YMM()
	VPMOVSXDQ(acc.AsX(), t)
	VPADDQ(Mem{Base: p, Disp: lo}, t, t)
	VMOVDQU(t, Mem{Base: p, Disp: lo})
	VEXTRACTI128(Imm(1), acc, h.AsX())
	VPMOVSXDQ(h.AsX(), h)
	VPADDQ(Mem{Base: p, Disp: hi}, h, h)
	VMOVDQU(h, Mem{Base: p, Disp: hi})
}

// intTile: see IntTile. The sums of a run stay in registers as int32.
func intTile() {
	const mr = 6
	TEXT("avxIntTile", NOSPLIT, "func(acc *int64, x *int16, base *int, w *int16, runs *int, n int)")
	Pragma("noescape")
	Doc("avxIntTile is IntTile; n counts runs.")
	acc := Load(Param("acc"), GP64())
	x := Load(Param("x"), GP64())
	base := Load(Param("base"), GP64())
	w := Load(Param("w"), GP64())
	runs := Load(Param("runs"), GP64())
	n := Load(Param("n"), GP64())
	Label("run")
	TESTQ(n, n)
	JE(LabelRef("done"))
	at, pairs := GP64(), GP64()
	MOVQ(Mem{Base: runs}, at)
	LEAQ(Mem{Base: x, Index: at, Scale: 2}, at)
	var row [mr]GPVirtual
	for r := range row {
		row[r] = GP64()
		MOVQ(Mem{Base: base, Disp: 8 * r}, row[r])
		LEAQ(Mem{Base: at, Index: row[r], Scale: 2}, row[r])
	}
	MOVQ(Mem{Base: runs, Disp: 8}, pairs)
	ADDQ(Imm(16), runs)
	var s [mr][2]VecVirtual
	for r := range s {
		for j := range s[r] {
			s[r][j] = YMM()
			VPXOR(s[r][j], s[r][j], s[r][j])
		}
	}
	i := GP64()
	XORQ(i, i)
	Label("pair")
	b0, b1 := YMM(), YMM()
	VMOVDQU(Mem{Base: w}, b0)
	VMOVDQU(Mem{Base: w, Disp: 32}, b1)
	for r := range s {
		t, u := YMM(), YMM()
		VPBROADCASTD(Mem{Base: row[r], Index: i, Scale: 4}, t)
		VPMADDWD(b0, t, u)
		VPADDD(u, s[r][0], s[r][0])
		VPMADDWD(b1, t, t)
		VPADDD(t, s[r][1], s[r][1])
	}
	ADDQ(Imm(64), w)
	INCQ(i)
	CMPQ(i, pairs)
	JL(LabelRef("pair"))
	for r := range s {
		for j := range s[r] {
			widen(s[r][j], acc, 128*r+64*j, 128*r+64*j+32)
		}
	}
	DECQ(n)
	JMP(LabelRef("run"))
	Label("done")
	VZEROUPPER()
	RET()
}

// intTaps: see IntTaps. Two taps are interleaved, so that one instruction
// multiplies both and adds the products.
func intTaps() {
	TEXT("avxIntTaps", NOSPLIT, "func(acc *int64, pixels int, x *int16, step int, off *int, w *int16, runs *int, n int)")
	Pragma("noescape")
	Doc("avxIntTaps is IntTaps; step counts bytes and n runs.")
	acc := Load(Param("acc"), GP64())
	pixels := Load(Param("pixels"), GP64())
	x := Load(Param("x"), GP64())
	Label("pixel")
	off := Load(Param("off"), GP64())
	w := Load(Param("w"), GP64())
	runs := Load(Param("runs"), GP64())
	n := Load(Param("n"), GP64())
	lo, hi := YMM(), YMM()
	Label("run")
	pairs := GP64()
	MOVQ(Mem{Base: runs}, pairs)
	ADDQ(Imm(8), runs)
	VPXOR(lo, lo, lo)
	VPXOR(hi, hi, hi)
	Label("pair")
	p, q := GP64(), GP64()
	MOVQ(Mem{Base: off}, p)
	MOVQ(Mem{Base: off, Disp: 8}, q)
	ADDQ(Imm(16), off)
	a, b, t := YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: x, Index: p, Scale: 2}, a)
	VMOVDQU(Mem{Base: x, Index: q, Scale: 2}, b)
	VPUNPCKLWD(b, a, t)
	VPUNPCKHWD(b, a, a)
	VPMADDWD(Mem{Base: w}, t, t)
	VPMADDWD(Mem{Base: w, Disp: 32}, a, a)
	ADDQ(Imm(64), w)
	VPADDD(t, lo, lo)
	VPADDD(a, hi, hi)
	DECQ(pairs)
	JNE(LabelRef("pair"))
	// lo has the low four of each eight channels, hi the high four.
	widen(lo, acc, 0, 64)
	widen(hi, acc, 32, 96)
	DECQ(n)
	JNE(LabelRef("run"))
	step := Load(Param("step"), GP64())
	ADDQ(step, x)
	ADDQ(I32(128), acc)
	DECQ(pixels)
	JNE(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// evenDwords is the constant that selects the low halves of four 64-bit numbers.
var evenDwords Mem

// What requant does with the lowest bit of exact ties.
const (
	keepTies  = false
	clearTies = true
)

// requant: see Requant16; with clearTies it clears the lowest bit of exact ties.
func requant(ties bool) {
	if ties {
		TEXT("avxRequant16Ties", NOSPLIT, "func(y *int32, stride, rows int, acc, half, shift, ties *int64, lo, hi, limit int64) (bad bool)")
		Doc("avxRequant16Ties is Requant16 with a stride in bytes.")
	} else {
		TEXT("avxRequant16", NOSPLIT, "func(y *int32, stride, rows int, acc, half, shift *int64, lo, hi, limit int64) (bad bool)")
		Doc("avxRequant16 is Requant16 without ties and with a stride in bytes.")
	}
	Pragma("noescape")
	y := Load(Param("y"), GP64())
	stride := Load(Param("stride"), GP64())
	rows := Load(Param("rows"), GP64())
	acc := Load(Param("acc"), GP64())
	half := Load(Param("half"), GP64())
	shift := Load(Param("shift"), GP64())
	var tie Register
	if ties {
		tie = Load(Param("ties"), GP64())
	}
	bq := func(name string) VecVirtual {
		m, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		v := YMM()
		VPBROADCASTQ(m.Addr, v)
		return v
	}
	lo, hi, top := bq("lo"), bq("hi"), bq("limit")
	sign, bottom, bad, pick := YMM(), YMM(), YMM(), YMM()
	VPCMPEQQ(sign, sign, sign)
	VPADDQ(sign, top, top) // limit - 1
	// A sum is bad if it is less than bottom = -limit.
	VPXOR(sign, top, bottom) // ^(limit-1) = -limit
	VPSLLQ(Imm(63), sign, sign)
	VPXOR(bad, bad, bad)
	if !ties {
		evenDwords = GLOBL("even", attr.RODATA|attr.NOPTR)
		for i := range 8 {
			DATA(4*i, U32(2*i%8))
		}
	}
	VMOVDQU(evenDwords, pick)
	Label("row")
	TESTQ(rows, rows)
	JE(LabelRef("done"))
	for j := range 4 {
		a, s, m, t := YMM(), YMM(), YMM(), YMM()
		VMOVDQU(Mem{Base: acc, Disp: 32 * j}, a)
		VPCMPGTQ(a, bottom, m) // -limit > a
		VPOR(m, bad, bad)
		VPADDQ(Mem{Base: half, Disp: 32 * j}, a, a)
		VPCMPGTQ(top, a, m) // a > limit-1
		VPOR(m, bad, bad)
		// An arithmetic shift: flip the sign bit, shift logically, subtract the shifted sign bit.
		VMOVDQU(Mem{Base: shift, Disp: 32 * j}, s)
		sum := a
		if a = YMM(); !ties {
			a = sum
		}
		VPXOR(sign, sum, a)
		VPSRLVQ(s, a, a)
		VPSRLVQ(s, sign, t)
		VPSUBQ(t, a, a)
		if ties {
			VPSLLVQ(s, a, t)
			VPCMPEQQ(sum, t, t) // nothing was shifted out
			VPAND(Mem{Base: tie, Disp: 32 * j}, t, t)
			VPANDN(a, t, a)
		}
		VPCMPGTQ(a, lo, m) // lo > a
		VBLENDVPD(m, lo, a, a)
		VPCMPGTQ(hi, a, m) // a > hi
		VBLENDVPD(m, hi, a, a)
		VPERMD(a, pick, a)
		VMOVDQU(a.AsX(), Mem{Base: y, Disp: 16 * j})
	}
	ADDQ(I32(128), acc)
	ADDQ(stride, y)
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	r := GP32()
	VMOVMSKPD(bad, r)
	TESTL(r, r)
	out := GP8()
	SETNE(out)
	Store(out, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// narrow: see Narrow.
func narrow() {
	TEXT("avxNarrow", NOSPLIT, "func(y *int16, x *int32, n int, tau, sub int32)")
	Pragma("noescape")
	Doc("avxNarrow is Narrow for n a multiple of 16.")
	y, x, n := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	bd := func(name string) VecVirtual {
		m, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		v := YMM()
		VBROADCASTSS(m.Addr, v)
		return v
	}
	tau, sub := bd("tau"), bd("sub")
	Label("loop")
	TESTQ(n, n)
	JE(LabelRef("done"))
	var v [2]VecVirtual
	for j := range v {
		v[j] = YMM()
		m := YMM()
		VMOVDQU(Mem{Base: x, Disp: 32 * j}, v[j])
		VPABSD(v[j], m)
		VPCMPGTD(m, tau, m) // tau > |v|
		VPANDN(v[j], m, v[j])
		VPSUBD(sub, v[j], v[j])
	}
	VPACKSSDW(v[1], v[0], v[0])
	VPERMQ(Imm(0xd8), v[0], v[0])
	VMOVDQU(v[0], ptr(y))
	ADDQ(Imm(64), x)
	ADDQ(Imm(32), y)
	SUBQ(Imm(16), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}
