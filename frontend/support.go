package frontend

import "hass/internal/graph"

// supported holds the ONNX operators that some pass lowers; constants may go
// through more (evaluators in fold.go).
var supported = map[string]bool{
	"Add": true, "ArgMax": true, "AveragePool": true, "BatchNormalization": true, "Cast": true, "Clip": true,
	"Concat": true, "Conv": true, "ConvTranspose": true, "DequantizeLinear": true, "Div": true, "Dropout": true, "Expand": true,
	"Flatten": true, "Gemm": true, "GlobalAveragePool": true, "GlobalMaxPool": true, "HardSigmoid": true, "HardSwish": true,
	"Identity": true, "LeakyRelu": true, "LogSoftmax": true, "MatMul": true, "Max": true, "MaxPool": true, "Min": true, "Mul": true,
	"Neg": true, "PRelu": true, "Pad": true, "Quant": true, "QuantizeLinear": true, "ReduceMax": true, "ReduceMean": true,
	"ReduceMin": true, "ReduceSum": true, "Relu": true, "Reshape": true, "Resize": true, "Shrink": true, "Sigmoid": true,
	"Slice": true, "Softmax": true, "Split": true, "Squeeze": true, "Sub": true, "Sum": true, "Swish": true, "Tanh": true, "Transpose": true,
	"Unsqueeze": true, "Upsample": true,
}

// hints say what to do about operators that users meet most.
var hints = map[string]string{
	"LSTM": "recurrent networks do not map to this accelerator", "GRU": "recurrent networks do not map to this accelerator",
	"RNN": "recurrent networks do not map to this accelerator",
	"If":  "export with the condition decided (fold constants, run onnx-simplifier)", "Loop": "unroll the loop when exporting",
	"Scan":               "unroll the loop when exporting",
	"LayerNormalization": "use BatchNormalization, which folds into convolutions", "InstanceNormalization": "use BatchNormalization, which folds into convolutions",
	"LRN":  "use BatchNormalization, which folds into convolutions",
	"Gelu": "use Relu or HardSwish", "Elu": "use Relu or LeakyRelu", "Selu": "use Relu or LeakyRelu", "Erf": "use Relu or HardSwish",
	"Softplus": "use Relu", "Mish": "use HardSwish", "Exp": "if it is a hand-written softmax, export Softmax",
	"QLinearConv": "export the quantised model in QDQ form", "ConvInteger": "export the quantised model in QDQ form",
	"QLinearMatMul": "export the quantised model in QDQ form", "MatMulInteger": "export the quantised model in QDQ form",
	"DynamicQuantizeLinear": "quantise statically, in QDQ form", "Trunc": "use Quant",
	"DepthToSpace": "it moves channels to pixels, which no module does: use ConvTranspose or Resize, or end the model before it",
	"SpaceToDepth": "it moves pixels to channels, which no module does: use a strided Conv, or do it on the images before the model",
	"Gather":       "use Slice or Split where it takes neighbouring channels; else let the weights of a Conv choose them",
	"Pow":          "x*x is a Mul; a power of a constant should be folded when exporting (onnx-simplifier)",
	"LpPool":       "use AveragePool or MaxPool", "Einsum": "write it as MatMul or Conv",
}

// quantisers are QONNX's quantisers that are not read.
var quantisers = map[string]refusal{
	"BipolarQuant": {"bipolar numbers (-1 and +1 without a zero) have no hardware in this version", "quantise to 2 bits or more: Quant with bit width 2 and narrow=1 has -1, 0 and +1"},
	"IntQuant":     {"QONNX's newer name of Quant is not read in this version", "rename the operator to Quant: its inputs (scale, zero point, bit width) and attributes are the same"},
	"FloatQuant":   {"small floating-point numbers have no hardware", "quantise to integers with Quant"},
	"Trunc":        {"truncation of integers is not read in this version", "use Quant"},
}

// refuseOp is the refusal of an operator that no pass knows.
func refuseOp(f graph.Foreign) refusal {
	if r, ok := quantisers[f.Type]; ok && quantDomains[f.Domain] {
		return r
	}
	switch {
	case f.Domain == "qonnx.custom_op.channels_last":
		return refusal{"operators over channels-last maps are not read in this version", "convert the model to channels first before exporting (QONNX has transformations for both directions)"}
	case f.Domain != "" && hints[f.Type] != "" && quantDomains[f.Domain]:
		return refusal{"operator is not supported", hints[f.Type]}
	case !known(f):
		return refusal{"operators of this domain are not supported", "export with standard ONNX operators only; a function that the model defines must be inlined (onnx.inliner)"}
	case supported[f.Type]:
		return refusal{"this use of the operator is not supported", "simplify the model (onnx-simplifier), or cut it before this node"}
	}
	h := hints[f.Type]
	if h == "" {
		h = "replace it by a supported operator, or cut the model before it"
	}
	return refusal{"operator is not supported", h}
}
