package optimizer

import (
	"context"
	"errors"

	"hass/optimizer/pixels"
)

// worthPixels is the least gain in rate for which twice the pixels per beat are taken: ratings are some percent off.
const worthPixels = 1.1

// BestPixels is the value of Input.Pixels with the best rate, the smallest if several are equally good. It doubles the
// pixels until that gains nothing, and then, if in.Menu has scheduled engines, tries whole rows. in.Pixels is ignored.
func BestPixels(ctx context.Context, in Input) (int, error) {
	in.Coarse, in.Near = true, 0
	best, rate := 0, 0.0
	var refused error
	for p := 1; p <= MaxPixels; p *= 2 {
		in.Pixels = p
		r, err := Rate(ctx, in)
		if over := (*LimitError)(nil); errors.As(err, &over) {
			refused = err // more or fewer pixels may still work
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
	if in.Menu == nil {
		if best == 0 {
			return 0, refused
		}
		return best, nil
	}
	in.Pixels = pixels.Rows
	r, err := Rate(ctx, in)
	if over := (*LimitError)(nil); err != nil && !errors.As(err, &over) {
		return 0, err
	}
	switch {
	case err == nil && (best == 0 || r.Fits && r.ImagesPerSecond >= rate*worthPixels):
		return pixels.Rows, nil
	case best == 0:
		return 0, refused
	}
	return best, nil
}
