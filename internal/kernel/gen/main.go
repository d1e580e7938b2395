// Command gen writes the assembly of package kernel:
//
//	go generate ./internal/kernel
//
// It is a separate Go module, so that the product does not depend on avo. Every
// kernel has an equivalent Go function in package kernel, which is its
// documentation.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, n := range []int{16, 8} {
		fmaTile(n)
	}
	fmaPlane()
	clamp()
	addClamp()
	mul()
	scale()
	hardSwish()
	threshold()
	evens()
	intTile()
	intTaps()
	requant(keepTies)
	requant(clearTies)
	narrow()
	Generate()
}

// each emits a loop over n elements, eight at a time; n is a multiple of 8.
func each(name string, n Register, body func(), advance ...Register) {
	Label(name)
	CMPQ(n, Imm(0))
	JE(LabelRef(name + "done"))
	body()
	for _, p := range advance {
		ADDQ(Imm(32), p)
	}
	SUBQ(Imm(8), n)
	JMP(LabelRef(name))
	Label(name + "done")
}

func ptr(p Register) Mem { return Mem{Base: p} }

func broadcast(name string) VecVirtual {
	v := YMM()
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, v)
	return v
}

// fmaTile: see Tile. Six rows times nr columns of sums stay in
// registers.
func fmaTile(nr int) {
	const mr = 6
	name := map[int]string{16: "fmaTile6x16", 8: "fmaTile6x8"}[nr]
	TEXT(name, NOSPLIT, "func(k int, a, b, c *float32, ldc int, first bool)")
	Pragma("noescape")
	Doc(name + " is Tile for a panel of " + map[int]string{16: "16", 8: "8"}[nr] + " columns; ldc counts bytes.")
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	first := Load(Param("first"), GP8())
	nv := nr / 8
	var acc [mr][2]VecVirtual
	for i := range acc {
		for j := range nv {
			acc[i][j] = YMM()
		}
	}
	row := GP64()
	TESTB(first, first)
	JNE(LabelRef("zero"))
	MOVQ(c, row)
	for i := range acc {
		for j := range nv {
			VMOVUPS(Mem{Base: row, Disp: 32 * j}, acc[i][j])
		}
		if i < mr-1 {
			ADDQ(ldc, row)
		}
	}
	JMP(LabelRef("loop"))
	Label("zero")
	for i := range acc {
		for j := range nv {
			VXORPS(acc[i][j], acc[i][j], acc[i][j])
		}
	}
	step := func(u int) {
		var bv [2]VecVirtual
		for j := range nv {
			bv[j] = YMM()
			VMOVUPS(Mem{Base: b, Disp: 4*nr*u + 32*j}, bv[j])
		}
		for i := range acc {
			av := YMM()
			VBROADCASTSS(Mem{Base: a, Disp: 4*mr*u + 4*i}, av)
			for j := range nv {
				VFMADD231PS(bv[j], av, acc[i][j])
			}
		}
	}
	const unroll = 4
	Label("loop")
	CMPQ(k, Imm(unroll))
	JLT(LabelRef("rest"))
	for u := range unroll {
		step(u)
	}
	ADDQ(I32(4*mr*unroll), a)
	ADDQ(I32(int32(4*nr*unroll)), b)
	SUBQ(Imm(unroll), k)
	JMP(LabelRef("loop"))
	Label("rest")
	TESTQ(k, k)
	JE(LabelRef("store"))
	step(0)
	ADDQ(Imm(4*mr), a)
	ADDQ(I32(int32(4*nr)), b)
	DECQ(k)
	JMP(LabelRef("rest"))
	Label("store")
	for i := range acc {
		for j := range nv {
			VMOVUPS(acc[i][j], Mem{Base: c, Disp: 32 * j})
		}
		if i < mr-1 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// fmaPlane: see Plane.
func fmaPlane() {
	TEXT("fmaPlane", NOSPLIT, "func(y *float32, oh, ow, ystride int, x *float32, xstride int, w *float32, off *int, taps int)")
	Pragma("noescape")
	Doc("fmaPlane is Plane with strides and offsets in bytes; ow is a multiple of 8.")
	y := Load(Param("y"), GP64())
	oh := Load(Param("oh"), GP64())
	ow := Load(Param("ow"), GP64())
	x := Load(Param("x"), GP64())
	w := Load(Param("w"), GP64())
	off := Load(Param("off"), GP64())
	taps := Load(Param("taps"), GP64())
	n, xp, yp, t, xo := GP64(), GP64(), GP64(), GP64(), GP64()
	xstride, ystride := GP64(), GP64()
	Load(Param("xstride"), xstride)
	Load(Param("ystride"), ystride)
	block := func(name string, nv int) {
		acc := make([]VecVirtual, nv)
		for j := range acc {
			acc[j] = YMM()
			VXORPS(acc[j], acc[j], acc[j])
		}
		XORQ(t, t)
		Label(name)
		MOVQ(Mem{Base: off, Index: t, Scale: 8}, xo)
		ADDQ(xp, xo)
		wv := YMM()
		VBROADCASTSS(Mem{Base: w, Index: t, Scale: 4}, wv)
		for j := range acc {
			VFMADD231PS(Mem{Base: xo, Disp: 32 * j}, wv, acc[j])
		}
		INCQ(t)
		CMPQ(t, taps)
		JL(LabelRef(name))
		for j := range acc {
			VMOVUPS(acc[j], Mem{Base: yp, Disp: 32 * j})
		}
		ADDQ(I32(int32(32*nv)), xp)
		ADDQ(I32(int32(32*nv)), yp)
		SUBQ(I32(int32(8*nv)), n)
	}
	Label("row")
	TESTQ(oh, oh)
	JE(LabelRef("done"))
	MOVQ(x, xp)
	MOVQ(y, yp)
	MOVQ(ow, n)
	Label("four")
	CMPQ(n, Imm(32))
	JLT(LabelRef("two"))
	block("taps4", 4)
	JMP(LabelRef("four"))
	Label("two")
	CMPQ(n, Imm(16))
	JLT(LabelRef("one"))
	block("taps2", 2)
	Label("one")
	CMPQ(n, Imm(8))
	JLT(LabelRef("next"))
	block("taps1", 1)
	Label("next")
	ADDQ(xstride, x)
	ADDQ(ystride, y)
	DECQ(oh)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// clampTail emits y = min(max(v, lo), hi) + zero and the store.
func clampTail(v, lo, hi, zero VecVirtual, y Register) {
	VMAXPS(v, lo, v) // a NaN in the last source is kept
	VMINPS(v, hi, v)
	VADDPS(zero, v, v)
	VMOVUPS(v, ptr(y))
}

func clamp() {
	TEXT("avxClamp", NOSPLIT, "func(y, x *float32, n int, bias, lo, hi, zero float32)")
	Pragma("noescape")
	Doc("avxClamp is Clamp for n a multiple of 8.")
	y, x, n := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	bias, lo, hi, zero := broadcast("bias"), broadcast("lo"), broadcast("hi"), broadcast("zero")
	each("loop", n, func() {
		v := YMM()
		VADDPS(ptr(x), bias, v)
		clampTail(v, lo, hi, zero, y)
	}, x, y)
	VZEROUPPER()
	RET()
}

func addClamp() {
	TEXT("avxAddClamp", NOSPLIT, "func(y, a, b *float32, n int, lo, hi, zero float32)")
	Pragma("noescape")
	Doc("avxAddClamp is AddClamp for n a multiple of 8.")
	y, a, b, n := Load(Param("y"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64()), Load(Param("n"), GP64())
	lo, hi, zero := broadcast("lo"), broadcast("hi"), broadcast("zero")
	each("loop", n, func() {
		v := YMM()
		VMOVUPS(ptr(a), v)
		VADDPS(ptr(b), v, v)
		clampTail(v, lo, hi, zero, y)
	}, a, b, y)
	VZEROUPPER()
	RET()
}

func mul() {
	TEXT("avxMul", NOSPLIT, "func(y, a, b *float32, n int)")
	Pragma("noescape")
	Doc("avxMul is Mul for n a multiple of 8.")
	y, a, b, n := Load(Param("y"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64()), Load(Param("n"), GP64())
	each("loop", n, func() {
		v := YMM()
		VMOVUPS(ptr(a), v)
		VMULPS(ptr(b), v, v)
		VMOVUPS(v, ptr(y))
	}, a, b, y)
	VZEROUPPER()
	RET()
}

func scale() {
	TEXT("avxScale", NOSPLIT, "func(y, x *float32, n int, s float32)")
	Pragma("noescape")
	Doc("avxScale is Scale for n a multiple of 8.")
	y, x, n := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	s := broadcast("s")
	each("loop", n, func() {
		v := YMM()
		VMULPS(ptr(x), s, v)
		VMOVUPS(v, ptr(y))
	}, x, y)
	VZEROUPPER()
	RET()
}

func threshold() {
	TEXT("avxThreshold", NOSPLIT, "func(y, x *float32, n int, bias, tau float32)")
	Pragma("noescape")
	Doc("avxThreshold is Threshold for n a multiple of 8.")
	y, x, n := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	bias, tau := broadcast("bias"), broadcast("tau")
	magnitude := YMM()
	VPCMPEQD(magnitude, magnitude, magnitude)
	VPSRLD(Imm(1), magnitude, magnitude)
	each("loop", n, func() {
		v, m := YMM(), YMM()
		VADDPS(ptr(x), bias, v)
		VANDPS(magnitude, v, m)
		VCMPPS(Imm(0x11), tau, m, m) // |v| < tau; false for a NaN
		VANDNPS(v, m, v)
		VMOVUPS(v, ptr(y))
	}, x, y)
	VZEROUPPER()
	RET()
}

func evens() {
	TEXT("avxEvens", NOSPLIT, "func(y, x *float32, n int)")
	Pragma("noescape")
	Doc("avxEvens is Evens for n a multiple of 8; it reads 2*n elements of x.")
	y, x, n := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	each("loop", n, func() {
		v := YMM()
		VMOVUPS(ptr(x), v)
		VSHUFPS(Imm(0x88), Mem{Base: x, Disp: 32}, v, v)
		VPERMPD(Imm(0xd8), v, v)
		VMOVUPS(v, ptr(y))
		ADDQ(Imm(32), x)
	}, x, y)
	VZEROUPPER()
	RET()
}

// hardSwish works in float64, four elements at a time, as the definition does.
func hardSwish() {
	TEXT("avxHardSwish", NOSPLIT, "func(y, x *float32, n int, bias float32)")
	Pragma("noescape")
	Doc("avxHardSwish is HardSwish for n a multiple of 8.")
	y, x, n := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	bias := broadcast("bias")
	three, six, zero := YMM(), YMM(), YMM()
	VBROADCASTSD(ConstData("three", F64(3)), three)
	VBROADCASTSD(ConstData("six", F64(6)), six)
	VXORPD(zero, zero, zero)
	each("loop", n, func() {
		v := YMM()
		VADDPS(ptr(x), bias, v)
		hi := XMM()
		VEXTRACTF128(Imm(1), v, hi)
		half := func(src VecVirtual, disp int) {
			d, t, r := YMM(), YMM(), XMM()
			VCVTPS2PD(src, d)
			VADDPD(three, d, t)
			VMAXPD(t, zero, t)
			VMINPD(t, six, t)
			VMULPD(t, d, t)
			VDIVPD(six, t, t)
			VCVTPD2PSY(t, r)
			VMOVUPS(r, Mem{Base: y, Disp: disp})
		}
		half(v.AsX().(VecVirtual), 0)
		half(hi, 16)
	}, x, y)
	VZEROUPPER()
	RET()
}
