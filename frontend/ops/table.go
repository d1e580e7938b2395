package ops

import (
	"errors"
	"math"

	"hass/internal/graph"
)

// operator is the importer's knowledge of one ONNX operator.
type operator struct {
	lowered bool // a separate pass lowers it
	// becomes gives the operator that the pass lower-same puts in its place; nil if a separate pass lowers it, or
	// none.
	becomes    becoming
	shape      shapeRule                                                  // nil if its output is unknown except through becomes; Split has several outputs, see SplitOf
	value      func(*evaluation) (*graph.Tensor, error)                   // computes it over constants; nil if it is not evaluated
	shapeAlone func(*Reading, *graph.Node, *Attrs) (*graph.Tensor, error) // computes it from attributes and the shape of its input; nil if that is not enough
	hint       string                                                     // hint for the user, for frequent operators that are not lowered
}

// operators is the table: one row for each known ONNX operator. Operators with a value over constants are those
// with which exporters compute shapes, axes and folded weights; floats are computed in float32, as in the original.
var operators = map[string]operator{
	// Convolutions, pools and products.
	"Conv":              {lowered: true, shape: (*Reading).convShape},
	"ConvTranspose":     {lowered: true, shape: (*Reading).convTransposeShape},
	"MaxPool":           {lowered: true, shape: (*Reading).poolShape},
	"AveragePool":       {lowered: true, shape: (*Reading).poolShape},
	"GlobalAveragePool": {lowered: true, shape: (*Reading).globalPoolShape},
	"GlobalMaxPool":     {lowered: true, shape: (*Reading).globalPoolShape},
	"LpPool":            {hint: "use AveragePool or MaxPool"},
	"Gemm":              {lowered: true, shape: (*Reading).ProductShape},
	"MatMul":            {lowered: true, shape: (*Reading).ProductShape},
	"Einsum":            {hint: "write it as MatMul or Conv"},

	// Normalisation.
	"BatchNormalization":    {lowered: true, shape: (*Reading).sameShape},
	"InstanceNormalization": {shape: (*Reading).sameShape, hint: "use BatchNormalization, which folds into convolutions"},
	"LayerNormalization":    {shape: (*Reading).sameShape, hint: "use BatchNormalization, which folds into convolutions"},
	"LRN":                   {shape: (*Reading).sameShape, hint: "use BatchNormalization, which folds into convolutions"},

	// Activations.
	"Relu":            {lowered: true, shape: (*Reading).sameShape},
	"LeakyRelu":       {lowered: true, shape: (*Reading).sameShape},
	"PRelu":           {lowered: true, shape: (*Reading).sameShape},
	"Sigmoid":         {lowered: true, shape: (*Reading).sameShape},
	"HardSigmoid":     {lowered: true, shape: (*Reading).sameShape},
	"HardSwish":       {lowered: true, shape: (*Reading).sameShape},
	"Swish":           {lowered: true, shape: (*Reading).sameShape},
	"Tanh":            {lowered: true, shape: (*Reading).sameShape},
	"Shrink":          {lowered: true, shape: (*Reading).sameShape},
	"Clip":            {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).clip},
	"Elu":             {lowered: true, shape: (*Reading).sameShape},
	"Selu":            {lowered: true, shape: (*Reading).sameShape},
	"Celu":            {lowered: true, shape: (*Reading).sameShape},
	"Gelu":            {lowered: true, shape: (*Reading).sameShape},
	"Mish":            {lowered: true, shape: (*Reading).sameShape},
	"Softplus":        {lowered: true, shape: (*Reading).sameShape},
	"Softsign":        {lowered: true, shape: (*Reading).sameShape},
	"ThresholdedRelu": {lowered: true, shape: (*Reading).sameShape},
	"Softmax":         {lowered: true, shape: (*Reading).sameShape},
	"LogSoftmax":      {lowered: true, shape: (*Reading).sameShape},
	"ArgMax":          {lowered: true, shape: (*Reading).argMaxShape},

	// Arithmetic of one operand.
	"Identity":   {lowered: true, shape: (*Reading).sameShape, value: func(e *evaluation) (*graph.Tensor, error) { return e.args[0], nil }},
	"Dropout":    {lowered: true, shape: (*Reading).sameShape},
	"Cast":       {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).cast},
	"Neg":        {lowered: true, shape: (*Reading).sameShape, value: unary(func(v float64) float64 { return -v }, func(v int64) int64 { return -v })},
	"Abs":        {lowered: true, shape: (*Reading).sameShape, value: unary(math.Abs, func(v int64) int64 { return max(v, -v) })},
	"Sqrt":       {lowered: true, shape: (*Reading).sameShape, value: unary(math.Sqrt, nil)},
	"Reciprocal": {lowered: true, shape: (*Reading).sameShape, value: unary(func(v float64) float64 { return 1 / v }, nil)},
	"Floor":      {lowered: true, shape: (*Reading).sameShape, value: unary(math.Floor, nil)},
	"Ceil":       {lowered: true, shape: (*Reading).sameShape, value: unary(math.Ceil, nil)},
	"Exp":        {lowered: true, shape: (*Reading).sameShape},
	"Log":        {lowered: true, shape: (*Reading).sameShape},
	"Erf":        {lowered: true, shape: (*Reading).sameShape},
	"Round":      {lowered: true, shape: (*Reading).sameShape},
	"Sign":       {lowered: true, shape: (*Reading).sameShape},

	// Arithmetic of several operands.
	"Add": {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return a + b }, func(a, b int64) (int64, error) { return a + b, nil })},
	"Sum": {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return a + b }, func(a, b int64) (int64, error) { return a + b, nil })},
	"Sub": {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return a - b }, func(a, b int64) (int64, error) { return a - b, nil })},
	"Mul": {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return a * b }, func(a, b int64) (int64, error) { return a * b, nil })},
	"Div": {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return a / b }, func(a, b int64) (int64, error) {
		if b == 0 {
			return 0, errors.New("division by zero")
		}
		return a / b, nil
	})},
	"Max":     {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return max(a, b) }, func(a, b int64) (int64, error) { return max(a, b), nil })},
	"Min":     {lowered: true, shape: (*Reading).broadcastShape, value: binary(func(a, b float32) float32 { return min(a, b) }, func(a, b int64) (int64, error) { return min(a, b), nil })},
	"Pow":     {lowered: true, shape: (*Reading).broadcastShape},
	"Equal":   {value: compare(func(a, b float32) bool { return a == b }, func(a, b int64) bool { return a == b })},
	"Greater": {value: compare(func(a, b float32) bool { return a > b }, func(a, b int64) bool { return a > b })},
	"Less":    {value: compare(func(a, b float32) bool { return a < b }, func(a, b int64) bool { return a < b })},
	"Where":   {value: (*evaluation).where},

	// Reductions.
	"ReduceMean": {lowered: true, shape: (*Reading).reductionShape},
	"ReduceMax":  {lowered: true, shape: (*Reading).reductionShape},
	"ReduceSum":  {lowered: true, shape: (*Reading).reductionShape},
	"ReduceMin":  {lowered: true, shape: (*Reading).reductionShape},
	"ReduceProd": {value: (*evaluation).reduceProd},

	// Operators that move data.
	"Reshape":      {lowered: true, shape: (*Reading).reshapeTarget, value: renamed((*Reading).reshapeTarget)},
	"Flatten":      {lowered: true, shape: (*Reading).flattenShape, value: renamed((*Reading).flattenShape)},
	"Squeeze":      {lowered: true, shape: (*Reading).squeezed, value: renamed((*Reading).squeezed)},
	"Unsqueeze":    {lowered: true, shape: (*Reading).squeezed, value: renamed((*Reading).squeezed)},
	"Transpose":    {lowered: true, shape: (*Reading).transposeShape, value: (*evaluation).transpose},
	"Expand":       {lowered: true, shape: (*Reading).expandShape, value: (*evaluation).expand},
	"Concat":       {becomes: (*Reading).concat, shape: (*Reading).concatShape, value: (*evaluation).concat},
	"Slice":        {lowered: true, shape: (*Reading).sliceShape, value: (*evaluation).slice},
	"Split":        {lowered: true},
	"Pad":          {lowered: true, shape: (*Reading).padShape},
	"Resize":       {becomes: (*Reading).resize, shape: (*Reading).resizeShape},
	"Upsample":     {becomes: (*Reading).resize, shape: (*Reading).resizeShape},
	"Gather":       {becomes: (*Reading).take, value: (*evaluation).gather},
	"DepthToSpace": {lowered: true, shape: (*Reading).blockShape},
	"SpaceToDepth": {lowered: true, shape: (*Reading).blockShape},

	// Constants and shapes.
	"Constant":        {shapeAlone: (*Reading).constantNode},
	"Shape":           {shapeAlone: (*Reading).shapeNode},
	"Size":            {shapeAlone: (*Reading).sizeNode},
	"ConstantOfShape": {value: (*evaluation).constantOfShape},
	"Range":           {value: (*evaluation).rangeOf},

	// Quantisers; the table quantisers has those of QONNX that are not read.
	"QuantizeLinear":        {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).quantizeLinear},
	"DequantizeLinear":      {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).dequantizeLinear},
	"Quant":                 {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).quant},
	"IntQuant":              {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).quant}, // QONNX's newer name of Quant
	"MultiThreshold":        {lowered: true, shape: (*Reading).sameShape},
	"BipolarQuant":          {lowered: true, shape: (*Reading).sameShape, value: (*evaluation).bipolar},
	"Trunc":                 {hint: "use Quant"},
	"DynamicQuantizeLinear": {hint: "quantise statically, in QDQ form"},
	"QLinearConv":           {hint: "export the quantised model in QDQ form"},
	"QLinearMatMul":         {hint: "export the quantised model in QDQ form"},
	"ConvInteger":           {hint: "export the quantised model in QDQ form"},
	"MatMulInteger":         {hint: "export the quantised model in QDQ form"},

	// Control flow and recurrence.
	"If":   {hint: "export with the condition decided (fold constants, run onnx-simplifier)"},
	"Loop": {hint: "unroll the loop when exporting"},
	"Scan": {hint: "unroll the loop when exporting"},
	"LSTM": {hint: "recurrent networks do not map to this accelerator"},
	"GRU":  {hint: "recurrent networks do not map to this accelerator"},
	"RNN":  {hint: "recurrent networks do not map to this accelerator"},
}

// Lowered reports whether a pass lowers the operator.
func Lowered(op string) bool { return operators[op].lowered || operators[op].becomes != nil }

// OnlyConstant reports whether an operator is only evaluated over constants, such
// as those with which exporters compute shapes.
func OnlyConstant(op string) bool {
	o := operators[op]
	return !Lowered(op) && (o.value != nil || o.shapeAlone != nil)
}

// quantDomains are the domains in which exporters write QONNX's quantisers.
var quantDomains = map[string]bool{"qonnx.custom_op.general": true, "finn.custom_op.general": true, "onnx.brevitas": true}

// channelsLastDomain has ONNX operators over maps [N,H,W,C].
const channelsLastDomain = "qonnx.custom_op.channels_last"

// QuantDomain reports whether a domain is one of QONNX's, which published files use without importing it.
func QuantDomain(domain string) bool { return quantDomains[domain] || domain == channelsLastDomain }

// quantTypes are the QONNX quantisers that are read.
var quantTypes = map[string]bool{"Quant": true, "IntQuant": true, "BipolarQuant": true, "MultiThreshold": true}

// Known reports whether passes may look at an operator: standard ONNX, or a
// QONNX quantiser that is read.
func Known(op graph.Foreign) bool {
	return op.Domain == "" || quantTypes[op.Type] && quantDomains[op.Domain]
}

// channelsLastTypes are the ONNX operators that QONNX has for maps with their channels last.
var channelsLastTypes = map[string]bool{"Conv": true, "MaxPool": true, "AveragePool": true, "GlobalAveragePool": true, "BatchNormalization": true}

// ChannelsLast reports whether an operator is an ONNX operator over a map with its channels last. The weights of
// such a Conv are [F,KH,KW,C].
func ChannelsLast(op graph.Foreign) bool {
	return op.Domain == channelsLastDomain && channelsLastTypes[op.Type]
}

// quantisers are the QONNX quantisers that are not read.
var quantisers = map[string]Refusal{
	"FloatQuant": {"small floating-point numbers have no hardware", "quantise to integers with Quant"},
	"Trunc":      {"it cuts off the last bits of an integer, rounding down; the hardware rounds to the nearest step", "use Quant with the narrower width and its scale, which rounds to the nearest step"},
}

// RefuseOperator is the refusal of an operator that no pass lowers.
func RefuseOperator(f graph.Foreign) Refusal {
	if r, ok := quantisers[f.Type]; ok && quantDomains[f.Domain] {
		return r
	}
	switch {
	case f.Domain == channelsLastDomain:
		return Refusal{"this operator over channels-last maps is not read in this version", "convert the model to channels first before exporting (QONNX has transformations for both directions)"}
	case f.Domain != "" && operators[f.Type].hint != "" && quantDomains[f.Domain]:
		return Refusal{"operator is not supported", operators[f.Type].hint}
	case !Known(f):
		return Refusal{"operators of this domain are not supported", "export with standard ONNX operators only; a function that the model defines must be inlined (onnx.inliner)"}
	case Lowered(f.Type):
		return Refusal{"this use of the operator is not supported", "simplify the model (onnx-simplifier), or cut it before this node"}
	}
	h := operators[f.Type].hint
	if h == "" {
		h = "replace it by a supported operator, or cut the model before it"
	}
	return Refusal{"operator is not supported", h}
}
