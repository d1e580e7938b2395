// Package fifo sets the depth of every FIFO of a design, by a rule that depends on shapes and stream widths alone and by
// measured token minima at joins.
//
// It takes a network, the pixels per beat of its streams and the hardware of its layers; it gives depths, with which the network is
// proved free of deadlock. From the same delays it also estimates the latency of a pipeline. It never prices anything.
package fifo

import (
	"context"
	"fmt"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/workers"
)

// ShiftDepth is a depth that costs a FIFO of shift registers no more than a smaller one: a LUT holds 32 x 1.
const ShiftDepth = 16

// Apply deepens the FIFOs into layers by the rule, and all FIFOs to at least ShiftDepth.
func (e *Rule) Apply(n *hw.Network) {
	for i := range n.Streams {
		s := &n.Streams[i]
		if to := n.Processes[s.To]; s.Kind == hw.TensorToken && to.Layer >= 0 {
			s.Depth = max(ShiftDepth, s.Depth+e.Tokens(to.Layer, slices.Index(to.In, i), s.Beat.Ch))
		}
	}
}

// Size expands the layers and sets every FIFO's depth: the default of the module
// that writes it, GangDepth at engines, and the rule's depth into layers; at joins
// at least the measured token minimum plus the rule's margin. The result is proved
// free of deadlock.
func Size(ctx context.Context, net *intnet.Net, layers []hw.Layer, rule *Rule) (*hw.Network, []design.FIFO, error) {
	n, err := hw.Expand(net, layers, nil)
	if err != nil {
		return nil, nil, err
	}
	var joins []*join
	for i := range n.Streams {
		s := &n.Streams[i]
		if s.Join >= 0 {
			port := slices.Index(n.Processes[s.To].In, i)
			joins = append(joins, &join{s: s, number: i, standard: s.Depth, limit: rule.maps(s.Join, port)*s.Tokens + s.Depth,
				margin: rule.margin(s.Join, port, s.Beat.Ch)})
		}
	}
	rule.Apply(n)
	// Minima are measured at the depths of the design. A FIFO that turns out short
	// is deepened, and all minima are measured again.
	for round := 0; ; round++ {
		grown := false
		err = workers.Ordered(ctx, len(joins), 0, func(_, k int) (int, error) { return live.Minimum(n, joins[k].number, joins[k].limit) },
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
			if _, err = live.Prove(n); err == nil {
				break
			}
		}
		if round == 8 {
			return nil, nil, fmt.Errorf("depths of the FIFOs at joins do not settle: %w", err)
		}
		if err != nil {
			// The FIFO of another join is too small by the rule.
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
	margin   int // additional depth for full rate above the token minimum
	limit    int // no live network needs more (Rule.maps)
	least    int // token minimum
}

// deepen gives every join at least its minimum, measured while the other joins have
// their largest depths.
func deepen(n *hw.Network, joins []*join) error {
	depth := make([]int, len(joins))
	for k, j := range joins {
		depth[k], j.s.Depth = j.s.Depth, j.limit
	}
	for k, j := range joins {
		least, err := live.Minimum(n, j.number, j.limit)
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
