package ask

import (
	"context"
	"fmt"

	"hass/internal/design"
	"hass/optimizer"
	"hass/optimizer/slr"
)

// regionShares are the shares of the budget that Regions asks about, one after the other.
var regionShares = []float64{1, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5}

// RegionsError says that no design that was tried has an assignment to the platform's regions.
type RegionsError struct {
	Platform string
	Share    float64 // of the budget, the least that was tried
}

// Error names the platform and the last try.
func (e *RegionsError) Error() string {
	return fmt.Sprintf("no assignment of the layers to the regions of %s, in order, keeps every region's budget and wires, not even with %g %% of the budget: one layer may be larger than a region", e.Platform, 100*e.Share)
}

// Regions is Optimize for a platform with regions: the layers of the design are assigned to them in order, within the budget of each and
// the wires between them. Where the best design has no such assignment, the question is asked again for smaller budgets. The design says
// what every region holds, and what the regions cost in rate. A design that does not fit the device is returned as it is.
func Regions(ctx context.Context, in, quick optimizer.Input) (*design.Design, error) {
	whole, first := shares(&in), 0.0
	for i, share := range regionShares {
		in.Shares, quick.Shares = whole.Scaled(share), whole.Scaled(share)
		d, err := Optimize(ctx, in, quick)
		if err != nil || !d.Fits {
			return d, err
		}
		if i == 0 {
			first = d.Predicted.ImagesPerSecond
		}
		// The regions have all of the usable shares: only the sum over them was asked to be smaller.
		p, err := slr.Of(d, slr.Regions(&in.Platform, whole))
		if err != nil {
			return nil, err
		}
		if plan := p.Solve(); plan != nil {
			d.Regions = p.Filled(plan)
			d.Explain = append(d.Explain, p.Lines(plan)...)
			d.Explain = append(d.Explain, fmt.Sprintf("regions: found with %g %% of the budget; %.1f %% of the rate of the design that knows no regions", 100*share, 100*d.Predicted.ImagesPerSecond/first))
			return d, nil
		}
	}
	return nil, &RegionsError{in.Platform.Name, regionShares[len(regionShares)-1]}
}
