package optimizer

import (
	"cmp"
	"context"
	"slices"

	"hass/internal/design"
)

// beamWidth is the number of partial choices kept per layer; wideBeam is used where a rough model has
// left few choices.
const (
	beamWidth = 64
	wideBeam  = 256
)

// beam looks for a choice that fits, layer by layer. It keeps the partial choices whose
// use of the budgets so far is nearest to that of the best mixture of choices. Mixtures
// balance the budgets, so a choice that follows one in small steps ends within them. beam
// can find a choice but proves nothing: nil does not mean that there is none.
func (s *search) beam(ctx context.Context, path [][design.NumResources]float64, width int) ([]pick, error) {
	v := s.v
	if len(path) != len(v.layers) {
		return nil, nil
	}
	type partial struct {
		state  int
		used   design.Vec
		parent int // in the previous layer
		pick   pick
		key    float64
	}
	trail := make([][]partial, len(v.layers))
	front := []partial{{used: v.fixed, parent: -1}}
	var next []partial // reused, because it grows to a multiple of the width
	for i := range v.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next = next[:0]
		for n, q := range front {
			for k := range v.arcs[i][q.state] {
				a := &v.arcs[i][q.state][k]
				base := q.used.Add(a.cost)
				for _, o := range v.opts[i][a.class] {
					u := base.Add(v.layers[i].classes[a.class].opts[o].cost)
					if !u.Within(v.budget) {
						continue
					}
					if _, ok := s.bound(i, a.next, u, 0); !ok {
						continue
					}
					share, key := v.share(u), -1.0
					for r := range share {
						key = max(key, share[r]-path[i][r])
					}
					next = append(next, partial{a.next, u, n, pick{a.class, o}, key})
				}
			}
			if len(next) > 64*width {
				next = append(next[:0], nearest(next, width, func(p partial) float64 { return p.key })...)
			}
		}
		front = nearest(next, width, func(p partial) float64 { return p.key })
		if len(front) == 0 {
			return nil, nil
		}
		trail[i] = front
	}
	x := make([]pick, len(v.layers))
	for i, at := len(x)-1, 0; i >= 0; i-- {
		x[i] = trail[i][at].pick
		at = trail[i][at].parent
	}
	return x, nil
}

// nearest keeps the width elements of least key, in ascending order; equal elements keep their order. Elements are large,
// so their indices are sorted.
func nearest[T any](list []T, width int, key func(T) float64) []T {
	type place struct {
		key float64
		i   int
	}
	order := make([]place, len(list))
	for i, v := range list {
		order[i] = place{key(v), i}
	}
	slices.SortFunc(order, func(a, b place) int { return cmp.Or(cmp.Compare(a.key, b.key), a.i-b.i) })
	kept := make([]T, min(width, len(list)))
	for k := range kept {
		kept[k] = list[order[k].i]
	}
	return kept
}
