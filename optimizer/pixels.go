package optimizer

import (
	"context"
	"errors"

	"hass/optimizer/cost"
)

// px is the pixels per beat of a tensor's streams; a model without pixels has one.
func (m pricing) px(t int) int {
	if m.pixels == nil {
		return 1
	}
	return m.pixels[t]
}

// layerPx is the pixels per beat that layer i reads and writes.
func (m pricing) layerPx(i int) (in, out int) {
	l := &m.Net.Layers[i]
	return m.px(l.In[0]), m.px(l.Out)
}

// worthPixels is the least gain in rate that twice the pixels per beat are taken for: ratings are some percent off.
const worthPixels = 1.1

// BestPixels is the value of Input.Pixels with the best rate, the least if several are as good: it doubles the pixels until
// that gains nothing. in.Pixels plays no part.
func BestPixels(ctx context.Context, in Input) (int, error) {
	in.Coarse, in.Near = true, 0
	best, rate := 0, 0.0
	var refused error
	for p := 1; p <= MaxPixels; p *= 2 {
		in.Pixels = p
		r, err := Rate(ctx, in)
		if over := (*LimitError)(nil); errors.As(err, &over) {
			refused = err // more pixels or fewer may do
			continue
		}
		if err != nil {
			return 0, err
		}
		if best > 0 && r.ImagesPerSecond < rate*worthPixels || p == 1 && !r.Fits {
			best = max(best, 1)
			break
		}
		best, rate = p, r.ImagesPerSecond
	}
	if best == 0 {
		return 0, refused
	}
	return best, nil
}

// beats is the number of beats of a tensor per image at w channels each.
func (m pricing) beats(t, w int) int {
	tn := &m.Net.Tensors[t]
	return tn.H * ceilDiv(tn.W, m.px(t)) * (tn.C / w)
}

// pricing is the cost model with what else an optimizer counts: the pixels per beat of every stream.
type pricing struct {
	cost.Model
	pixels []int // by tensor; nil is one
}

// ceilDiv is a / b, rounded up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
