// Package ask puts questions to the optimizer that take several of its answers: the best number of pixels a beat, the least
// hardware for a rate, what the rate is under other budgets, what a dense design of the same budget is.
//
// It takes what the optimizer takes, and gives designs and ratings. It chooses no hardware of a layer.
package ask

import (
	"context"
	"errors"

	"hass/internal/design"
	"hass/optimizer"
	"hass/optimizer/folding"
	"hass/optimizer/pixels"
)

// worthPixels is the least gain in rate that twice the pixels per beat are taken for: ratings are some percent off.
const worthPixels = 1.1

// Pixels is the value of Input.Pixels with the best rate, the least if several are as good: it doubles the pixels until
// that gains nothing, and then, where in.Menu knows of scheduled engines, tries whole rows. Where a rate or a latency was asked for it
// is the value with which that takes least. in.Pixels plays no part.
func Pixels(ctx context.Context, in optimizer.Input) (int, error) {
	fit, err := in.Pins.Pixels(numbers(&in))
	if err != nil {
		return 0, err
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	best, _, err := rated(ctx, in)
	return best, err
}

// numbers are the numbers of pixels that are tried.
func numbers(in *optimizer.Input) (list []int) {
	for p := 1; p <= optimizer.MaxPixels; p *= 2 {
		list = append(list, p)
	}
	if in.Menu != nil {
		list = append(list, pixels.Rows)
	}
	return list
}

// rated is Pixels with the rating of a coarse search.
func rated(ctx context.Context, in optimizer.Input) (best int, of *optimizer.Rating, err error) {
	in.Coarse, in.Near = true, 0
	fit, err := in.Pins.Pixels(numbers(&in))
	if err != nil {
		return 0, nil, err
	}
	var refused error
	var pinned *folding.Error
	try := func(p int) (r *optimizer.Rating, err error) {
		in.Pixels = p
		r, err = optimizer.Rate(ctx, in)
		if over := (*optimizer.LimitError)(nil); errors.As(err, &over) {
			refused = err // more pixels or fewer may do
			return nil, nil
		}
		if none := (*folding.Error)(nil); errors.As(err, &none) {
			if none.Nearer(pinned) {
				pinned = none
			}
			return nil, nil
		}
		return r, err
	}
	enough := false // more pixels gain nothing
	for _, p := range fit {
		if enough && p != pixels.Rows {
			continue
		}
		r, err := try(p)
		if err != nil {
			return 0, nil, err
		}
		if r == nil {
			continue
		}
		if best == 0 || better(&in, r, of, worthPixels) {
			best, of = p, r
		}
		enough = best != p && (of.Fits || !in.Asks()) || p == 1 && !r.Fits && !in.Asks()
	}
	switch {
	case best != 0:
		return best, of, nil
	case pinned != nil:
		return 0, nil, pinned
	}
	return 0, nil, refused
}

// better tells whether a rating is a better answer to in than another, in rate by more than a factor.
func better(in *optimizer.Input, r, than *optimizer.Rating, factor float64) bool {
	switch {
	case !r.Fits || !than.Fits:
		return r.Fits
	case in.Asks():
		return in.Least.Less(r.Resources.Vec(), than.Resources.Vec(), budget(in))
	}
	return r.ImagesPerSecond > than.ImagesPerSecond*factor
}

// shares are the usable shares of a question's platform.
func shares(in *optimizer.Input) design.Shares {
	if in.Shares == (design.Shares{}) {
		return design.DefaultShares()
	}
	return in.Shares
}

// budget is the usable part of a question's platform.
func budget(in *optimizer.Input) design.Vec {
	return shares(in).Budget(in.Platform.Free()).Vec()
}
