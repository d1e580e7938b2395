package intnet

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
)

// clone is a deep copy by way of JSON, weights included.
func clone(t *testing.T, n *Net) *Net {
	t.Helper()
	js, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	c := new(Net)
	if err := json.Unmarshal(js, c); err != nil {
		t.Fatal(err)
	}
	for i := range n.Layers {
		if cv := n.Layers[i].Conv; cv != nil {
			c.Layers[i].Conv.Weights = append([]int16(nil), cv.Weights...)
			c.Layers[i].Conv.Bias = append([]int64(nil), cv.Bias...)
		}
	}
	return c
}

// TestValidate breaks a good network in one place at a time. Layers of the zoo:
// 0 conv 3x2, 1 conv grouped with 8 shifts, 2 depthwise, 3 conv 1x1, 4 add, 5
// requant, 6 max pool, 7 average, 8 average counting padding, 9 and 10 conv, 11
// and 12 global pools.
func TestValidate(t *testing.T) {
	good := &zoo(1).net
	good.Host = []HostOp{{Name: "h", Op: "softmax", Shape: []int{1, 10}, Axis: 1, Input: good.Outputs[0]}}
	good.Results = []Result{{Name: "r", Shape: []int{1, 10}, Tensor: good.Outputs[0], Host: []int{0}}}
	if _, err := New(clone(t, good)); err != nil {
		t.Fatal(err)
	}
	conv := func(i int, f func(c *Conv)) func(*Net) { return func(n *Net) { f(n.Layers[i].Conv) } }
	pool := func(i int, f func(p *Pool)) func(*Net) { return func(n *Net) { f(n.Layers[i].Pool) } }
	huge := int(^uint(0) >> 1)
	for _, tt := range []struct {
		name   string
		change func(*Net)
		want   string
	}{
		{"no layers", func(n *Net) { n.Layers = nil }, "0 layers"},
		{"bad identifier", func(n *Net) { n.Layers[1].ID = "a;b" }, `layer 1 ("l2"): identifier "a;b"`},
		{"keyword", func(n *Net) { n.Tensors[2].ID = "while" }, `tensor 2 ("v2"): identifier "while"`},
		{"same identifier", func(n *Net) { n.Layers[1].ID = "t0" }, `already that of tensor 0`},
		{"no height", func(n *Net) { n.Tensors[1].H = 0 }, "dimensions 0x9x8"},
		{"negative width", func(n *Net) { n.Tensors[1].W = -9 }, "dimensions"},
		{"overflowing size", func(n *Net) { n.Tensors[0].H, n.Tensors[0].W, n.Tensors[0].C = 1<<24, 1<<24, 1<<24 }, "elements; the limit"},
		{"huge dimension", func(n *Net) { n.Tensors[0].C = huge }, "dimensions"},
		{"1 bit", func(n *Net) { n.Tensors[0].Format.Bits = 1 }, "width must lie in 2..16"},
		{"17 bits", func(n *Net) { n.Tensors[0].Format.Bits = 17 }, "width must lie in 2..16"},
		{"huge frac", func(n *Net) { n.Tensors[0].Format.Frac = -huge }, "binary point"},
		{"input", func(n *Net) { n.Input = -1 }, "input tensor -1"},
		{"no input rounding", func(n *Net) { n.InputRounding = 0 }, "the input has no rounding"},
		{"unknown rounding", func(n *Net) { n.Layers[0].Rounding = 9 }, "rounding none"},
		{"no rounding", func(n *Net) { n.Layers[0].Rounding = 0 }, "rounding none"},
		{"rounding of a maximum", func(n *Net) { n.Layers[6].Rounding = fixed.HalfUp }, "rounding half_up"},
		{"no outputs", func(n *Net) { n.Outputs = nil }, "no outputs"},
		{"output twice", func(n *Net) { n.Outputs[1] = n.Outputs[0] }, "listed twice"},
		{"output number", func(n *Net) { n.Outputs[1] = 99 }, "output tensor 99"},
		{"dead end", func(n *Net) { n.Outputs = n.Outputs[1:]; n.Host = nil; n.Results = nil }, "read by none"},
		{"forward reference", func(n *Net) { n.Layers[0].In[0] = 2 }, "not made by an earlier layer"},
		{"own output", func(n *Net) { n.Layers[0].In[0] = 1 }, "not made by an earlier layer"},
		{"made twice", func(n *Net) { n.Layers[1].Out = 1 }, "already made"},
		{"no input", func(n *Net) { n.Layers[0].In = nil }, "no inputs"},
		{"two inputs", func(n *Net) { n.Layers[0].In = []int{0, 0} }, "2 inputs; a conv has 1"},
		{"clamp outside", func(n *Net) { n.Layers[0].Hi = 1 << 15 }, "clamp"},
		{"clamp empty", func(n *Net) { n.Layers[0].Lo = n.Layers[0].Hi + 1 }, "clamp"},
		{"unknown kind", func(n *Net) { n.Layers[5].Kind = "relu" }, `unknown kind "relu"`},
		{"no parameters", func(n *Net) { n.Layers[0].Conv = nil }, "do not match kind"},
		{"foreign parameters", func(n *Net) { n.Layers[4].Pool = &Pool{} }, "do not match kind"},
		{"shift of a conv", func(n *Net) { n.Layers[0].Shift = 1 }, "do not belong"},
		{"add factor", func(n *Net) { n.Layers[4].Factors[0] = 5 }, "factors"},
		{"add shift", func(n *Net) { n.Layers[4].Shift = 4 }, "shift 4"},
		{"add shapes", func(n *Net) { n.Layers[4].In[1] = 0 }, "shapes differ"},
		{"requant shift", func(n *Net) { n.Layers[5].Shift = 99 }, "shift 99"},
		{"kernel of 0", conv(0, func(c *Conv) { c.Kernel[0] = 0 }), "must lie in 1.."},
		{"huge kernel", conv(0, func(c *Conv) { c.Kernel[0] = huge }), "must lie in 1.."},
		{"stride of 0", conv(0, func(c *Conv) { c.Stride[1] = 0 }), "must lie in 1.."},
		{"dilation of 0", conv(0, func(c *Conv) { c.Dilation[1] = 0 }), "must lie in 1.."},
		{"dilation of one tap", conv(0, func(c *Conv) { c.Kernel[1], c.Dilation[1] = 1, 2 }), "along a kernel of one tap"},
		{"negative pad", conv(0, func(c *Conv) { c.Pads[2] = -1 }), "pads"},
		{"geometry", conv(0, func(c *Conv) { c.Pads[2] = 0 }), "do not map"},
		{"output channels", conv(0, func(c *Conv) { c.OutC = 7 }), "7 output channels"},
		{"groups", conv(0, func(c *Conv) { c.Groups = 3 }), "3 groups"},
		{"groups of 0", conv(0, func(c *Conv) { c.Groups = 0 }), "0 groups"},
		{"weight bits", conv(0, func(c *Conv) { c.WeightBits = 17 }), "17 weight bits"},
		{"narrow weights", conv(0, func(c *Conv) { c.WeightBits = 12 }), "outside -2048 to 2047"},
		{"lowest weight", conv(0, func(c *Conv) { c.Weights[5] = -32768 }), "weight 5 is -32768"},
		{"missing weight", conv(0, func(c *Conv) { c.Weights = c.Weights[1:] }), "weights; want"},
		{"missing bias", conv(0, func(c *Conv) { c.Bias = nil }), "0 biases"},
		{"huge bias", conv(0, func(c *Conv) { c.Bias[1] = -1 << 63 }), "bias 1"},
		{"accumulator", conv(0, func(c *Conv) { c.AccBits-- }), "the bound over its weights needs"},
		{"accumulator of 63 bits", conv(0, func(c *Conv) { c.AccBits = 63 }), "accumulator of 63 bits"},
		{"places of biases", conv(0, func(c *Conv) { c.BiasFrac = -1 }), "places below"},
		{"many places of biases", conv(0, func(c *Conv) { c.BiasFrac = 61 }), "places below"},
		{"negative tau", conv(0, func(c *Conv) { c.TauA = -1 }), "threshold -1"},
		{"no shift", conv(0, func(c *Conv) { c.Shift = nil }), "0 shifts"},
		{"two shifts", conv(1, func(c *Conv) { c.Shift, c.WeightFrac = c.Shift[:2], c.WeightFrac[:2] }), "2 shifts"},
		{"shifts at 16 bits", conv(1, func(c *Conv) { c.WeightBits = 9 }), "want 1 each"},
		{"nine steps", conv(1, func(c *Conv) { c.Shift[7]++; c.WeightFrac[7]++ }), "at most 8 steps"},
		{"stray shift", conv(1, func(c *Conv) { c.Shift[7]++ }), "does not follow"},
		{"huge weight frac", conv(0, func(c *Conv) { c.WeightFrac[0] = huge }), "does not follow"},
		{"max pool format", func(n *Net) { n.Layers[6].Pool.Scale = 18 }, "keeps its format"},
		{"window in padding", func(n *Net) {
			n.Tensors[7].H = 6
			n.Layers[6].Pool.Pads = [4]int{3, 0, 0, 1}
		}, "lies in the padding alone"},
		{"pool scale", pool(7, func(p *Pool) { p.Scale++ }), "an average of this window"},
		{"pool drop", pool(7, func(p *Pool) { p.Drop++ }), "an average of this window"},
		{"pool shift", pool(7, func(p *Pool) { p.FormatShift++ }), "format shift"},
		{"pool channels", func(n *Net) { n.Tensors[8].C = 4 }, "8 channels in, 4 out"},
		{"global window", pool(11, func(p *Pool) { p.Kernel[0] = 1 }), "a global pool has no window"},
		{"host input", func(n *Net) { n.Host[0].Input = 1 }, "not an output"},
		{"host operator", func(n *Net) { n.Host[0].Op = "sort" }, `unknown operator "sort"`},
		{"host axis", func(n *Net) { n.Host[0].Axis = 2 }, "axis 2 of shape [1 10]"},
		{"host shape", func(n *Net) { n.Host[0].Shape = []int{1, 5} }, `result 0 ("r"): host operator 0 ("h"): shape [1 5] does not have the 10 elements`},
		{"host rank", func(n *Net) { n.Host[0].Shape = make([]int, 1<<16) }, "bad shape"},
		{"result behind argmax", func(n *Net) { n.Host[0].Op = "argmax" }, "shape [1 10] does not have the 1 elements"},
		{"result tensor", func(n *Net) { n.Results[0].Tensor = -2 }, "tensor -2"},
		{"result of no tail", func(n *Net) { n.Results[0].Tensor = FromTail }, "there is none"},
		{"tail without inputs", func(n *Net) { n.Tail = &Tail{} }, "0 tensors"},
		{"tail's tensor", func(n *Net) { n.Tail = &Tail{Inputs: []TailInput{{Tensor: 99}}} }, "tensor 99"},
		{"tail's shape", func(n *Net) { n.Tail = &Tail{Inputs: []TailInput{{Tensor: n.Outputs[0], Shape: []int{1, 11}}}} }, "elements of its tensor"},
		{"result shape", func(n *Net) { n.Results[0].Shape = []int{1, 11} }, "10 elements"},
		{"result shape overflows", func(n *Net) { n.Results[0].Shape = []int{1 << 24, 1 << 24, 1 << 24} }, "bad shape"},
		{"result host", func(n *Net) { n.Results[0].Host = []int{1} }, "host operator 1"},
	} {
		n := clone(t, good)
		tt.change(n)
		if _, err := New(n); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
}

// TestWindowCount compares countTaps with counting.
func TestWindowCount(t *testing.T) {
	for start := -8; start < 12; start++ {
		for k := 1; k < 6; k++ {
			for dil := 1; dil < 4; dil++ {
				for size := 1; size < 9; size++ {
					want := 0
					for i := range k {
						if p := start + i*dil; p >= 0 && p < size {
							want++
						}
					}
					if got := countTaps(start, k, dil, size); got != want {
						t.Fatalf("countTaps(%d, %d, %d, %d) = %d, want %d", start, k, dil, size, got, want)
					}
				}
			}
		}
	}
}

// TestJSON: a Net survives JSON except for its weights, with stable bytes.
func TestJSON(t *testing.T) {
	n := &zoo(3).net
	js, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(js), "eights\"") {
		t.Error("weights are in the JSON")
	}
	back := clone(t, n)
	if d := cmp.Diff(n, back); d != "" {
		t.Error(d)
	}
	again, err := json.Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	if string(js) != string(again) {
		t.Error("JSON differs after a round trip")
	}
}

// FuzzNet: no JSON makes Validate, the weights reader or the executor panic.
func FuzzNet(f *testing.F) {
	js, err := json.Marshal(&zoo(3).net)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(js)
	b := newBuilder(1, 2, 2, 1, fixed.Format{Bits: 4})
	b.net.Outputs = []int{b.add(Layer{Kind: KindRequant, In: []int{0}}, 2, 2, 1, fixed.Format{Bits: 4})}
	if js, err = json.Marshal(&b.net); err != nil {
		f.Fatal(err)
	}
	f.Add(js)
	f.Fuzz(func(t *testing.T, js []byte) {
		n := new(Net)
		if json.Unmarshal(js, n) != nil || n.Validate() != nil {
			return
		}
		elems := 0
		for _, t := range n.Tensors {
			elems += t.H * t.W * t.C
		}
		for i := range n.Layers {
			l := &n.Layers[i]
			if elems += n.WeightCount(l); elems > 1<<16 {
				return
			}
			if l.Conv != nil {
				l.Conv.Weights, l.Conv.Bias = make([]int16, n.WeightCount(l)), make([]int64, l.Conv.OutC)
			}
			if p := l.Pool; p != nil && l.Kind == KindPool && p.Kernel[0]*p.Kernel[1] > 1<<10 {
				return
			}
			if c := l.Conv; c != nil && c.Kernel[0]*c.Kernel[1] > 1<<10 {
				return
			}
		}
		x, err := New(n)
		if err != nil {
			return
		}
		in := n.Tensors[n.Input]
		if _, err := x.Run(make([]int32, in.H*in.W*in.C)); err != nil {
			t.Errorf("a valid network does not run: %v", err)
		}
	})
}
