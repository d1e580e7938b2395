package sparsity

import (
	"hass/internal/artifact"
	"hass/internal/fidelity"
	"hass/internal/mixed"
	"hass/internal/quant"
)

// Schema names of the profile artefact.
const (
	ProfileSchema  = "hass.profile"
	ProfileVersion = 3
)

// Profile is the result of calibrating a model: its binary points and the zeros
// that its integer network meets.
type Profile struct {
	artifact.Header
	Model  string     `json:"model"`  // base name of the model file
	Bits   string     `json:"bits"`   // width of all values and weights, "16" for example, or "mixed"
	Images int        `json:"images"` // images measured
	Seed   int64      `json:"seed"`
	Sample []int      `json:"sample"` // numbers of the images whose bitmaps are kept
	Spec   quant.Spec `json:"spec"`   // formats, weight scales, thresholds: everything that quant.Lower needs

	// InputShapes are the sizes given to profiling for inputs whose dimensions the
	// model leaves open.
	InputShapes map[string][]int `json:"input_shapes,omitempty"`

	// Preprocessing of the data set: x = (u8/Divisor - Mean) / Std.
	Divisor float64   `json:"divisor"`
	Mean    []float64 `json:"mean"`
	Std     []float64 `json:"std"`

	Layers []Layer `json:"layers"` // convolutions, in the order of the integer network

	// Auto describes how the widths of weights were chosen; nil if they were
	// given.
	Auto *mixed.Report `json:"auto,omitempty"`

	// Fidelity compares the integer network with the float network, on the
	// sample's images.
	Fidelity fidelity.Report `json:"fidelity"`

	// Bitmaps of zeros: weights, and activations of a seeded sample of images.
	Bitmaps artifact.SideFile `json:"bitmaps"`
	// Golden holds quantised input images (npy int32, N x H x W x C) for test vectors.
	Golden artifact.SideFile `json:"golden"`
}

// Layer is the sparsity of one convolution.
type Layer struct {
	Name string `json:"name"` // model's node name
	ID   string `json:"id"`
	MACs int64  `json:"macs"` // per image

	WeightDensity     float64 `json:"weight_density"`     // share of non-zero weights
	ActivationDensity float64 `json:"activation_density"` // share of non-zero input activations (thresholded), padding not counted
	PairDensity       float64 `json:"pair_density"`       // share of MACs with both factors non-zero, padding counted as zero

	WeightDensityPerOut    []float64 `json:"weight_density_per_out"`    // by output channel
	ActivationDensityPerIn []float64 `json:"activation_density_per_in"` // by input channel
	PairDensityPerOut      []float64 `json:"pair_density_per_out"`      // by output channel

	Curves Curves `json:"curves"` // density against threshold
}

// Curves is density against threshold: Tau[i] leaves Density[i] of the elements.
type Curves struct {
	WeightTau         []float64 `json:"weight_tau"`
	WeightDensity     []float64 `json:"weight_density"`
	ActivationTau     []float64 `json:"activation_tau"`
	ActivationDensity []float64 `json:"activation_density"`
}
