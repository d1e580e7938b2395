package graph

// ActFn is the function of an Activation. Its text is the name of the operator in the text form.
type ActFn string

// The functions.
const (
	ActRelu            ActFn = "relu"
	ActClip            ActFn = "clip"        // limited to [Alpha, Beta]
	ActLeakyRelu       ActFn = "leakyrelu"   // Alpha x below 0
	ActPRelu           ActFn = "prelu"       // x times a second input below 0
	ActHardSigmoid     ActFn = "hardsigmoid" // clip(Alpha x + Beta, 0, 1)
	ActHardSwish       ActFn = "hardswish"
	ActSigmoid         ActFn = "sigmoid"
	ActSiLU            ActFn = "silu"
	ActTanh            ActFn = "tanh"
	ActThreshold       ActFn = "threshold" // |x| < Alpha reads as 0
	ActElu             ActFn = "elu"       // with Alpha
	ActSelu            ActFn = "selu"      // Beta is its gamma
	ActCelu            ActFn = "celu"      // with Alpha
	ActSoftplus        ActFn = "softplus"
	ActSoftsign        ActFn = "softsign"
	ActMish            ActFn = "mish"
	ActGelu            ActFn = "gelu"
	ActGeluTanh        ActFn = "gelutanh"        // gelu's approximation by tanh
	ActThresholdedRelu ActFn = "thresholdedrelu" // with Alpha
	ActPow             ActFn = "pow"             // to the power Alpha
	ActExp             ActFn = "exp"
	ActLog             ActFn = "log"
	ActSqrt            ActFn = "sqrt"
	ActReciprocal      ActFn = "reciprocal"
	ActAbs             ActFn = "abs"
	ActErf             ActFn = "erf"
	ActFloor           ActFn = "floor"
	ActCeil            ActFn = "ceil"
	ActRound           ActFn = "round" // half to even
	ActSign            ActFn = "sign"
)

// activationParams says which of Alpha and Beta an activation uses.
var activationParams = map[ActFn]struct{ alpha, beta bool }{
	ActRelu: {}, ActClip: {true, true}, ActLeakyRelu: {alpha: true}, ActPRelu: {},
	ActHardSigmoid: {true, true}, ActHardSwish: {}, ActSigmoid: {}, ActSiLU: {},
	ActTanh: {}, ActThreshold: {alpha: true},
	ActElu: {alpha: true}, ActSelu: {true, true}, ActCelu: {alpha: true}, ActSoftplus: {}, ActSoftsign: {}, ActMish: {}, ActGelu: {}, ActGeluTanh: {},
	ActThresholdedRelu: {alpha: true}, ActPow: {alpha: true}, ActExp: {}, ActLog: {}, ActSqrt: {}, ActReciprocal: {}, ActAbs: {}, ActErf: {},
	ActFloor: {}, ActCeil: {}, ActRound: {}, ActSign: {},
}
