package quant

import (
	"fmt"

	"hass/internal/graph"
)

// Quantisers is the treatment of a model's own quantisers.
type Quantisers string

// The choices.
const (
	Kept    Quantisers = ""        // their scales, zero points and integers are the integer network's
	Dropped Quantisers = "dropped" // the network is quantised from calibration, like a float model
)

// Of is the graph that the choice makes of g: g itself, or one without quantisers whose weights lie on no grid. The values keep
// their names; a graph output that a quantiser makes is made by what stands before it.
func (q Quantisers) Of(g *graph.Graph) (*graph.Graph, error) {
	switch q {
	case Kept:
		return g, nil
	case Dropped:
		return graph.WithoutQuantisers(g), nil
	}
	return nil, fmt.Errorf("profile: quantisers %.40q; want none or %q", string(q), Dropped)
}
