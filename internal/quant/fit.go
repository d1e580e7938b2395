package quant

import (
	"context"

	"hass/internal/calib"
	"hass/internal/graph"
)

// Fit makes every decision from calibration images: statistics, equalisation, formats, corrected biases. It runs through the images once
// more if channels are equalised, and once more if biases are corrected.
func Fit(ctx context.Context, g *graph.Graph, images calib.Images, opt Options) (*Spec, error) {
	r, err := calib.Collect(ctx, g, images, opt.Equal)
	if err != nil {
		return nil, err
	}
	if !opt.Pruned && opt.Equal == nil {
		p, err := plan(g)
		if err != nil {
			return nil, err
		}
		powers, err := p.powers(r, opt)
		if err != nil {
			return nil, err
		}
		if len(powers) > 0 {
			if r, err = calib.Collect(ctx, g, images, powers); err != nil {
				return nil, err
			}
		}
	}
	s, err := Calibrate(g, r, opt)
	if err != nil {
		return nil, err
	}
	return s, correct(ctx, g, s, images)
}
