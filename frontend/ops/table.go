package ops

import (
	"errors"
	"math"

	"hass/internal/graph"
)

// operator is what the importer knows of one ONNX operator.
type operator struct {
	lowered bool // a pass of its own lowers it
	// becomes is what the pass lower-same makes of it; nil if a pass of its own lowers it, or none.
	becomes    becoming
	shape      shapeRule                                                  // nil if nothing is known of its output but what becomes says; Split has several, see SplitOf
	value      func(*evaluation) (*graph.Tensor, error)                   // computes it over constants; nil if it is not
	shapeAlone func(*Reading, *graph.Node, *Attrs) (*graph.Tensor, error) // computes it from attributes and the shape of its input; nil if it is not
	hint       string                                                     // what a user does about it, of the operators met most that are not lowered
}

// operators is the table: one row for each ONNX operator of which anything is known. Values over constants are what
// exporters write to compute shapes, axes and folded weights; floats are computed in float32 as the original would.
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

	// What moves data.
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

	// Quantisers; those of QONNX that are not read stand in the table quantisers.
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

// Lowered reports whether some pass lowers the operator.
func Lowered(op string) bool { return operators[op].lowered || operators[op].becomes != nil }

// OnlyConstant reports whether an operator is evaluated over constants alone: what
// exporters write to compute shapes.
func OnlyConstant(op string) bool {
	o := operators[op]
	return !Lowered(op) && (o.value != nil || o.shapeAlone != nil)
}

// quantDomains are the domains under which exporters write QONNX's quantisers.
var quantDomains = map[string]bool{"qonnx.custom_op.general": true, "finn.custom_op.general": true, "onnx.brevitas": true}

// channelsLastDomain has operators of ONNX over maps [N,H,W,C].
const channelsLastDomain = "qonnx.custom_op.channels_last"

// QuantDomain tells whether a domain is one of QONNX's, which published files use without importing them.
func QuantDomain(domain string) bool { return quantDomains[domain] || domain == channelsLastDomain }

// quantTypes are QONNX's quantisers that are read.
var quantTypes = map[string]bool{"Quant": true, "IntQuant": true, "BipolarQuant": true, "MultiThreshold": true}

// Known reports whether an operator is one that passes may look at: standard
// ONNX, or one of QONNX's quantisers that are read.
func Known(op graph.Foreign) bool {
	return op.Domain == "" || quantTypes[op.Type] && quantDomains[op.Domain]
}

// channelsLastTypes are the operators of ONNX that QONNX has over maps with their channels last.
var channelsLastTypes = map[string]bool{"Conv": true, "MaxPool": true, "AveragePool": true, "GlobalAveragePool": true, "BatchNormalization": true}

// ChannelsLast tells whether an operator is one of ONNX's over a map with its channels last. Of a Conv the weights are [F,KH,KW,C].
func ChannelsLast(op graph.Foreign) bool {
	return op.Domain == channelsLastDomain && channelsLastTypes[op.Type]
}

// quantisers are QONNX's quantisers that are not read.
var quantisers = map[string]Refusal{
	"FloatQuant": {"small floating-point numbers have no hardware", "quantise to integers with Quant"},
	"Trunc":      {"it cuts off the last bits of an integer, rounding down; the hardware rounds to the nearest step", "use Quant with the narrower width and its scale, which rounds to the nearest step"},
}

// RefuseOperator is the refusal of an operator that no pass knows.
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
