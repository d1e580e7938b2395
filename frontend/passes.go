package frontend

import (
	"fmt"

	"hass/internal/graph"
)

// pass is one rewriting of the graph. A pass may assume that the graph is
// verified and must leave it so.
type pass struct {
	name  string
	what  string // one line for people
	run   func(r *rewriter) error
	after []order
}

// order says that a pass must come after another one, and why.
type order struct{ pass, why string }

// passes is the table, in the order they run. Each pass lives in a file of its
// name; a test checks the order against the constraints.
var passes = []pass{
	{"fold-constants", "evaluate constant expressions and infer shapes", foldConstants, nil},
	{"drop-identity", "remove operators that do nothing at inference", dropIdentity, []order{
		{"fold-constants", "Pad and Expand are no-ops only if their constant operands say so"},
	}},
	{"lower-reshape", "turn Flatten, Squeeze, Unsqueeze, Reshape and layout-only Transpose into reshape", lowerReshape, []order{
		{"fold-constants", "target shapes are computed from Shape, Gather, Concat"},
	}},
	{"lower-conv", "turn Conv into conv with explicit padding", lowerConv, []order{
		{"fold-constants", "weights must be constants and shapes known"},
	}},
	{"lower-pool", "turn pooling and spatial reductions into pool and global pool", lowerPool, []order{
		{"fold-constants", "axes of a reduction are an input since opset 18"},
	}},
	{"lower-gemm", "turn Gemm and MatMul into 1x1 conv on one pixel", lowerGemm, []order{
		{"fold-constants", "weights must be constants"},
	}},
	{"lower-activation", "turn activations into activation", lowerActivation, []order{
		{"fold-constants", "bounds of Clip are inputs since opset 11"},
	}},
	{"fold-affine", "fold BatchNormalization and per-channel constants into conv", foldAffine, []order{
		{"lower-conv", "it folds into conv"},
		{"lower-gemm", "it folds into conv made from Gemm and MatMul"},
		{"lower-reshape", "it looks through reshape to find the conv"},
		{"drop-identity", "an Identity between would hide the conv"},
	}},
	{"lower-eltwise", "turn the remaining Add, Sum, Sub, Mul and Div into add and mul", lowerEltwise, []order{
		{"fold-affine", "operands that fold into a conv cost nothing there"},
	}},
	{"fold-pad", "fold Pad into conv and pool", foldPad, []order{
		{"lower-conv", "it adds to conv's padding"},
		{"lower-pool", "it adds to the pool's padding"},
		{"lower-activation", "zero padding of a max pool is free only after an activation that is never negative"},
		{"fold-affine", "a Pad made into conv must not attract a BatchNormalization"},
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
	{"lower-tail", "mark Softmax and ArgMax at the tail as host operators", lowerTail, []order{
		{"sink-reshape", "a reshape at the tail must not look like more hardware"},
	}},
	{"drop-dead", "remove what no output needs", dropDead, []order{
		{"fold-affine", "folded weights leave their originals unused"},
		{"sink-reshape", "reshapes that were passed by are unused"},
		{"lower-tail", "it is the last one, so that nothing dead is reported"},
	}},
}

// runPass runs one pass and verifies what it left.
func runPass(p *pass, g *graph.Graph, diag *diagnostics) error {
	r := newRewriter(g, diag)
	if err := p.run(r); err != nil {
		return err
	}
	if err := r.finish(); err != nil {
		return fmt.Errorf("internal error: pass %s: %w", p.name, err)
	}
	if err := graph.Verify(g); err != nil {
		return fmt.Errorf("internal error: pass %s left a bad graph: %w", p.name, err)
	}
	return nil
}
