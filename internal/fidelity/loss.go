package fidelity

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/metrics"
	"hass/internal/quant"
)

// LossKind is the kind of a loss of range.
type LossKind string

// The kinds of loss.
const (
	ZeroOutput LossKind = "zero_output" // an output of the model is 0 everywhere, the float network's is not
	Saturation LossKind = "saturation"  // values lie beyond the ends of their format
	Branch     LossKind = "branch"      // an input of a Concat or Add is small in the common format
	Tensor     LossKind = "tensor"      // all of a layer's values are small in their format
	Channels   LossKind = "channels"    // some channels' values are small in their tensor's format
	Weights    LossKind = "weights"     // the weights of some output channels are small in the layer's format
)

// Loss is a place where values lose range to their binary point.
type Loss struct {
	Kind     LossKind    `json:"kind"`
	Layer    string      `json:"layer"` // model's node name; the input's name for the network's input
	ID       string      `json:"id"`
	Op       intnet.Kind `json:"op"`                 // of the layer; "input" for the network's input
	Branch   int         `json:"branch,omitempty"`   // number of the input, from 1
	Channels []int       `json:"channels,omitempty"` // numbers of the channels, ascending
	Of       int         `json:"of,omitempty"`       // total number of channels
	// Lost is the share of the range that is lost: the square root of the format's error energy over the signal energy.
	// With several channels it is the worst.
	Lost float64 `json:"lost"`
	// Peak is the largest magnitude of the float values, and Steps the same in steps of the binary point. With
	// several channels they are those of the worst channel, whose number is Worst.
	Peak  float64 `json:"peak"`
	Steps float64 `json:"steps"`
	Worst int     `json:"worst,omitempty"`
	// Share is the share of the elements concerned: beyond the ends for Saturation, otherwise non-zero elements that become
	// 0.
	Share float64 `json:"share"`
	Limit int64   `json:"limit"` // largest integer of the format
	// Output names the output of the model, for ZeroOutput.
	Output string `json:"output,omitempty"`
}

// Limits for a loss. Rounding an element has an error of a step over sqrt(12), so values spread evenly over five steps of
// either sign lose a tenth of their range. Few bits do that to any values. The binary point is the cause only if their own
// binary point would give the values more bits: half of the format's bits, at most four.
const (
	lostRange = 0.1 // share of the range
	lostBits  = 4   // bits
)

// coarse reports whether the binary point is too coarse for the values.
func coarse(t *tally, f fixed.Format) bool {
	if t.signal == 0 || t.beyond > 0 || t.lost() < lostRange {
		return false
	}
	return math.Ldexp(t.peak/f.Step(), min(lostBits, f.Bits/2)) < float64(f.Max())+0.5
}

// losses lists the losses of range, the worst first.
func losses(net *intnet.Net, spec *quant.Spec, pruner *quant.Pruner, probes []probe, sums [][]tally) []Loss {
	list := []Loss{}
	zero := make(map[int]bool) // output tensors that are 0
	for k, p := range probes {
		t := total(sums[k])
		if p.tensor >= 0 && t.kept == 0 && t.signal > 0 && slices.Contains(net.Outputs, p.tensor) {
			zero[p.tensor] = true
			l := at(net, p.layer, ZeroOutput)
			l.fill(t, p.format, 0)
			l.Lost, l.Share = 1, metrics.Rounded(float64(t.nonzero)/float64(t.count))
			for _, r := range net.Results {
				if r.Tensor == p.tensor && l.Output == "" {
					l.Output = r.Name
				}
			}
			list = append(list, l)
		}
	}
	for k, p := range probes {
		list = append(list, valueLosses(net, &p, sums[k], zero[p.tensor])...)
	}
	for i := range net.Layers {
		if net.Layers[i].Kind == intnet.KindConv {
			if l, ok := weightLoss(net, spec, pruner, i); ok {
				list = append(list, l)
			}
		}
	}
	order := make(map[string]int, len(net.Layers)) // by identifier of the layer; the input comes first
	for i := range net.Layers {
		order[net.Layers[i].ID] = i + 1
	}
	slices.SortStableFunc(list, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(order[a.ID], order[b.ID]))
	})
	return list
}

// weight orders losses: the lost share of the range, scaled by its share of the layer.
func (l *Loss) weight() float64 {
	if l.Kind == ZeroOutput {
		return 2
	}
	if len(l.Channels) > 0 {
		return l.Lost * float64(len(l.Channels)) / float64(l.Of)
	}
	return l.Lost
}

// at is a loss in a layer, -1 being the network's input.
func at(net *intnet.Net, layer int, kind LossKind) Loss {
	if layer < 0 {
		t := &net.Tensors[net.Input]
		return Loss{Kind: kind, Layer: t.Name, ID: t.ID, Op: "input"}
	}
	l := &net.Layers[layer]
	return Loss{Kind: kind, Layer: l.Name, ID: l.ID, Op: l.Kind}
}

func (l *Loss) fill(t *tally, f fixed.Format, channel int) {
	l.Lost, l.Peak, l.Steps, l.Worst, l.Limit = metrics.Rounded(t.lost()), metrics.Rounded(t.peak), metrics.Rounded(t.peak/f.Step()), channel, f.Max()
	if t.nonzero > 0 {
		l.Share = metrics.Rounded(float64(t.small) / float64(t.nonzero))
	}
}

// valueLosses lists the losses of one value in one format.
func valueLosses(net *intnet.Net, p *probe, channels []tally, zero bool) []Loss {
	if p.round == fixed.HalfEven {
		return nil // a quantiser of the model gives the format, so the float network rounds there too
	}
	t := total(channels)
	var list []Loss
	if p.tensor >= 0 && t.clipped > 0 && share(t.clipped, t.signal) >= lostRange {
		l := at(net, p.layer, Saturation)
		l.fill(t, p.format, 0)
		l.Lost, l.Share = metrics.Rounded(share(t.clipped, t.signal)), metrics.Rounded(float64(t.beyond)/float64(t.count))
		list = append(list, l)
	}
	whole := coarse(t, p.format)
	switch {
	case p.tensor < 0:
		if whole {
			l := at(net, p.layer, Branch)
			l.Branch = p.input + 1
			l.fill(t, p.format, 0)
			list = append(list, l)
		}
		return list
	case p.layer >= 0 && moves(net, p.layer):
		return list // reported for an earlier layer
	case whole && p.layer >= 0 && branch(net, p.layer) >= 0:
		l := at(net, joined(net, p.layer), Branch)
		l.Branch = branch(net, p.layer) + 1
		l.fill(t, p.format, 0)
		return append(list, l)
	case whole:
		if !zero {
			l := at(net, p.layer, Tensor)
			l.fill(t, p.format, 0)
			list = append(list, l)
		}
		return list
	}
	l := at(net, p.layer, Channels)
	if p.layer >= 0 && branch(net, p.layer) >= 0 {
		l = at(net, joined(net, p.layer), Channels)
		l.Branch = branch(net, p.layer) + 1
	}
	for c := range channels {
		t := &channels[c]
		if !coarse(t, p.format) || 2*t.small < t.nonzero {
			continue
		}
		l.Channels = append(l.Channels, c)
		if t.lost() > l.Lost || len(l.Channels) == 1 {
			l.fill(t, p.format, c)
		}
	}
	if l.Of = len(channels); len(l.Channels) > 0 {
		list = append(list, l)
	}
	return list
}

// moves reports whether a layer only moves elements, all in its input's format.
func moves(net *intnet.Net, layer int) bool {
	l := &net.Layers[layer]
	switch l.Kind {
	case intnet.KindConcat:
		return true
	case intnet.KindPool, intnet.KindGlobalPool:
		return l.Pool.Max
	case intnet.KindResize:
		return l.Resize.Rows.Weight == nil && l.Resize.Cols.Weight == nil
	case intnet.KindConv, intnet.KindAdd, intnet.KindMul, intnet.KindRequant, intnet.KindActivation:
		return false
	}
	if l.Kind.Moves() {
		return true
	}
	panic(fmt.Sprintf("fidelity: layer %.60q has the unknown kind %q", l.Name, l.Kind))
}

// weightLoss examines the weights of a convolution. Weights that the weight threshold removes are not lost.
func weightLoss(net *intnet.Net, spec *quant.Spec, pruner *quant.Pruner, i int) (Loss, bool) {
	c := net.Layers[i].Conv
	w, own, s := pruner.Stored(i), pruner.Weights(i), spec.Convs[net.Layers[i].Name]
	per := len(w) / c.OutC
	loss := at(net, i, Weights)
	for o := range c.OutC {
		f := fixed.OfStep(c.StepOf(o))
		f.Bits, f.Signed = c.WeightBits, true
		t := weightTally(w[o*per:][:per], own[o*per:][:per], s.TauW, f)
		if !coarse(t, f) {
			continue
		}
		loss.Channels = append(loss.Channels, o)
		if t.lost() > loss.Lost || len(loss.Channels) == 1 {
			loss.fill(t, f, o)
		}
	}
	loss.Of = c.OutC
	return loss, len(loss.Channels) > 0
}

// weightTally sums up weights in their format; own are the model's weights, to which the threshold applies.
func weightTally(w, own []float32, tau float64, f fixed.Format) *tally {
	t := new(tally)
	least, most := intnet.WeightRange(f.Bits)
	for i, v := range w {
		v := float64(v)
		if v == 0 || math.Abs(float64(own[i])) < tau {
			continue
		}
		q := fixed.QuantizeTo(v, f, fixed.HalfUp, least, most)
		d := v - fixed.Dequantize(q, f)
		t.peak = max(t.peak, math.Abs(v))
		t.signal += float64(v * v)
		t.alone += float64(d * d)
		t.nonzero++
		if q == 0 {
			t.small++
		}
	}
	return t
}

// String describes the loss in one line: the values, the amount and the reason.
func (l *Loss) String() string {
	name := fmt.Sprintf("%s %.60q", l.Op, l.Layer)
	switch l.Op {
	case intnet.KindConcat:
		name = fmt.Sprintf("Concat %.60q", l.Layer)
	case intnet.KindAdd:
		name = fmt.Sprintf("Add %.60q", l.Layer)
	}
	lost := percent(l.Lost) + " of its range is lost"
	largest := fmt.Sprintf("its largest value %s is %s steps", figure(l.Peak), figure(l.Steps))
	switch l.Kind {
	case ZeroOutput:
		return fmt.Sprintf("output %.60q is all zero: %s makes it, and its largest value in the float network is %s", l.Output, name, figure(l.Peak))
	case Saturation:
		return fmt.Sprintf("%s: %s: %s of its values lie beyond the end of its format, %d steps; %s", name, lost, percent(l.Share), l.Limit, largest)
	case Branch:
		return fmt.Sprintf("branch %d of %s: %s: %s of the common binary point", l.Branch, name, lost, largest)
	case Tensor:
		return fmt.Sprintf("%s: %s: %s of its binary point", name, lost, largest)
	case Channels:
		if l.Branch > 0 {
			name = fmt.Sprintf("branch %d of %s", l.Branch, name)
		}
		return fmt.Sprintf("%s: %s lose their range to one binary point; worst is channel %d: %s: %s", name, l.some("channels"), l.Worst, lost, largest)
	case Weights:
		if l.Share == 1 {
			lost = "all its weights round to zero"
		}
		return fmt.Sprintf("weights of %s: %s lose their range to one binary point; worst is channel %d: %s: its largest weight %s is %s steps",
			name, l.some("output channels"), l.Worst, lost, figure(l.Peak), figure(l.Steps))
	}
	panic(fmt.Sprintf("fidelity: unknown kind of loss %.60q", l.Kind))
}

// some counts channels; the sentence continues with "lose".
func (l *Loss) some(what string) string {
	return fmt.Sprintf("%d of %d %s", len(l.Channels), l.Of, what)
}

// figure shows two digits, without an exponent where that is short.
func figure(v float64) string {
	text := strconv.FormatFloat(v, 'g', 2, 64)
	if r, err := strconv.ParseFloat(text, 64); err == nil && (r == 0 || r >= 1e-4 && r < 1e6) {
		return strconv.FormatFloat(r, 'f', -1, 64)
	}
	return text
}

// percent formats a share; a small share is not shown as zero.
func percent(v float64) string {
	if v > 0 && v < 0.01 {
		return strconv.FormatFloat(100*v, 'g', 1, 64) + " %"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}
