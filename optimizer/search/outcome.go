package search

import (
	"encoding/base64"
	"errors"
	"fmt"

	"hass/internal/design"
	"hass/internal/metrics"
)

// Outcome is the result of a trial. It depends only on the problem and the point, so that equal studies hold equal
// outcomes; the study records times.
type Outcome struct {
	Images int `json:"images"` // evaluated
	// Stopped is the reason why a trial was stopped early, "hopeless" or "dominated", or "". The figures of a
	// stopped trial are over the images evaluated, and a hopeless trial has no hardware.
	Stopped string `json:"stopped,omitempty"`

	Top1 float64 `json:"top1"` // share of right answers (without labels: of answers equal to the unpruned network's)
	// Divergence is the mean over images of the Kullback-Leibler divergence of the network's class probabilities
	// from those of the unpruned network, in nats: a smooth measure of the change by pruning.
	Divergence float64 `json:"divergence"`
	// Regret is the mean over images of the difference in probability between the unpruned network's own answer and the
	// network's answer, by the unpruned network's probabilities: the share of right answers lost if these probabilities were
	// true. It needs no labels and is far steadier than right answers.
	Regret float64 `json:"regret"`
	Loss   float64 `json:"loss"` // mean cross-entropy with the labels, in nats
	// Sparsity is the share of products with a zero factor, padding counted as zero, on the sample images.
	Sparsity float64 `json:"sparsity"`

	Fits            bool             `json:"fits"`
	ImagesPerSecond float64          `json:"images_per_second"` // the optimizer's estimate
	CyclesPerImage  float64          `json:"cycles_per_image"`
	Resources       design.Resources `json:"resources"`

	// Divergences by image, in the order of the study, and the images answered rightly as a string of bits, lowest
	// first. Paired differences with another trial are computed from them.
	Divergences []float32 `json:"divergences"`
	Right       string    `json:"right"`
}

// Efficiency is the images per cycle and DSP, in millionths: HASS's measure.
func (o *Outcome) Efficiency() float64 {
	if o.Resources.DSP == 0 || o.CyclesPerImage == 0 {
		return 0
	}
	return 1e6 / o.CyclesPerImage / float64(o.Resources.DSP)
}

// rightBits packs answers.
func rightBits(right []bool) string {
	b := make([]byte, (len(right)+7)/8)
	for i, r := range right {
		if r {
			b[i/8] |= 1 << (i % 8)
		}
	}
	return base64.StdEncoding.EncodeToString(b)
}

// maxImages bounds the number of images in an outcome read from a database.
const maxImages = 1 << 24

// check refuses impossible outcomes: the database may come from anybody.
func (o *Outcome) check() error {
	if o.Images < 0 || o.Images > maxImages {
		return fmt.Errorf("it has seen %d images", o.Images)
	}
	if b, err := base64.StdEncoding.DecodeString(o.Right); err != nil || len(b) != (o.Images+7)/8 {
		return fmt.Errorf("its right answers are not those of %d images", o.Images)
	}
	if len(o.Divergences) > o.Images {
		return fmt.Errorf("it has %d divergences of %d images", len(o.Divergences), o.Images)
	}
	r := o.Resources
	if o.CyclesPerImage < 0 || o.ImagesPerSecond < 0 || min(r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM, r.LUTRAM) < 0 {
		return errors.New("its hardware has negative figures")
	}
	return nil
}

// answers unpacks the bits of rightBits.
func (o *Outcome) answers() []bool {
	b, err := base64.StdEncoding.DecodeString(o.Right)
	if err != nil {
		return nil
	}
	r := make([]bool, 0, o.Images)
	for i := range o.Images {
		r = append(r, i/8 < len(b) && b[i/8]>>(i%8)&1 == 1)
	}
	return r
}

// Accuracy is the share of right answers over the images evaluated, with the interval of such a sample of images.
func (o *Outcome) Accuracy() metrics.Interval {
	right := o.answers()
	v := make([]float64, len(right))
	for i, r := range right {
		if r {
			v[i] = 1
		}
	}
	return metrics.MeanOf(v)
}

// Drop is the share of right answers that a loses against base, over the images that both have evaluated. The differences
// are paired on the same images, so that the difficulty of an image cancels.
func (o *Outcome) Drop(base *Outcome) metrics.Interval {
	return metrics.Drop(o.answers(), base.answers())
}
