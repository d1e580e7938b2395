// Package cases has the expected results for the small models of ../shared/cases, each of which once failed. The unit tests of
// internal/steps and the acceptance of the command read the same table. Only tests import it; it runs nothing.
package cases

import "hass/frontend"

// Kind is the kind of a claim.
type Kind int

// The kinds. Outputs are the outputs of the integer network. If a case has no recorded outputs, the float network's are used instead.
const (
	Recorded  Kind = iota // they equal the recorded outputs, bit for bit
	Evaluated             // they equal the model evaluated exactly, and the recorded outputs except for single steps at ties
	Steps                 // they differ from the recorded outputs by single steps of the output's format, at ties
	Close                 // at 16 bits they are within Limit of the recorded outputs, relative to the largest output
	Refused               // check refuses; its words match Text
	Project               // optimize and generate give projects for both targets, or optimize refuses by a limit
)

// Claim is one claim on a case. A case may have several.
type Claim struct {
	Name  string // of the folder
	Kind  Kind
	Limit float64 // of Close
	Text  string  // a regular expression
}

// closeLimit is the largest error of the outputs at 16 bits in a case without quantisers.
const closeLimit = 1e-3

var claims = []Claim{
	{Name: "a11_concat_scales", Kind: Close, Limit: closeLimit},
	{Name: "a12_two_outputs", Kind: Close, Limit: closeLimit},
	{Name: "a15_segmentation", Kind: Project},
	{Name: "a15_segmentation", Kind: Close, Limit: closeLimit},
	{Name: "b05_quant_int4_signed", Kind: Recorded},
	{Name: "b07_bipolar", Kind: Recorded},
	{Name: "b07_ternary_intquant", Kind: Recorded},
	{Name: "b08_qdq_negative_scale", Kind: Refused, Text: `is negative: a scale is the distance between two steps`},
	// ONNX Runtime's interpolation in float32 misses ties.
	{Name: "b09_qdq_resize_linear", Kind: Evaluated},
	{Name: "b10_qdq_ties", Kind: Recorded},
	{Name: "b11_quant_rounding_round", Kind: Recorded},
	{Name: "b12_qdq_asym_act", Kind: Recorded},
	{Name: "b13_qdq_concat_scales", Kind: Recorded},
	{Name: "b16_qdq_gap", Kind: Recorded},
	// Its weights have steps of 0.05, which is no power of two. At ties, which are odd multiples of ten steps, the recorded
	// float32 sums lie up to 2^-20 too low.
	{Name: "b18_qcdq4", Kind: Steps},
	{Name: "b19_qdq_free_scales", Kind: Recorded},
	{Name: "b20_qdq_residual", Kind: Recorded},
	{Name: "b21_quant_channel_act", Kind: Refused, Text: `it has a scale or a zero point per channel`},
	{Name: "c16_ranges_mixed", Kind: Close, Limit: closeLimit},
	{Name: "d03_wide_stream", Kind: Project},
	{Name: "d04_wide_output", Kind: Project},
	{Name: "d05_wide_input", Kind: Project},
	{Name: "d07_101_classes", Kind: Project},
	{Name: "r10_qdq_asym", Kind: Recorded},
	{Name: "r10b_qdq_sym_scale", Kind: Recorded},
	{Name: "r10c_qdq_pow2_zp", Kind: Recorded},
	{Name: "r10f_qlinearconv", Kind: Recorded},
	{Name: "r1_qonnx_noimport", Kind: Recorded},
	{Name: "r2_quant_int_zeropoint", Kind: Recorded},
	{Name: "r32_round_half_even", Kind: Recorded},
	{Name: "r38_pad_reflect", Kind: Refused, Text: `it pads by mode "reflect"`},
	{Name: "r42_concat_gcd", Kind: Project},
	{Name: "r42_concat_gcd", Kind: Close, Limit: closeLimit},
}

// Of gives the claims on the case in a folder. A case that is not in the table has hardware and is Close.
func Of(name string) []Claim {
	var list []Claim
	for _, c := range claims {
		if c.Name == name {
			list = append(list, c)
		}
	}
	if list == nil {
		list = []Claim{{Name: name, Kind: Close, Limit: closeLimit}}
	}
	return list
}

// Named are the folders in the table. A test must find all of them, so that no claim holds because its case is missing.
func Named() map[string]bool {
	names := make(map[string]bool)
	for _, c := range claims {
		names[c.Name] = true
	}
	return names
}

// Shapes are the sizes of the inputs that a case's model leaves open; nil if it leaves none open.
func Shapes(name string) frontend.Shapes {
	if name == "r7_dynamic_hw" {
		return frontend.Shapes{"x": {1, 3, 16, 16}}
	}
	return nil
}
