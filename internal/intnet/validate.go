package intnet

import (
	"fmt"
	"math"

	"hass/internal/fixed"
	"hass/internal/ident"
)

// Limits that keep a Net from a hostile file from exhausting memory or
// overflowing 64-bit arithmetic. They are far above those of any network
// that fits a device.
const (
	MaxTensorElems = 1 << 26 // elements of one tensor
	MaxTotalElems  = 1 << 28 // elements of all tensors
	MaxLayers      = 1 << 14
	MaxDim         = 1 << 24   // any dimension, kernel side, stride, dilation or padding
	MaxBias        = 1 << 60   // magnitude of a bias
	MaxShift       = 61        // magnitude of a requantise shift
	MaxAlign       = 40        // left shift of an Add's operand between binary points
	MaxFrac        = 1 << 10   // magnitude of a binary point
	MaxShiftSteps  = 8         // distinct shift values a layer may span: max - min < MaxShiftSteps
	MaxConcat      = 32        // inputs of a Concat
	MaxCurve       = 1 << 16   // segments of a Curve
	maxWindow      = 1 << 24   // elements of an average's window
	maxKernelElems = 1 << 26   // weights of one output channel
	maxWeights     = 1<<31 - 1 // weights of one layer
)

// PerChannelBits is the widest weight format that may have one binary point
// (and so one shift) per output channel.
const PerChannelBits = 8

// Validate checks everything about the network but its weights: tensor numbers,
// topological order, identifiers, shapes, geometry, formats, clamps and shifts.
// A Net decoded from a file is untrusted until it has passed. The error names
// the layer or tensor.
func (n *Net) Validate() error {
	if len(n.Layers) == 0 || len(n.Layers) > MaxLayers || len(n.Tensors) > 2*MaxLayers {
		return fmt.Errorf("integer network: %d layers and %d tensors; want 1 to %d layers", len(n.Layers), len(n.Tensors), MaxLayers)
	}
	ids := make(map[string]string)
	claim := func(id, what string) error {
		if !ident.Valid(id) {
			return fmt.Errorf("%s: identifier %.60q is not of the form [a-z][a-z0-9_]* or is a keyword", what, id)
		}
		if other, ok := ids[id]; ok {
			return fmt.Errorf("%s: identifier %q is already that of %s", what, id, other)
		}
		ids[id] = what
		return nil
	}
	total := 0
	for i := range n.Tensors {
		t := &n.Tensors[i]
		what := fmt.Sprintf("tensor %d (%q)", i, t.Name)
		if err := claim(t.ID, what); err != nil {
			return err
		}
		if err := checkTensor(t); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if total += t.H * t.W * t.C; total > MaxTotalElems {
			return fmt.Errorf("%s: the tensors up to here have %d elements; the limit is %d", what, total, MaxTotalElems)
		}
	}
	if n.Input < 0 || n.Input >= len(n.Tensors) {
		return fmt.Errorf("integer network: input tensor %d does not exist", n.Input)
	}
	if !n.InputRounding.Valid() {
		return fmt.Errorf("integer network: the input has no rounding")
	}
	made := make([]bool, len(n.Tensors))
	used := make([]bool, len(n.Tensors))
	made[n.Input] = true
	for i := range n.Layers {
		l := &n.Layers[i]
		what := fmt.Sprintf("layer %d (%q)", i, l.Name)
		if err := claim(l.ID, what); err != nil {
			return err
		}
		if len(l.In) == 0 {
			return fmt.Errorf("%s: no inputs", what)
		}
		for _, in := range l.In {
			if in < 0 || in >= len(n.Tensors) || !made[in] {
				return fmt.Errorf("%s: input tensor %d does not exist or is not made by an earlier layer", what, in)
			}
			used[in] = true
		}
		if l.Out < 0 || l.Out >= len(n.Tensors) || made[l.Out] {
			return fmt.Errorf("%s: output tensor %d does not exist or is already made", what, l.Out)
		}
		made[l.Out] = true
		if err := n.checkLayer(l); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return n.checkOutputs(made, used)
}

// checkOutputs checks the ends of the network: every tensor has a producer
// and a reader, outputs and host operators refer to existing tensors.
func (n *Net) checkOutputs(made, used []bool) error {
	if len(n.Outputs) == 0 {
		return fmt.Errorf("integer network: no outputs")
	}
	isOut := make([]bool, len(n.Tensors))
	for _, o := range n.Outputs {
		if o < 0 || o >= len(n.Tensors) || o == n.Input || isOut[o] {
			return fmt.Errorf("integer network: output tensor %d does not exist, is the input or is listed twice", o)
		}
		isOut[o] = true
	}
	for i := range n.Tensors {
		if !made[i] || !used[i] && !isOut[i] {
			return fmt.Errorf("tensor %d (%q): not made by any layer, or read by none", i, n.Tensors[i].Name)
		}
	}
	return n.checkResults(isOut)
}

func checkTensor(t *Tensor) error {
	for _, d := range []int{t.H, t.W, t.C} {
		if d < 1 || d > MaxDim {
			return fmt.Errorf("dimensions %dx%dx%d (HWC) must lie in 1..%d", t.H, t.W, t.C, MaxDim)
		}
	}
	if t.H*t.W > MaxTensorElems || t.H*t.W*t.C > MaxTensorElems { // each factor is at most 2^26 by now
		return fmt.Errorf("%dx%dx%d (HWC) elements; the limit is %d", t.H, t.W, t.C, MaxTensorElems)
	}
	if s := t.Format.Scale; s != 0 && !(s > 1 && s < 2) {
		return fmt.Errorf("scale %g; want none, or a number above 1 and below 2", s)
	}
	if f := t.Format; f.Bits < 2 || f.Bits > fixed.MaxBits || f.Frac < -MaxFrac || f.Frac > MaxFrac {
		return fmt.Errorf("format %v: width must lie in 2..%d and the binary point in %d..%d", f, fixed.MaxBits, -MaxFrac, MaxFrac)
	}
	return nil
}

// checkLayer checks one layer whose tensor numbers are valid.
func (n *Net) checkLayer(l *Layer) error {
	out := &n.Tensors[l.Out]
	if l.Lo > l.Hi || l.Lo < out.Format.Min() || l.Hi > out.Format.Max() {
		return fmt.Errorf("clamp [%d, %d] is empty or outside its output's format %v", l.Lo, l.Hi, out.Format)
	}
	if err := n.checkParams(l); err != nil {
		return err
	}
	if l.Rounding.Valid() != l.Requantises() {
		return fmt.Errorf("rounding %s; a layer of kind %s that requantises needs one, and no other has one", l.Rounding, l.Kind)
	}
	in := &n.Tensors[l.In[0]]
	switch l.Kind {
	case KindConv:
		return checkConv(l, in, out)
	case KindPool, KindGlobalPool:
		return checkPool(l.Pool, l.Kind == KindGlobalPool, l.Rounding, in, out)
	case KindRequant:
		if !sameShape(in, out) {
			return fmt.Errorf("input and output shapes differ")
		}
		if in.Format.Scale != out.Format.Scale {
			return fmt.Errorf("a change of format cannot change the scale %v to %v; an activation %s can", in.Format, out.Format, ActAffine)
		}
		return checkShift(l.Shift, in.Format.Frac-out.Format.Frac)
	case KindActivation:
		if !sameShape(in, out) {
			return fmt.Errorf("input and output shapes differ")
		}
		return l.Act.check(in, out)
	}
	if l.Kind == KindConcat || l.Kind.Moves() {
		if l.Lo != out.Format.Min() || l.Hi != out.Format.Max() {
			return fmt.Errorf("clamp [%d, %d]; a %s moves values as they are", l.Lo, l.Hi, l.Kind)
		}
	}
	switch l.Kind {
	case KindConcat:
		return n.checkConcat(l, out)
	case KindResize:
		return l.Resize.check(in, out)
	case KindAdd, KindMul:
	default:
		return l.Moves.of(l.Kind).check(in, out) // checkParams has refused any other kind
	}
	in1 := &n.Tensors[l.In[1]]
	if !sameShape(in, out) || in1.C != out.C || !n.Broadcast(l) && !sameShape(in1, out) {
		return fmt.Errorf("operand and output shapes differ")
	}
	return n.checkFactors(l)
}

// checkParams checks the number of inputs and that a layer has the parameters of its kind
// and no others.
func (n *Net) checkParams(l *Layer) error {
	least, most := 1, 1
	shift, moves := false, 0
	switch l.Kind {
	case KindConv, KindPool, KindGlobalPool, KindActivation, KindResize:
	case KindRequant:
		shift = true
	case KindAdd, KindMul:
		least, most, shift = 2, 2, true
	case KindConcat:
		least, most = 2, MaxConcat
	default:
		if !l.Kind.Moves() {
			return fmt.Errorf("unknown kind %.40q", l.Kind)
		}
		moves = 1
	}
	if len(l.In) < least || len(l.In) > most {
		return fmt.Errorf("%d inputs; a %s has %d to %d", len(l.In), l.Kind, least, most)
	}
	for _, p := range []struct{ has, want bool }{
		{l.Conv != nil, l.Kind == KindConv},
		{l.Pool != nil, l.Kind == KindPool || l.Kind == KindGlobalPool},
		{l.Act != nil, l.Kind == KindActivation},
		{l.Resize != nil, l.Kind == KindResize},
		{l.Moves.of(l.Kind) != nil, moves == 1},
		{l.Moves.count() != moves, false},
	} {
		if p.has != p.want {
			return fmt.Errorf("parameters do not match kind %q", l.Kind)
		}
	}
	if l.Kind != KindAdd && l.Kind != KindMul && l.Factors != [2]int64{} || !shift && l.Shift != 0 {
		return fmt.Errorf("shift or factors do not belong to kind %q", l.Kind)
	}
	return nil
}

func sameShape(a, b *Tensor) bool { return a.H == b.H && a.W == b.W && a.C == b.C }

func checkShift(shift, want int) error {
	if shift != want || want < -MaxShift || want > MaxShift {
		return fmt.Errorf("shift %d; the formats need %d, within %d", shift, want, MaxShift)
	}
	return nil
}

// checkWindow checks geometry and output size.
func checkWindow(w *Window, in, out *Tensor) error {
	for d := range 2 {
		size, osize := in.H, out.H
		if d == 1 {
			size, osize = in.W, out.W
		}
		k, s, dil := w.Kernel[d], w.Stride[d], w.Dilation[d]
		lead, trail := w.Pads[d], w.Pads[d+2]
		if k < 1 || s < 1 || dil < 1 || k > MaxDim || s > MaxDim || dil > MaxDim {
			return fmt.Errorf("kernel %v, stride %v and dilation %v must lie in 1..%d", w.Kernel, w.Stride, w.Dilation, MaxDim)
		}
		if k == 1 && dil != 1 {
			return fmt.Errorf("dilation %v along a kernel of one tap, %v, must be 1: it means nothing", w.Dilation, w.Kernel)
		}
		if lead < 0 || trail < 0 || lead > MaxDim || trail > MaxDim {
			return fmt.Errorf("pads %v must lie in 0..%d", w.Pads, MaxDim)
		}
		extent := (k-1)*dil + 1
		padded := size + lead + trail
		if extent > padded || (padded-extent)/s+1 != osize {
			return fmt.Errorf("kernel %v, stride %v, dilation %v, pads %v do not map %dx%d to %dx%d",
				w.Kernel, w.Stride, w.Dilation, w.Pads, in.H, in.W, out.H, out.W)
		}
	}
	return nil
}

// checkMeets checks that every window overlaps the map.
func checkMeets(w *Window, in, out *Tensor) error {
	size, windows := [2]int{in.H, in.W}, [2]int{out.H, out.W}
	for d := range 2 {
		for o := range windows[d] {
			if countTaps(o*w.Stride[d]-w.Pads[d], w.Kernel[d], w.Dilation[d], size[d]) == 0 {
				return fmt.Errorf("pads %v: window %d along axis %d lies in the padding alone", w.Pads, o, d)
			}
		}
	}
	return nil
}

// countTaps is the number of the k window taps start, start+dil, ... inside [0, size).
func countTaps(start, k, dil, size int) int {
	first := 0
	if start < 0 {
		first = (-start + dil - 1) / dil
	}
	if start >= size {
		return 0
	}
	last := min(k-1, (size-1-start)/dil) // start may be negative: size-1-start > 0
	return max(0, last-first+1)
}

func checkConv(l *Layer, in, out *Tensor) error {
	c := l.Conv
	if err := checkWindow(&c.Window, in, out); err != nil {
		return err
	}
	if c.OutC != out.C {
		return fmt.Errorf("%d output channels; its output tensor has %d", c.OutC, out.C)
	}
	if c.Groups < 1 || in.C%c.Groups != 0 || c.OutC%c.Groups != 0 {
		return fmt.Errorf("%d groups do not divide %d input and %d output channels", c.Groups, in.C, c.OutC)
	}
	if k := c.Kernel[0] * c.Kernel[1]; k > maxKernelElems || k*(in.C/c.Groups) > maxKernelElems || k*(in.C/c.Groups)*c.OutC > maxWeights {
		return fmt.Errorf("kernel %v over %d channels for %d output channels is too large", c.Kernel, in.C/c.Groups, c.OutC)
	}
	if c.WeightBits < 2 || c.WeightBits > fixed.MaxBits {
		return fmt.Errorf("%d weight bits; want 2..%d", c.WeightBits, fixed.MaxBits)
	}
	if c.AccBits < 1 || c.AccBits > fixed.MaxAccBits {
		return fmt.Errorf("accumulator of %d bits; want 1..%d", c.AccBits, fixed.MaxAccBits)
	}
	if c.BiasFrac < 0 || c.AccBits+c.BiasFrac > fixed.MaxAccBits {
		return fmt.Errorf("biases of %d places below a sum of %d bits; together at most %d", c.BiasFrac, c.AccBits, fixed.MaxAccBits)
	}
	if c.TauA < 0 || c.TauA > 1<<fixed.MaxBits {
		return fmt.Errorf("activation threshold %d; want 0..%d", c.TauA, 1<<fixed.MaxBits)
	}
	if c.Scaled() {
		return c.checkScaled(l, in, out)
	}
	if in.Format.Scale != out.Format.Scale || c.WeightStep != nil {
		return fmt.Errorf("a shift cannot requantise from %v to %v: scales need a multiplier or thresholds", in.Format, out.Format)
	}
	if len(c.Shift) == 0 || len(c.Shift) != len(c.WeightFrac) || len(c.Shift) != 1 && (len(c.Shift) != c.OutC || c.WeightBits > PerChannelBits) {
		return fmt.Errorf("%d shifts and %d weight binary points; want 1 each, or %d each at up to %d weight bits",
			len(c.Shift), len(c.WeightFrac), c.OutC, PerChannelBits)
	}
	lo, hi := c.Shift[0], c.Shift[0]
	for i, s := range c.Shift {
		if f := c.WeightFrac[i]; f < -2*MaxFrac || f > 2*MaxFrac || s != in.Format.Frac+f-out.Format.Frac {
			return fmt.Errorf("shift %d of channel %d does not follow from binary points %d (input), %d (weights) and %d (output)",
				s, i, in.Format.Frac, f, out.Format.Frac)
		}
		lo, hi = min(lo, s), max(hi, s)
	}
	if lo < -MaxShift || hi > MaxShift || hi-lo >= MaxShiftSteps {
		return fmt.Errorf("shifts span %d..%d; want within %d..%d and at most %d steps", lo, hi, -MaxShift, MaxShift, MaxShiftSteps)
	}
	return nil
}

func checkPool(p *Pool, global bool, r fixed.Rounding, in, out *Tensor) error {
	if global {
		if p.Window != (Window{}) || p.CountPad || out.H != 1 || out.W != 1 {
			return fmt.Errorf("a global pool has no window and a 1x1 output")
		}
	} else {
		if err := checkWindow(&p.Window, in, out); err != nil {
			return err
		}
		if err := checkMeets(&p.Window, in, out); err != nil {
			return err
		}
	}
	if in.C != out.C {
		return fmt.Errorf("%d channels in, %d out", in.C, out.C)
	}
	if p.Max {
		if in.Format != out.Format || p.Scale != 0 || p.Drop != 0 || p.FormatShift != 0 || p.CountPad {
			return fmt.Errorf("a max pool keeps its format %v and has no scale", in.Format)
		}
		return nil
	}
	if in.Format.Scale != out.Format.Scale {
		if p.Drop != 0 || p.FormatShift != 0 || p.Scale < 0 || p.Scale > MaxShift {
			return fmt.Errorf("scale %d, %d places dropped, format shift %d; an average between scales has only a scale, 0 to %d", p.Scale, p.Drop, p.FormatShift, MaxShift)
		}
		return p.checkAverage(in, out)
	}
	scale, drop, err := p.Average(in, out, r)
	if err != nil {
		return err
	}
	if p.Scale != scale || p.Drop != drop {
		return fmt.Errorf("scale %d and %d places dropped; an average of this window, rounded %s, needs %d and %d", p.Scale, p.Drop, r, scale, drop)
	}
	if want := in.Format.Frac - out.Format.Frac; p.FormatShift != want || p.Scale+want > MaxShift || p.Scale+want < -MaxShift {
		return fmt.Errorf("format shift %d; formats %v to %v need %d", p.FormatShift, in.Format, out.Format, want)
	}
	return nil
}

// checkAverage checks the products of an average between scales.
func (p *Pool) checkAverage(in, out *Tensor) error {
	n := in.H * in.W
	if p.Window != (Window{}) {
		n, _ = p.counts(in)
	}
	if n > maxWindow {
		return fmt.Errorf("average over %d elements; the limit is %d", n, maxWindow)
	}
	ratio := AvgRatio(in.Format, out.Format)
	if !(math.Ldexp(ratio, p.Scale) < 1<<61) {
		return fmt.Errorf("scale %d is too large for the ratio %g of the formats' scales", p.Scale, ratio)
	}
	// A sum of n elements times ratio/n is at most one element times the ratio, plus the rounding of the multiplier.
	if w := float64(in.Format.Bits) + math.Log2(math.Ldexp(ratio, p.Scale)+float64(n)) + 1; w > fixed.MaxAccBits-1 {
		return fmt.Errorf("products of %.0f bits exceed %d bits", w, fixed.MaxAccBits)
	}
	return nil
}

// Average gives the scale and the places to drop of an average from tensor in to tensor out, or an error if its products
// do not fit fixed.MaxAccBits. Division by a count that is a power of two is exact with either rounding.
func (p *Pool) Average(in, out *Tensor, r fixed.Rounding) (scale, drop int, err error) {
	n, powers := in.H*in.W, false
	if p.Window == (Window{}) {
		powers = n&(n-1) == 0
	} else {
		n, powers = p.counts(in)
	}
	if n > maxWindow {
		return 0, 0, fmt.Errorf("average over %d elements; the limit is %d", n, maxWindow)
	}
	if r != fixed.HalfEven || powers {
		return fixed.AvgScale(n), 0, nil
	}
	scale, drop = fixed.AvgExact(n, in.Format, in.Format.Frac-out.Format.Frac)
	// A sum of n elements times 2^scale/n is at most one element times 2^scale, plus half a sum.
	if w := in.Format.Bits + scale + 2; w > fixed.MaxAccBits {
		return 0, 0, fmt.Errorf("an exact average, half to even, of %v over %d elements needs products of %d bits; the limit is %d: use fewer bits, or a window of a power of two elements", in.Format, n, w, fixed.MaxAccBits)
	}
	return scale, drop, nil
}

// counts is the largest number of elements that a window of an average counts, and whether all counts are powers of two.
func (p *Pool) counts(in *Tensor) (most int, powers bool) {
	best, powers := [2]int{}, true
	for d, size := range [2]int{in.H, in.W} {
		if p.CountPad {
			best[d] = p.Kernel[d]
			powers = powers && p.Kernel[d]&(p.Kernel[d]-1) == 0
			continue
		}
		extent := (p.Kernel[d]-1)*p.Dilation[d] + 1
		for o := range (size+p.Pads[d]+p.Pads[d+2]-extent)/p.Stride[d] + 1 {
			n := countTaps(o*p.Stride[d]-p.Pads[d], p.Kernel[d], p.Dilation[d], size)
			best[d] = max(best[d], n)
			powers = powers && n&(n-1) == 0
		}
	}
	return best[0] * best[1], powers
}

// WeightCount is the number of weights layer l of the network must have; 0 if it
// is not a Conv.
func (n *Net) WeightCount(l *Layer) int {
	if l.Conv == nil {
		return 0
	}
	return l.Conv.OutC * l.Conv.Kernel[0] * l.Conv.Kernel[1] * (n.Tensors[l.In[0]].C / l.Conv.Groups)
}

// ValidateWeights checks the weights and biases of a network that has passed
// Validate: counts, widths, and that each AccBits fits the interval bound
// (fixed.Bound) over the full range of the input's format.
func (n *Net) ValidateWeights() error {
	for i := range n.Layers {
		if n.Layers[i].Kind != KindConv {
			continue
		}
		if err := n.validateWeights(i); err != nil {
			return err
		}
	}
	return nil
}

// WeightRange is the range of weights of a width: all of two's complement, except the lowest at 16 bits, so that the sum
// of a pair of products fits 32 bits.
func WeightRange(bits int) (least, most int64) {
	f := fixed.Format{Bits: bits, Signed: true}
	return max(f.Min(), -math.MaxInt16), f.Max()
}

// validateWeights is ValidateWeights for layer i, a convolution.
func (n *Net) validateWeights(i int) error {
	l := &n.Layers[i]
	if got, want := len(l.Conv.Weights), n.WeightCount(l); got != want {
		return fmt.Errorf("layer %d (%q): %d weights; want %d", i, l.Name, got, want)
	}
	if len(l.Conv.Bias) != l.Conv.OutC {
		return fmt.Errorf("layer %d (%q): %d biases; want %d", i, l.Name, len(l.Conv.Bias), l.Conv.OutC)
	}
	least, most := WeightRange(l.Conv.WeightBits)
	for j, w := range l.Conv.Weights {
		if int64(w) > most || int64(w) < least {
			return fmt.Errorf("layer %d (%q): weight %d is %d, outside %d to %d (%d bits)", i, l.Name, j, w, least, most, l.Conv.WeightBits)
		}
	}
	for j, b := range l.Conv.Bias {
		if b > MaxBias || b < -MaxBias {
			return fmt.Errorf("layer %d (%q): bias %d is %d, beyond +-2^60", i, l.Name, j, b)
		}
	}
	if need := l.Conv.BoundBits(n.Tensors[l.In[0]].Format); l.Conv.AccBits < need {
		return fmt.Errorf("layer %d (%q): accumulator of %d bits; the bound over its weights needs %d", i, l.Name, l.Conv.AccBits, need)
	}
	return nil
}

// BoundBits is the signed accumulator width that the interval bound over the
// weights and biases requires, for inputs anywhere in format in, including
// the rounding half: the widest over the output channels. Places of biases
// below the sum's unit are not counted.
func (c *Conv) BoundBits(in fixed.Format) int {
	lo, hi := min(0, in.Min()), in.Max()
	per := len(c.Weights) / c.OutC
	bits := 1
	for o := range c.OutC {
		b := fixed.BoundOf(c.Bias[o] >> c.BiasFrac)
		for _, w := range c.Weights[o*per : (o+1)*per] {
			b.Add(int64(w), lo, hi)
		}
		switch {
		case c.Thresholds != nil:
			b.AddRounding(1) // leave room for a threshold that no sum reaches
		case c.Mul == nil: // otherwise the product is rounded, not the sum
			b.AddRounding(c.ShiftOf(o))
		}
		if c.Thresholds != nil && len(c.Thresholds[o]) > 0 { // they are compared at the sum's width
			list := c.Thresholds[o]
			b.Lo, b.Hi = min(b.Lo, list[0]>>c.BiasFrac), max(b.Hi, list[len(list)-1]>>c.BiasFrac)
		}
		bits = max(bits, b.Bits())
	}
	return bits
}

// ShiftOf is the requantise shift of output channel o; 0 if the layer has thresholds.
func (c *Conv) ShiftOf(o int) int {
	switch len(c.Shift) {
	case 0:
		return 0
	case 1:
		return c.Shift[0]
	}
	return c.Shift[o]
}
