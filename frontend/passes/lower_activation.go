package passes

import (
	"fmt"
	"math"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerActivation turns element-wise non-linear operators into activation.
// Operators whose bounds reduce them to a simpler function become that
// function: a Clip from 0 without an upper bound is relu, and so is a
// LeakyRelu with slope 0.
func lowerActivation(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		var op graph.Activation
		keep := 1 // number of inputs kept
		switch a.Op.Type {
		case "Relu":
			op.Fn = graph.ActRelu
		case "Sigmoid":
			op.Fn = graph.ActSigmoid
		case "Tanh":
			op.Fn = graph.ActTanh
		case "Swish": // opset 24
			if alpha := a.Float("alpha", 1); alpha != 1 {
				return ops.Refuse("use Swish with alpha 1", "alpha is %v", alpha)
			}
			op.Fn = graph.ActSiLU
		case "HardSwish":
			op.Fn = graph.ActHardSwish
		case "HardSigmoid":
			op = graph.Activation{Fn: graph.ActHardSigmoid, Alpha: float64(a.Float("alpha", 0.2)), Beta: float64(a.Float("beta", 0.5))}
		case "LeakyRelu":
			op = graph.Activation{Fn: graph.ActLeakyRelu, Alpha: float64(a.Float("alpha", 0.01))}
		case "Elu", "Celu", "ThresholdedRelu":
			op = graph.Activation{Fn: graph.ActFn(strings.ToLower(a.Op.Type)), Alpha: float64(a.Float("alpha", 1))}
		case "Selu":
			op = graph.Activation{Fn: graph.ActSelu, Alpha: float64(a.Float("alpha", 1.67326319217681884765625)), Beta: float64(a.Float("gamma", 1.05070102214813232421875))}
		case "Gelu":
			switch how := a.Str("approximate", "none"); how {
			case "none":
				op.Fn = graph.ActGelu
			case "tanh":
				op.Fn = graph.ActGeluTanh
			default:
				return ops.Refuse("use none or tanh", "it approximates by %q", how)
			}
		case "Softplus", "Softsign", "Mish", "Exp", "Log", "Sqrt", "Reciprocal", "Abs", "Erf", "Floor", "Ceil", "Round", "Sign":
			op.Fn = graph.ActFn(strings.ToLower(a.Op.Type))
		case "Pow":
			p := r.Constant(n, 1)
			switch {
			case p == nil || p.Type == graph.Float && !ops.Uniform(p.F) || len(p.F)+len(p.I) == 0 || p.Type != graph.Float && len(p.I) != 1:
				return ops.Refuse("x*x is a Mul; use a constant exponent", "its exponent is not one constant number")
			case p.Type == graph.Float:
				op = graph.Activation{Fn: graph.ActPow, Alpha: float64(p.F[0])}
			default:
				op = graph.Activation{Fn: graph.ActPow, Alpha: float64(p.I[0])}
			}
			if op.Alpha == 2 && r.Shape(n.Inputs[0]).Equal(r.Shape(n.Outputs[0])) {
				if err := a.Done(); err != nil {
					return err
				}
				n.Op = graph.Eltwise{Fn: "mul"}
				r.SetInputs(n, n.Inputs[0], n.Inputs[0])
				return nil
			}
		case "Clip":
			lo, hi, err := r.Bounds(n, a)
			if err != nil {
				return err
			}
			op = clip(lo, hi)
		case "Max", "Min":
			lo, hi, err := r.limit(n, a.Op.Type)
			if err != nil {
				return err
			}
			if math.IsNaN(lo) {
				return nil // two tensors of data: lower-eltwise handles it
			}
			op = clip(lo, hi)
		case "PRelu":
			slope, err := r.Weights(n, 1, "slope")
			if err != nil {
				return err
			}
			op.Fn, keep = graph.ActPRelu, 2
			if _, err := graph.Infer(op, []graph.Shape{r.Shape(n.Inputs[0]), slope.Shape}); err != nil {
				return err
			}
			if ops.Uniform(slope.F) {
				op, keep = graph.Activation{Fn: graph.ActLeakyRelu, Alpha: float64(slope.F[0])}, 1
			}
		case "Shrink":
			lambd, bias := a.Float("lambd", 0.5), a.Float("bias", 0)
			if bias != 0 || lambd < 0 || math.IsInf(float64(lambd), 0) {
				return ops.Refuse("use Shrink with bias 0 and lambd of at least 0", "lambd is %v and bias is %v", lambd, bias)
			}
			// Shrink zeroes |x| <= lambd, a threshold |x| < Alpha: the next float32 up.
			op = graph.Activation{Fn: graph.ActThreshold, Alpha: float64(math.Nextafter32(lambd, float32(math.Inf(1))))}
		}
		if op.Fn == graph.ActLeakyRelu && op.Alpha == 0 {
			op = graph.Activation{Fn: graph.ActRelu}
		}
		bad := func(v float64) bool { return math.IsNaN(v) || op.Fn != graph.ActClip && math.IsInf(v, 0) }
		if bad(op.Alpha) || bad(op.Beta) {
			return fmt.Errorf("its parameters %v and %v are no numbers", op.Alpha, op.Beta)
		}
		if err := a.Done(); err != nil {
			return err
		}
		data := n.Inputs[0]
		if r.Graph.Consts[data] != nil && len(n.Inputs) > 1 {
			data = n.Inputs[1] // Max and Min accept their operands in any order
		}
		if !r.Shape(data).Equal(r.Shape(n.Outputs[0])) {
			if a.Op.Type == "Max" || a.Op.Type == "Min" {
				return nil
			}
			return ops.Refuse("", "its operand enlarges %v", r.Shape(data))
		}
		if op.Fn == graph.ActClip && math.IsInf(op.Alpha, -1) && math.IsInf(op.Beta, 1) {
			r.Bypass(n, data)
			return nil
		}
		n.Op = op
		if keep == 1 {
			r.SetInputs(n, data)
		} else {
			r.SetInputs(n, n.Inputs[:keep]...)
		}
		return nil
	}, "Relu", "Sigmoid", "Tanh", "HardSwish", "Swish", "HardSigmoid", "LeakyRelu", "Clip", "Max", "Min", "PRelu", "Shrink",
		"Elu", "Celu", "ThresholdedRelu", "Selu", "Gelu", "Softplus", "Softsign", "Mish", "Exp", "Log", "Sqrt", "Reciprocal", "Abs", "Erf", "Floor", "Ceil", "Round", "Sign", "Pow")
}

// limit reads a Max or Min of data and one constant number as bounds; NaN if
// it is not of that form.
func (r *rewriter) limit(n *graph.Node, op string) (lo, hi float64, err error) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if len(n.Inputs) != 2 {
		return math.NaN(), 0, nil
	}
	c := r.Constant(n, 0)
	if c == nil {
		c = r.Constant(n, 1)
	}
	if c == nil || c.Type != graph.Float || !ops.Uniform(c.F) {
		return math.NaN(), 0, nil
	}
	if op == "Max" {
		lo = float64(c.F[0])
	} else {
		hi = float64(c.F[0])
	}
	return lo, hi, nil
}

// clip is the activation min(max(x, lo), hi).
func clip(lo, hi float64) graph.Activation {
	if lo == 0 && math.IsInf(hi, 1) {
		return graph.Activation{Fn: graph.ActRelu}
	}
	// With crossed bounds ONNX returns the upper one everywhere.
	return graph.Activation{Fn: graph.ActClip, Alpha: min(lo, hi), Beta: hi}
}
