package ask

import (
	"context"
	"errors"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer"
	"hass/optimizer/derive"
)

// rules are the engine rules of designs whose engines skip no zeros.
func rules() (list []hw.EngineKind) {
	for _, k := range hw.LaneEngines() {
		if k.Row().Measure == hw.Nothing {
			list = append(list, k)
		}
	}
	return list
}

// packs tells whether products of any convolution may share a multiplier: else packed engines are dense ones.
func packs(in *optimizer.Input) bool {
	for i := range in.Net.Layers {
		if l := &in.Net.Layers[i]; l.Conv != nil && derive.Shared(in.Net, l, optimizer.MaxPixels, in.Platform.Family) > 1 {
			return true
		}
	}
	return false
}

// Dense is the best design of the same question and budget whose engines skip no zeros, beside d, which answers the question: d itself if
// none of its engines does, nil if the limits of the target permit none. in and quick are as for Optimize. Whether dense or packed engines are
// better is decided by ratings, since two designs would take twice the time.
func Dense(ctx context.Context, in, quick optimizer.Input, d *design.Design) (*design.Dense, error) {
	if !d.Skips() {
		return beside("itself", d, d), nil
	}
	in.Menu, quick.Menu = nil, nil
	in.Pins, quick.Pins = nil, nil // a folding file is about the design itself
	var best *optimizer.Rating
	for _, kind := range rules() {
		if kind == hw.Packed && !packs(&in) {
			continue
		}
		quick.Engine = design.OnlyEngine(kind)
		var r *optimizer.Rating
		var err error
		px := quick.Pixels
		if px == 0 {
			px, r, err = rated(ctx, quick)
		} else {
			r, err = optimizer.Rate(ctx, quick)
		}
		if over := (*optimizer.LimitError)(nil); errors.As(err, &over) {
			continue // the other kind may keep the limits
		}
		if err != nil {
			return nil, err
		}
		if best == nil || better(&in, r, best, 1) {
			best, in.Pixels, in.Engine = r, px, quick.Engine
		}
	}
	if best == nil {
		return nil, nil
	}
	other, err := drafted(ctx, in)
	if err != nil {
		return nil, err
	}
	return beside(string(in.Engine), other, d), nil
}

// drafted is the design of a question or, if none has what was asked for, the fastest with the same pixels per beat.
func drafted(ctx context.Context, in optimizer.Input) (*design.Design, error) {
	d, err := optimizer.Draft(ctx, in)
	if none := (*optimizer.AskedError)(nil); errors.As(err, &none) {
		in.Asked = design.Asked{}
		return optimizer.Draft(ctx, in)
	}
	return d, err
}

// beside is a design of some engines as one that stands beside another.
func beside(engines string, d, other *design.Design) *design.Dense {
	return &design.Dense{
		Engines: engines, Fits: d.Fits, CyclesPerImage: d.Predicted.CyclesPerImage, ImagesPerSecond: d.Predicted.ImagesPerSecond, MHz: d.Clock.MHz,
		Resources: d.Total, RateRatio: other.Predicted.ImagesPerSecond / d.Predicted.ImagesPerSecond,
	}
}
