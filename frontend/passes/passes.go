package passes

import (
	"fmt"

	"hass/frontend/ops"
	"hass/frontend/rewrite"
	"hass/internal/graph"
)

// rewriter is the Rewriter with the helper methods that passes share.
type rewriter struct{ *rewrite.Rewriter }

func newRewriter(g *graph.Graph, batch int, refused ops.Refusals) *rewriter {
	return &rewriter{rewrite.New(g, batch, refused)}
}

// pass is one rewriting of the graph. A pass may assume that the graph is
// verified and must leave a verified graph.
type pass struct {
	name  string
	what  string // one line for people
	run   func(r *rewriter) error
	after []order
}

// order says that a pass must come after another one, and why.
type order struct{ pass, why string }

// table holds the passes in the order in which they run. Each pass has a file of
// its name, with NAME.in.txt and NAME.golden.txt in testdata; a test checks the
// order against the constraints.
var table = []pass{
	{"expand-qlinear", "write operators over integers as float operators between quantisers", expandQlinear, nil},
	{"fold-constants", "evaluate constant expressions and infer shapes", foldConstants, []order{
		{"expand-qlinear", "it computes the weights behind the quantisers"},
	}},
	{"nchw-input", "read images plane by plane where the model transposes them so", nchwInput, []order{
		{"fold-constants", "it follows shapes"},
	}},
	{"sink-transpose", "move Transpose towards the outputs until pairs cancel", sinkTranspose, []order{
		{"fold-constants", "operands of Pad and axes of reductions must be constants"},
		{"nchw-input", "that one adds a transpose for this one to cancel"},
	}},
	{"fold-quant", "turn pairs of QuantizeLinear and DequantizeLinear, and Quant, into quantize", foldQuant, []order{
		{"fold-constants", "quantisers of weights are computed there"},
	}},
	{"drop-identity", "remove operators that do nothing at inference", dropIdentity, []order{
		{"fold-constants", "Pad and Expand are no-ops only if their constant operands say so"},
		{"sink-transpose", "a Transpose that cancelled is one that does nothing"},
	}},
	{"lower-reshape", "turn Flatten, Squeeze, Unsqueeze, Reshape and layout-only Transpose into reshape", lowerReshape, []order{
		{"fold-constants", "target shapes are computed from Shape, Gather, Concat"},
		{"sink-transpose", "it knows Transpose only by its ONNX name"},
	}},
	{"lower-conv", "turn Conv into conv with explicit padding", lowerConv, []order{
		{"fold-constants", "weights must be constants and shapes known"},
	}},
	{"lower-convtranspose", "turn ConvTranspose into convtranspose with explicit padding", lowerConvtranspose, []order{
		{"fold-constants", "weights must be constants and shapes known"},
	}},
	{"lower-slice", "turn Slice and Split into slice", lowerSlice, []order{
		{"fold-constants", "bounds are inputs since opset 10"},
	}},
	{"lower-same", "turn Concat, Resize and whatever else has an operator of the same meaning into that", lowerSame, []order{
		{"fold-constants", "sizes and scales are inputs; constants alone are joined there"},
		{"drop-identity", "a Concat of one input is none"},
	}},
	{"lower-pool", "turn pooling and spatial reductions into pool and global pool", lowerPool, []order{
		{"fold-constants", "axes of a reduction are an input since opset 18"},
	}},
	{"lower-reduce", "turn the other reductions into reduce", lowerReduce, []order{
		{"fold-constants", "axes are inputs since opset 13"},
		{"lower-pool", "what reduces height and width alone is a global pool"},
	}},
	{"lower-gemm", "turn Gemm and MatMul into 1x1 conv on one pixel", lowerGemm, []order{
		{"fold-constants", "weights must be constants"},
	}},
	{"lower-matmul", "turn the other Gemm and MatMul into matmul", lowerMatmul, []order{
		{"lower-gemm", "one row of data times constant weights is a layer"},
	}},
	{"lower-activation", "turn activations into activation", lowerActivation, []order{
		{"fold-constants", "bounds of Clip are inputs since opset 11"},
	}},
	{"merge-clip", "make one clip of two in a row", mergeClip, []order{
		{"lower-activation", "it matches clip and relu"},
	}},
	{"fuse-hard", "fuse hard-sigmoid and hard-swish written with a clip", fuseHard, []order{
		{"lower-activation", "it matches clip"},
		{"merge-clip", "a ReLU6 may be written in two steps"},
		{"sink-transpose", "a Transpose between would hide the pattern"},
	}},
	{"fuse-function", "fuse GELU, Mish, softplus and leaky relu written in several operators", fuseFunction, []order{
		{"lower-activation", "it computes activations"},
		{"fuse-hard", "what that one knows is no longer in several operators"},
	}},
	{"split-difference", "write differences, maxima and minima before layers as sums", splitDifference, []order{
		{"lower-activation", "maxima with a number are a clip"},
		{"fuse-function", "a maximum of x and a*x is a leaky relu"},
	}},
	{"fold-affine", "fold BatchNormalization and per-channel constants into conv", foldAffine, []order{
		{"lower-conv", "it folds into conv"},
		{"lower-gemm", "it folds into conv made from Gemm and MatMul"},
		{"lower-reshape", "it looks through reshape to find the conv"},
		{"drop-identity", "an Identity between would hide the conv"},
		{"fuse-function", "a scale that folded would hide the function"},
		{"split-difference", "the negation that is made there folds here"},
		{"fuse-hard", "it folds the additions and divisions that hard-swish is written with"},
	}},
	{"lower-eltwise", "turn the remaining Add, Sum, Sub, Mul, Div, Max, Min and Neg into element-wise operators", lowerEltwise, []order{
		{"fold-affine", "operands that fold into a conv cost nothing there"},
		{"lower-activation", "Max and Min with a number are a clip"},
	}},
	{"fold-pad", "fold Pad into conv and pool", foldPad, []order{
		{"lower-conv", "it adds to conv's padding"},
		{"lower-pool", "it adds to the pool's padding"},
		{"lower-activation", "zero padding of a max pool is free only after an activation that is never negative"},
		{"fold-affine", "a Pad made into conv must not attract a BatchNormalization"},
	}},
	{"lower-pad", "turn the remaining Pad into pad", lowerPad, []order{
		{"fold-pad", "padding that folds costs nothing"},
	}},
	{"merge-affine", "fold a 1x1 depthwise conv into the conv that reads it", mergeAffine, []order{
		{"fold-affine", "that is where such convs come from"},
		{"fold-pad", "a shift passes into a conv only if that does not pad"},
	}},
	{"fuse-swish", "fuse x*hardsigmoid(x) and x*sigmoid(x)", fuseSwish, []order{
		{"lower-activation", "it matches activation"},
		{"lower-eltwise", "it matches mul"},
	}},
	{"sink-reshape", "move reshapes to the tail, merge them, absorb them into fully connected layers", sinkReshape, []order{
		{"lower-reshape", "it moves reshape"},
		{"lower-gemm", "it widens the kernel of a fully connected layer over the whole map"},
		{"lower-eltwise", "reshapes pass through element-wise operators"},
		{"fuse-swish", "the pattern is simpler before"},
	}},
	{"lower-layout", "turn the remaining Transpose and Expand into transpose and expand", lowerLayout, []order{
		{"lower-reshape", "a Transpose that moves nothing is a reshape"},
		{"lower-eltwise", "element-wise operators broadcast by themselves"},
		{"sink-reshape", "a fully connected layer absorbs a Transpose, known by its ONNX name"},
	}},
	{"select-channels", "let layers do what chains of Reshape, Transpose and Gather do to channels", selectChannels, []order{
		{"lower-layout", "it follows transpose"},
		{"lower-same", "a Gather by constants is a take"},
		{"lower-slice", "it follows slices"},
	}},
	{"lower-tail", "turn Softmax, LogSoftmax and ArgMax into host operators", lowerTail, []order{
		{"sink-reshape", "it adds reshapes that are not to move"},
	}},
	{"drop-dead", "remove what no output needs", dropDead, []order{
		{"fold-affine", "folded weights leave their originals unused"},
		{"sink-reshape", "reshapes that were passed by are unused"},
		{"lower-tail", "it is the last one, so that nothing dead is reported"},
	}},
}

// Run runs all passes over an imported graph and changes it in place. batch is the fixed batch size of the model's inputs, 0 if it
// is symbolic or 1. Nodes that no pass lowers stay graph.Foreign; refused has the reasons for nodes that a pass understood. Run
// calls after with the graph after each pass. It gives the names of the removed nodes with the pass that removed each.
func Run(g *graph.Graph, batch int, refused ops.Refusals, after func(pass string, g *graph.Graph) error) (gone map[string]string, err error) {
	r := newRewriter(g, batch, refused)
	gone = map[string]string{}
	for i := range table {
		removed, err := runPass(&table[i], r)
		if err == nil {
			err = after(table[i].name, g)
		}
		if err != nil {
			return nil, err
		}
		for _, n := range removed {
			gone[n] = table[i].name
		}
	}
	return gone, nil
}

// Descriptions says in one line what each pass does, by the pass's name.
func Descriptions() map[string]string {
	m := make(map[string]string, len(table))
	for _, p := range table {
		m[p.name] = p.what
	}
	return m
}

// runPass runs one pass and verifies the result, unless the pass changed nothing. It gives
// the names of the nodes that the pass removed.
func runPass(p *pass, r *rewriter) (removed []string, err error) {
	r.Changed, r.Dirty, r.Removed = false, false, nil
	if err := p.run(r); err != nil {
		return nil, err
	}
	if r.Budget < 0 {
		return nil, fmt.Errorf("pass %s: constants made from others grow far beyond the model's size", p.name)
	}
	if err := r.Finish(); err != nil {
		return nil, fmt.Errorf("internal error: pass %s: %w", p.name, err)
	}
	if !r.Dirty {
		return nil, nil
	}
	if err := graph.Verify(r.Graph); err != nil {
		return nil, fmt.Errorf("internal error: pass %s left a bad graph: %w", p.name, err)
	}
	return r.Removed, nil
}
