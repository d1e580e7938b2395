package ask

import (
	"context"

	"hass/internal/design"
	"hass/optimizer"
)

// Point is the rate of one budget.
type Point struct {
	Share           float64          `json:"share"` // of every resource's usable budget
	Fits            bool             `json:"fits"`
	Shortfall       []string         `json:"shortfall,omitempty"` // where it does not fit: one line a resource
	CyclesPerImage  float64          `json:"cycles_per_image"`
	Clock           design.Clock     `json:"clock"`
	ImagesPerSecond float64          `json:"images_per_second"`
	Resources       design.Resources `json:"resources"`
}

// At is the point of a question at a share of its budget: of the design that Optimize gives for the budget that share makes. in and quick
// are as for Optimize.
func At(ctx context.Context, in, quick optimizer.Input, share float64) (Point, error) {
	whole := shares(&in)
	in.Shares, quick.Shares = whole.Scaled(share), whole.Scaled(share)
	d, err := chosen(ctx, in, quick, optimizer.Draft)
	if err != nil {
		return Point{}, err
	}
	return Point{share, d.Fits, d.Shortfall, d.Predicted.CyclesPerImage, d.Clock, d.Predicted.ImagesPerSecond, d.Total}, nil
}
