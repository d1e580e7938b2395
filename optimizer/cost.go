package optimizer

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// costModel prices the modules of a network on a device family. DSPs, BRAM and URAM are
// counts by rule. LUTs and flip-flops are formulas that follow the structure of the
// modules, with constants from measured single engines (yosys, xc7, 16 bit: banked 9->3
// 308 LUTs, 16->4 602, 64->8 2245; crossbar 9->3 693, 16->4 1479, 64->8 12904; requantise
// 30 a lane, 121 with a shift per channel). They are not fitted to synthesis of
// the emitted modules: Design.Calibrated is false.
type costModel struct {
	net    *intnet.Net
	family string
	pixels []int // per beat, by tensor; nil is one
}

// Calibrated tells whether the LUT and FF formulas are fitted to synthesis.
const Calibrated = false

// Constants of the formulas, in LUTs and flip-flops.
const (
	processLUT, processFF = 40, 60 // handshake and state of any process
	loadLUT, loadFF       = 45, 75 // a node of the weight loading chain
	requantLUT            = 30     // round, shift by a constant, clamp: per lane
	requantChannelLUT     = 121    // the same with a shift per channel, 8 steps
	scanLUT               = 13     // banked: mask and priority per lane, beside its zero detectors
	rankLUT               = 12     // crossbar: prefix rank and select per lane and multiplier
	windowLUT, windowFF   = 180, 200
	topLUT, topFF         = 180, 250  // s_axilite control and the top
	maxiLUT, maxiFF       = 850, 1200 // m_axi read adapter and the loading process
	maxiBRAM18            = 2
)

// Cost is the estimate for the modules of one layer (windows, engines, weight memories,
// joins, pools, ...) without the FIFOs between them.
func Cost(net *intnet.Net, layer int, l hw.Layer, family string) Resources {
	return costModel{net: net, family: family}.layer(layer, l).resources()
}

// layer is Cost as a vec.
func (m costModel) layer(i int, hl hw.Layer) vec {
	l := m.net.Layers[i]
	in, out := m.net.Tensors[l.In[0]], m.net.Tensors[l.Out]
	bits := in.Format.Bits
	switch l.Kind {
	case intnet.KindConv:
		win := hw.WindowOf(m.net, l, hl)
		v := m.window(win, bits, l.Conv.TauA > 0)
		if hl.Gangs() > 1 {
			v = v.add(m.fork(hl.Gangs()))
		}
		gang := m.gang(l, hl, win, in)
		for range hl.Gangs() {
			v = v.add(gang)
		}
		return v.add(m.join(l, hl, out))
	case intnet.KindPool:
		win := hw.WindowOf(m.net, l, hl)
		return m.window(win, bits, false).add(m.pool(l, hl, in, out))
	case intnet.KindGlobalPool:
		return m.globalPool(l, hl, in, out)
	}
	return m.pointwise(l, hl, in, out)
}

// multiplierDSP is the number of DSP slices of a signed a x b bit product: 25 x 18 on 7
// series, 27 x 18 on UltraScale+. Narrow products stay in one DSP as well.
func multiplierDSP(a, b int, family string) int {
	wide := 25
	if family == FamilyUSPlus {
		wide = 27
	}
	return min(ceilDiv(a, wide)*ceilDiv(b, 18), ceilDiv(a, 18)*ceilDiv(b, wide))
}

// signedBits is the width of a value as a signed operand.
func signedBits(t intnet.Tensor) int {
	if t.Format.Signed {
		return t.Format.Bits
	}
	return t.Format.Bits + 1
}

// nonZeroLUT is the number of LUTs that detect a non-zero word.
func nonZeroLUT(bits int) int { return ceilDiv(bits-1, 5) }

// window is the line buffer: its banks, the rotation of banks to lanes, padding, control.
func (m costModel) window(w hw.Window, bits int, threshold bool) vec {
	rows, cols := w.Banks()
	lanes := w.Lanes()
	banks := rows * cols
	depth := w.Rows() / rows * ceilDiv(w.RowPixels(), cols) * (w.C / lanes)
	v := m.buffer(lanes*bits, depth)
	for i := range v {
		v[i] *= banks
	}
	beat := w.OutPx * w.MTap * w.MCh * bits
	lut := windowLUT + 12*banks + banks*w.MCh*bits*muxLUT(lanes/w.MCh) + beat*muxLUT(banks) + ceilDiv(beat, 2)
	ff := windowFF + 2*beat + banks*lanes*bits
	if w.InCh < lanes {
		ff += w.InPx * lanes * bits // a word is gathered before it is written
	}
	if threshold {
		lut += w.InPx * w.InCh * ceilDiv(bits, 2)
	}
	return v.add(vec{1: lut, 2: ff})
}

// buffer is a memory with one write and one read port.
func (m costModel) buffer(width, depth int) vec {
	if BufferMemory(width, depth) == MemBRAM {
		return vec{3: BRAMCount(width, depth)}
	}
	lut, mem := lutramDual(width, depth, m.family)
	return vec{1: lut, 5: mem}
}

// gang is one engine process: hl.Gang x hl.OutPx lanes and their weight memory.
func (m costModel) gang(l intnet.Layer, hl hw.Layer, win hw.Window, in intnet.Tensor) vec {
	a, w := signedBits(in), l.Conv.WeightBits
	lanes, mm, n := hl.Gang*hl.OutPx, hw.EngineLanes(m.net, l, hl), hl.N
	own := 1 // lanes of activations that a gang has of its own for each lane of an engine
	if m.net.Depthwise(&l) {
		own = hl.Gang
	}
	product := a + w
	// Adder tree over the products; the accumulator is the last DSP's.
	lut := (n - 1) * (product + 1)
	ff := (n-1)*(product+1) + l.Conv.AccBits
	shared := 0 // once per gang and pixel
	switch hl.Engine {
	case hw.Banked:
		lut += mm*(nonZeroLUT(w)+scanLUT) + n*(a+w)*muxLUT(mm/n)
		ff += mm*(w+1) + n*(a+w)
		shared = own * mm * nonZeroLUT(a)
	case hw.Crossbar:
		lut += mm*nonZeroLUT(w) + rankLUT*mm*n + n*(a+w)*muxLUT(mm)
		ff += mm*(w+1) + n*(a+w)
		shared = own * mm * nonZeroLUT(a)
	}
	v := vec{
		0: lanes * n * multiplierDSP(a, w, m.family),
		1: lanes*lut + hl.OutPx*shared,
		2: lanes*ff + hl.OutPx*own*mm*a,
	}
	v = v.add(vec{1: processLUT + loadLUT + 2*bits.Len(uint(win.BeatsPerGroup())), 2: processFF + loadFF})
	return v.add(m.weights(hl.Gang*mm*w, win.BeatsPerGroup(), hl.WeightMem))
}

// weights is the memory of one gang: a word of Gang x M weights is read for every beat of a
// pixel.
func (m costModel) weights(width, depth int, memory string) vec {
	switch memory {
	case MemBRAM:
		return vec{3: BRAMCount(width, depth)}
	case MemURAM:
		return vec{4: URAMCount(width, depth)}
	}
	if depth == 1 {
		return vec{2: width}
	}
	lut, mem := lutramSingle(width, depth)
	return vec{1: lut, 5: mem}
}

// join adds the bias and requantises.
func (m costModel) join(l intnet.Layer, hl hw.Layer, out intnet.Tensor) vec {
	c := l.Conv
	lanes := hl.OutPx * hl.OutCh
	rq, word := requantLUT, c.AccBits
	if len(c.Shift) > 1 {
		rq, word = requantChannelLUT, c.AccBits+3
	}
	v := vec{1: processLUT + loadLUT + lanes*(c.AccBits+rq), 2: processFF + loadFF + lanes*(2*c.AccBits+out.Format.Bits)}
	folds := c.OutC / hl.OutCh
	if folds == 1 {
		return v.add(vec{2: hl.OutCh * word})
	}
	lut, mem := lutramSingle(hl.OutCh*word, folds)
	return v.add(vec{1: lut, 5: mem})
}

// sumBits is the width of a sum of n values of a tensor.
func sumBits(t intnet.Tensor, n int) int { return signedBits(t) + bits.Len(uint(n-1)) }

// averageDSP is the number of DSPs that multiply one lane's sum by round(2^Scale/n); a
// power of two is a shift.
func (m costModel) averageDSP(p *intnet.Pool, in intnet.Tensor, n int, oneCount bool) int {
	if oneCount && n&(n-1) == 0 {
		return 0
	}
	// The constant is at most 2^(Scale - floor(log2 of the least count)); the
	// least count of a border window is 1 at worst.
	least := n
	if !oneCount {
		least = 1
	}
	constant := p.Scale - (bits.Len(uint(least)) - 1) + 2 // value bits and sign
	return multiplierDSP(sumBits(in, n), constant, m.family)
}

// oneCount tells whether every window of a pool covers the same number of elements.
func oneCount(p *intnet.Pool) bool { return p.CountPad || p.Pads == [4]int{} }

// pool reduces channelwise window beats.
func (m costModel) pool(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) vec {
	lanes := hl.OutPx * hl.MCh
	if l.Pool.Max {
		bits := in.Format.Bits
		return vec{1: processLUT + lanes*hl.MTap*ceilDiv(3*bits, 2), 2: processFF + lanes*(hl.MTap+1)*bits}
	}
	n := l.Pool.Kernel[0] * l.Pool.Kernel[1]
	sum := sumBits(in, n)
	return vec{
		0: lanes * m.averageDSP(l.Pool, in, n, oneCount(l.Pool)),
		1: processLUT + lanes*(hl.MTap*sum+requantLUT),
		2: processFF + lanes*((hl.MTap+1)*sum+out.Format.Bits),
	}
}

// globalPool keeps one partial result per channel.
func (m costModel) globalPool(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) vec {
	word := in.Format.Bits
	var v vec
	if l.Pool.Max {
		v = vec{1: processLUT + hl.InCh*hl.InPx*ceilDiv(3*word, 2), 2: processFF + 2*hl.InCh*word}
	} else {
		n := in.H * in.W
		word = sumBits(in, n)
		v = vec{
			0: hl.InCh * m.averageDSP(l.Pool, in, n, true),
			1: processLUT + hl.InCh*(hl.InPx*word+requantLUT),
			2: processFF + hl.InCh*(2*word+out.Format.Bits),
		}
	}
	if depth := in.C / hl.InCh; depth > 1 {
		return v.add(m.buffer(hl.InCh*word, depth))
	}
	return v.add(vec{2: hl.InCh * word})
}

// fork copies a token to outs FIFOs.
func (m costModel) fork(outs int) vec { return vec{1: 10 + 3*outs, 2: 4 + outs} }

// convert changes the channels per beat of a stream of values of the given bits.
func (m costModel) convert(bits int, from, to hw.Beat) vec {
	wide, narrow := max(from.Ch, to.Ch), min(from.Ch, to.Ch)
	v := vec{1: 25, 2: 20 + from.Px*wide*bits}
	if from.Ch > to.Ch {
		v[1] += from.Px * narrow * bits * muxLUT(wide/narrow)
	}
	return v
}

// port is an AXI4-Stream port: the source or a sink of beats of the given bits, packed to
// a power of two of bytes.
func (m costModel) port(width int) vec {
	axi := 8
	for axi < width {
		axi *= 2
	}
	return vec{1: processLUT + axi/2, 2: processFF + 2*axi}
}

// top is what a kernel needs besides its processes.
func (m costModel) top() vec {
	return vec{1: topLUT + maxiLUT, 2: topFF + maxiFF, 3: maxiBRAM18}
}

// fifo is one stream.
func (m costModel) fifo(width, depth int) vec {
	count := bits.Len(uint(depth))
	if FIFOMemory(width, depth) == MemBRAM {
		return vec{1: 40 + 3*count, 2: 30 + width + 3*count, 3: BRAMCount(width, depth)}
	}
	lut, mem := srl(width, depth)
	return vec{1: 12 + 3*count + lut, 2: 6 + 2*count + width, 5: mem}
}
