package judge

import (
	"fmt"
	"math"

	"hass/internal/metrics"
)

// Fidelity is the distance of an output of the integer network from the float network's.
type Fidelity struct {
	Name  string `json:"name"` // of the output
	Kind  Kind   `json:"kind"`
	Shape []int  `json:"shape"`
	// SNR is 10 log10(sum f^2 / sum (f - q)^2) in dB, rounded to hundredths, over all elements and images, where f is the float
	// network's output and q the integer network's. It is nil if both are equal or f is 0 everywhere, and for class numbers.
	SNR *float64 `json:"snr_db"`
	// RMSError is sqrt(mean (f - q)^2), rounded to four digits; nil for class numbers.
	RMSError *float64 `json:"rms_error,omitempty"`
	// Agreement is, for a class vector, the share of images with the same top answer, and for class numbers the share of
	// equal elements; nil for other outputs.
	Agreement *float64 `json:"agreement,omitempty"`
	// Divergence is, for a class vector of several scores, the mean Kullback-Leibler divergence of the integer network's softmax from
	// the float network's in nats, rounded to four digits; nil for other outputs.
	Divergence *float64 `json:"divergence,omitempty"`
}

// Comparison accumulates the distance of integer outcomes from float ones. Its methods must not be called concurrently.
type Comparison struct {
	outs      []Output
	noise     []metrics.Noise
	elements  []int64 // number of elements in noise
	equal, of []int64
	diverge   []float64 // sums over images
}

// NewComparison compares outputs.
func NewComparison(outs []Output) *Comparison {
	return &Comparison{outs: outs, noise: make([]metrics.Noise, len(outs)), elements: make([]int64, len(outs)), equal: make([]int64, len(outs)), of: make([]int64, len(outs)), diverge: make([]float64, len(outs))}
}

// Add adds one image.
func (c *Comparison) Add(float, integer *Outcome) error {
	for k, o := range c.outs {
		f, q := float.Outputs[k], integer.Outputs[k]
		if len(f) != len(q) {
			return fmt.Errorf("output %.60q has %d elements in the float network, %d in the integer network", o.Name, len(f), len(q))
		}
		switch o.Kind {
		case ClassVector:
			if c.of[k]++; metrics.Argmax(float.Scores[k]) == metrics.Argmax(integer.Scores[k]) {
				c.equal[k]++
			}
			if p := float.Scores[k]; len(p) > 1 {
				c.diverge[k] += metrics.Divergence(metrics.LogSoftmax(p), metrics.LogSoftmax(integer.Scores[k]))
			}
		case ClassNumbers:
			c.of[k] += int64(len(f))
			for i := range f {
				if f[i] == q[i] {
					c.equal[k]++
				}
			}
			continue
		case Plain:
		default:
			return fmt.Errorf("output %.60q has the unknown kind %q", o.Name, o.Kind)
		}
		if len(f) == 1 && o.Kind == ClassVector {
			continue // the number of the top class
		}
		c.noise[k].Add(f, q)
		c.elements[k] += int64(len(f))
	}
	return nil
}

// Result gives the figures of each output.
func (c *Comparison) Result() []Fidelity {
	r := make([]Fidelity, len(c.outs))
	for k, o := range c.outs {
		r[k] = Fidelity{Name: o.Name, Kind: o.Kind, Shape: o.Shape, SNR: c.noise[k].DB()}
		if n := c.elements[k]; n > 0 {
			rms := metrics.Rounded(math.Sqrt(c.noise[k].Noise / float64(n)))
			r[k].RMSError = &rms
		}
		if c.of[k] > 0 {
			share := float64(c.equal[k]) / float64(c.of[k])
			r[k].Agreement = &share
			if o.Kind == ClassVector && o.Classes > 1 {
				d := metrics.Rounded(c.diverge[k] / float64(c.of[k]))
				r[k].Divergence = &d
			}
		}
	}
	return r
}

// String describes the figures in one line.
func (f *Fidelity) String() string {
	s := fmt.Sprintf("%.60q", f.Name)
	switch {
	case f.SNR != nil:
		s += fmt.Sprintf(" %.2f dB", *f.SNR)
	case f.RMSError == nil:
	case *f.RMSError == 0:
		s += " equal"
	default:
		s += fmt.Sprintf(" 0 in float, root mean square %.2g in integers", *f.RMSError)
	}
	if f.Agreement != nil {
		s += fmt.Sprintf(" agreement %.2f %%", 100**f.Agreement)
	}
	return s
}

// Summary lists the outputs on one line.
func Summary(outs []Fidelity) string {
	var s []string
	for i := range outs[:min(len(outs), fewOutputs)] {
		s = append(s, outs[i].String())
	}
	return more(s, len(outs))
}
