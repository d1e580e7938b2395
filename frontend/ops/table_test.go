package ops

import (
	"testing"

	"hass/internal/graph"
)

// TestTable: a row says something, and nothing that another column contradicts.
func TestTable(t *testing.T) {
	for name, o := range operators {
		switch {
		case !o.lowered && o.becomes == nil && o.shape == nil && o.value == nil && o.shapeAlone == nil && o.hint == "":
			t.Errorf("the row of %s is empty", name)
		case Lowered(name) && o.hint != "":
			t.Errorf("%s is lowered and has a hint of how to do without", name)
		case o.lowered && o.becomes != nil:
			t.Errorf("%s is lowered in two ways", name)
		case o.lowered && o.shape == nil && name != "Split":
			t.Errorf("%s is lowered, and the shape of its output is not known", name)
		case o.value != nil && o.shapeAlone != nil:
			t.Errorf("%s is evaluated in two ways", name)
		}
		if Lowered(name) && OnlyConstant(name) {
			t.Errorf("%s is lowered and for constants only", name)
		}
	}
}

// TestRefuseOperator: the message about an operator that no pass lowers depends on its domain and its row.
func TestRefuseOperator(t *testing.T) {
	const generic = "replace it by a supported operator, or cut the model before it"
	for _, c := range []struct {
		domain, op, reason, hint string
	}{
		{"", "LSTM", "operator is not supported", "recurrent networks do not map to this accelerator"},
		{"", "NoSuch", "operator is not supported", generic},
		{"", "Einsum", "operator is not supported", "write it as MatMul or Conv"},
		{"", "Conv", "this use of the operator is not supported", "simplify the model (onnx-simplifier), or cut it before this node"},
		{"", "Trunc", "operator is not supported", "use Quant"},
		{"onnx.brevitas", "Trunc", "it cuts off the last bits of an integer, rounding down; the hardware rounds to the nearest step", "use Quant with the narrower width and its scale, which rounds to the nearest step"},
		{"onnx.brevitas", "LRN", "operator is not supported", "use BatchNormalization, which folds into convolutions"},
		{"com.example", "Conv", "operators of this domain are not supported", "export with standard ONNX operators only; a function that the model defines must be inlined (onnx.inliner)"},
		{"qonnx.custom_op.channels_last", "Upsample", "this operator over channels-last maps is not read in this version", "convert the model to channels first before exporting (QONNX has transformations for both directions)"},
	} {
		if got, want := RefuseOperator(graph.Foreign{Domain: c.domain, Type: c.op}), (Refusal{c.reason, c.hint}); got != want {
			t.Errorf("%s.%s: %+v, want %+v", c.domain, c.op, got, want)
		}
	}
}
