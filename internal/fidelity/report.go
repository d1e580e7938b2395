package fidelity

import (
	"fmt"

	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/metrics"
)

// Report compares the integer network with the float network, over a few images.
type Report struct {
	Images  int              `json:"images"` // number of images compared
	Layers  []Layer          `json:"layers"` // in the order of the integer network
	Outputs []judge.Fidelity `json:"outputs"`
	// Losses are the places where values lose range to their binary point, the worst first.
	Losses []Loss `json:"losses"`
}

// Layer is the signal-to-noise ratio of a layer's output.
type Layer struct {
	Name string `json:"name"` // model's node name
	ID   string `json:"id"`
	// SNR is 10 log10(sum f^2 / sum (f - q)^2) in dB, rounded to hundredths, over all elements and images, where f is the
	// float network's value, with the same thresholds, and q the integer network's. It is nil if both are equal or f is 0
	// everywhere.
	SNR *float64 `json:"snr_db"`
}

// table fills Layers. A layer that only inserts zeros between pixels has no row.
func (r *Report) table(net *intnet.Net, probes []probe, sums [][]tally) {
	r.Layers = []Layer{}
	for k, p := range probes {
		if p.tensor < 0 || p.layer < 0 {
			continue
		}
		l, t := &net.Layers[p.layer], total(sums[k])
		r.Layers = append(r.Layers, Layer{Name: l.Name, ID: l.ID, SNR: metrics.Noise{Signal: t.signal, Noise: t.noise}.DB()})
	}
}

// Noisiest is the layer with the least signal-to-noise ratio, nil if there is none.
func (r *Report) Noisiest() *Layer {
	var worst *Layer
	for i := range r.Layers {
		if l := &r.Layers[i]; l.SNR != nil && (worst == nil || *l.SNR < *worst.SNR) {
			worst = l
		}
	}
	return worst
}

// Summary lists the outputs with their signal-to-noise ratios, and the layer with the least.
func (r *Report) Summary() string {
	text := "outputs " + judge.Summary(r.Outputs)
	if w := r.Noisiest(); w != nil {
		text += fmt.Sprintf("; noisiest layer %.60q %.2f dB", w.Name, *w.SNR)
	}
	return text
}

// shownLosses bounds the number of losses in Warnings.
const shownLosses = 8

// Warnings describe the losses, the worst first. If there are more than fit a screen, the rest is only counted, with a
// reference to file.
func (r *Report) Warnings(file string) []string {
	var w []string
	for i := range r.Losses[:min(len(r.Losses), shownLosses)] {
		w = append(w, r.Losses[i].String())
	}
	if n := len(r.Losses) - len(w); n > 0 {
		w = append(w, fmt.Sprintf("%d more losses of range, less than these, are in %s", n, file))
	}
	return w
}
