// Package metrics counts right answers and measures errors.
//
// It takes the scores of one image and its label and gives top-1 and top-5, and
// sums up signal and noise of values against their references.
// Equal scores rank by the lower class index, so that integer logits, which tie
// often, give one answer on every machine; NaN ranks below every number. It
// never runs a network.
package metrics

import (
	"math"
	"slices"
	"strconv"
)

// Number is any score type: float or integer logits.
type Number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~float32 | ~float64
}

// Argmax is the index of the largest score, the lowest of several; -1 if there
// are none.
func Argmax[T Number](scores []T) int {
	best := -1
	for i, s := range scores {
		if best < 0 || s > scores[best] || scores[best] != scores[best] && s == s {
			best = i
		}
	}
	return best
}

// Rank is the number of classes that come before label: 0 for the top answer.
// A label outside the scores ranks last.
func Rank[T Number](scores []T, label int) int {
	if label < 0 || label >= len(scores) {
		return len(scores)
	}
	own := scores[label]
	n := 0
	for i, s := range scores {
		switch {
		case i == label:
		case s > own, own != own && s == s:
			n++
		case i < label && (s == own || own != own && s != s):
			n++
		}
	}
	return n
}

// LogSoftmax is the logarithm of the softmax of scores.
func LogSoftmax(scores []float32) []float32 {
	top := slices.Max(scores)
	sum := 0.0
	for _, v := range scores {
		sum += math.Exp(float64(v - top))
	}
	l := make([]float32, len(scores))
	for i, v := range scores {
		l[i] = float32(float64(v-top) - math.Log(sum))
	}
	return l
}

// Divergence is the Kullback-Leibler divergence of q from p, both as logarithms, in nats.
func Divergence(p, q []float32) float64 {
	d := 0.0
	for i := range p {
		d += math.Exp(float64(p[i])) * float64(p[i]-q[i])
	}
	return max(0, d)
}

// Regret is the difference in probability between p's own answer and q's answer, by p; both are logarithms of probabilities. Its mean over
// images is the share of right answers lost if p's probabilities were true.
func Regret(p, q []float32) float64 {
	return math.Exp(float64(slices.Max(p))) - math.Exp(float64(p[Argmax(q)]))
}

// regretDoubt is the relative error of a mean regret.
const regretDoubt = 0.5

// Expected combines two estimates of the right answers lost, weighted by their certainty: the answers lost on some images, with which
// few images cannot resolve a point, with their standard error; and the regret, which can but is only as accurate as the network's
// probabilities.
func Expected(lost, doubt, regret float64) float64 {
	if regret <= 0 {
		return lost
	}
	u, v := 1/(doubt*doubt), 1/(regret*regret*regretDoubt*regretDoubt)
	return (u*lost + v*regret) / (u + v)
}

// Accuracy counts images. The zero value is ready.
type Accuracy struct {
	Images int `json:"images"`
	Right1 int `json:"right1"` // label was the top answer
	Right5 int `json:"right5"` // label was among the first five
}

// Add counts one image.
func (a *Accuracy) Add(rank int) {
	a.Images++
	if rank < 1 {
		a.Right1++
	}
	if rank < 5 {
		a.Right5++
	}
}

// Top1 is the fraction of images whose label was the top answer; 0 of none.
func (a Accuracy) Top1() float64 { return fraction(a.Right1, a.Images) }

// Top5 is the fraction of images whose label was among the first five.
func (a Accuracy) Top5() float64 { return fraction(a.Right5, a.Images) }

func fraction(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Noise sums up the distance of values q from the exact values f. The zero
// value is ready.
type Noise struct {
	Signal float64 // sum of f^2
	Noise  float64 // sum of (f - q)^2
}

// Add takes elements in. Products are rounded before they are added, so that
// every machine sums up the same. q has as many elements as f.
func (n *Noise) Add(f, q []float32) {
	for i, v := range f {
		v, d := float64(v), float64(v)-float64(q[i])
		n.Signal += float64(v * v)
		n.Noise += float64(d * d)
	}
}

// DB is the signal to noise ratio 10 log10(Signal / Noise) in dB, rounded to
// hundredths; nil if either is 0 or no number.
func (n Noise) DB() *float64 {
	v := 10 * math.Log10(n.Signal/n.Noise)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	v = math.Round(100*v) / 100
	return &v
}

// Rounded keeps four digits of a figure, which is then the same on machines whose
// square roots and sums differ in the last place.
func Rounded(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		return v
	}
	return r
}
