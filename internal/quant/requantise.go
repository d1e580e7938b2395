package quant

import (
	"fmt"

	"hass/internal/graph"
)

// Quantisers is the treatment of a model's own quantisers.
type Quantisers string

// The choices.
const (
	Kept    Quantisers = ""        // the integer network has their scales, zero points and integers
	Dropped Quantisers = "dropped" // the network is quantised by calibration, like a float model
)

// Of applies the choice to g: it gives g itself, or a graph without quantisers whose weights lie on no grid. Values keep their names.
// A graph output behind a quantiser is then made by the node before the quantiser.
func (q Quantisers) Of(g *graph.Graph) (*graph.Graph, error) {
	switch q {
	case Kept:
		return g, nil
	case Dropped:
		return graph.WithoutQuantisers(g), nil
	}
	return nil, fmt.Errorf("profile: quantisers %.40q; want none or %q", string(q), Dropped)
}
