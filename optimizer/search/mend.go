package search

import (
	"context"
	"fmt"
	"math/rand/v2"

	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/repair"
	"hass/internal/settings"
)

// fitted is the share of the images from which a repair is fitted. A match has two numbers for every channel, a refit all weights.
func fitted(m repair.Method) (float64, error) {
	switch m {
	case "", repair.None:
		return 0, nil
	case repair.Match:
		return 0.25, nil
	case repair.Refit:
		return 0.5, nil
	}
	return 0, fmt.Errorf("repair %q: want one of %v", m, repair.Methods())
}

// FitImages is the number of images, of n, from which a repair is fitted.
func FitImages(n int, m repair.Method) int {
	order, judged, err := split(n, 0, m)
	if err != nil {
		return 0 // New says so
	}
	return len(order) - len(judged)
}

// leastJudged is the least number of images that judge trials.
const leastJudged = 2

// split orders n images by a seed, so that every part is representative, and gives those that judge trials; a repair is fitted to the
// ones before them.
func split(n int, seed uint64, m repair.Method) (order, judged []int, err error) {
	share, err := fitted(m)
	if err != nil {
		return nil, nil, err
	}
	fits := int(share * float64(n))
	if share > 0 {
		fits = max(fits, 1)
	}
	if n-fits < leastJudged {
		return nil, nil, fmt.Errorf("a search needs at least %d images to judge its trials; %d of %d are for the repair (--repair %s needs none)", leastJudged, fits, n, repair.None)
	}
	order = rand.New(rand.NewPCG(seed, 0x6f72646572)).Perm(n)
	return order, order[fits:], nil
}

// mended lowers a layer under thresholds, repaired where it can be. The threshold on activations is not part of it.
func (p *Problem) mended(layer int, tau settings.Tau) (*intnet.Conv, error) {
	w, add, ok, err := p.mender.Repair(context.Background(), p.Net.Layers[layer].Name, tau)
	if err != nil {
		return nil, err
	}
	if !ok {
		return p.pruner.Conv(layer, settings.Tau{W: tau.W})
	}
	return p.pruner.Repaired(layer, 0, w, add)
}

// Mend gives a study's model with the very weights with which a trial was judged: cut, and repaired as the study repairs them. Its
// thresholds on activations are returned beside it, for a profile of that model. set is the study's calibration set.
func (r *Result) Mend(ctx context.Context, g *graph.Graph, set *dataset.Set, number int) (*graph.Graph, *settings.Thresholds, error) {
	t, err := r.Thresholds(number)
	if err != nil {
		return nil, nil, err
	}
	n := r.Config.Images
	if n > set.Len() {
		return nil, nil, fmt.Errorf("%s: %d images; the study %q used %d", set.Path, set.Len(), r.Study, n)
	}
	order, judged, err := split(n, r.Config.Seed, r.Config.Repair)
	if err != nil {
		return nil, nil, err
	}
	if len(judged) == n {
		return nil, nil, fmt.Errorf("study %q repairs nothing", r.Study)
	}
	s, err := repair.NewSingles(ctx, g, calib.Images{N: n - len(judged), Load: func(k int) ([]float32, error) { return set.Floats(order[k]) }}, r.Config.Repair)
	if err != nil {
		return nil, nil, err
	}
	taus, err := t.Resolve(g)
	if err != nil {
		return nil, nil, err
	}
	out, err := s.Apply(ctx, g, taus)
	if err != nil {
		return nil, nil, err
	}
	left := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for name, tau := range t.Layers {
		zero := 0.0
		left.Layers[name] = settings.LayerTau{W: &zero, A: tau.A}
	}
	return out, left, nil
}

// Repairs tells whether the study repairs the layers that its trials prune.
func (c *Config) Repairs() bool { return c.Repair != "" && c.Repair != repair.None }
