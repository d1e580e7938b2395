package optimizer

import (
	"context"
	"fmt"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/workers"
)

// applyRule deepens the FIFOs into layers as elastic says, and to shiftDepth at least.
func (e *elastic) applyRule(n *hw.Network) {
	for i := range n.Streams {
		s := &n.Streams[i]
		if to := n.Processes[s.To]; s.Kind == hw.TensorToken && to.Layer >= 0 {
			s.Depth = max(shiftDepth, s.Depth+e.tokens(to.Layer, slices.Index(to.In, i), s.Beat.Ch))
		}
	}
}

// sizeFIFOs expands the layers and decides every FIFO's depth: the default for the module
// that writes it, GangDepth at engines, and more by elastic's rule into layers; at
// joins never less than the measured token minimum and the rule's margin.
// The result is proved free of deadlock.
func sizeFIFOs(ctx context.Context, net *intnet.Net, layers []hw.Layer, extra *elastic) (*hw.Network, []design.FIFO, error) {
	n, err := hw.Expand(net, layers, nil)
	if err != nil {
		return nil, nil, err
	}
	var joins []*join
	for i := range n.Streams {
		s := &n.Streams[i]
		if s.Join >= 0 {
			port := slices.Index(n.Processes[s.To].In, i)
			joins = append(joins, &join{s: s, number: i, standard: s.Depth, limit: extra.maps(s.Join, port)*s.Tokens + s.Depth,
				margin: extra.margin(s.Join, port, s.Beat.Ch)})
		}
	}
	extra.applyRule(n)
	// Minima are measured at the depths that the design has; a FIFO that turns out
	// short is deepened, and all are measured again.
	for round := 0; ; round++ {
		grown := false
		err = workers.Ordered(ctx, len(joins), 0, func(_, k int) (int, error) { return n.TokenMinimum(joins[k].number, joins[k].limit) },
			func(k, least int) error { joins[k].least = least; return nil })
		if e := ctx.Err(); e != nil {
			return nil, nil, e
		}
		for _, j := range joins {
			if err == nil && j.least > j.standard && j.s.Depth < j.least+j.margin {
				j.s.Depth = j.least + j.margin
				grown = true
			}
		}
		if err == nil && !grown {
			if _, err = n.ProveLive(); err == nil {
				break
			}
		}
		if round == 8 {
			return nil, nil, fmt.Errorf("depths of the FIFOs at joins do not settle: %w", err)
		}
		if err != nil {
			// Another join's FIFO is too small by the rule.
			if err := deepen(n, joins); err != nil {
				return nil, nil, fmt.Errorf("no depth of the FIFOs at joins makes the network live, which is a bug: %w", err)
			}
		}
	}
	fifos := make([]design.FIFO, len(n.Streams))
	for i, s := range n.Streams {
		fifos[i] = design.FIFO{Name: s.Name, Depth: s.Depth, Width: s.Width(), Memory: n.FIFOMemory(i)}
	}
	for _, j := range joins {
		if j.least > j.standard {
			fifos[j.number].Minimum = j.least
		}
	}
	return n, fifos, nil
}

// join is a stream into a layer of several inputs.
type join struct {
	s        *hw.Stream
	number   int
	standard int // default depth
	margin   int // what full rate needs above the token minimum
	limit    int // no live network needs more (elastic.maps)
	least    int // token minimum
}

// deepen gives every join at least what it needs while the others are as deep as they
// could ever have to be.
func deepen(n *hw.Network, joins []*join) error {
	depth := make([]int, len(joins))
	for k, j := range joins {
		depth[k], j.s.Depth = j.s.Depth, j.limit
	}
	for k, j := range joins {
		least, err := n.TokenMinimum(j.number, j.limit)
		if err != nil {
			return err
		}
		if least > j.standard {
			depth[k] = max(depth[k], least+j.margin)
		}
	}
	for k, j := range joins {
		j.s.Depth = depth[k]
	}
	return nil
}
