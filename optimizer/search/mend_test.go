package search

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/design"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/repair"
)

// TestMend: trials are judged on images that no repair saw, are nearer to the unpruned network than trials that only cut, and share their
// work exactly. The model that a trial gives has the very weights with which it was judged.
func TestMend(t *testing.T) {
	g, set := demo(t, 48)
	platform, err := design.LoadPlatform("zybo")
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(t.Context(), g, set, Options{Platform: platform, Pixels: 1, Seed: 1, Repair: repair.Match})
	if err != nil {
		t.Fatal(err)
	}
	if p.fits != 12 || len(p.images) != 36 || p.Base.Images != 36 || FitImages(48, repair.Match) != 12 || FitImages(48, repair.None) != 0 {
		t.Errorf("%d images to fit, %d to judge, %d judged", p.fits, len(p.images), p.Base.Images)
	}
	cut := *p
	cut.mender, cut.convs, cut.slots = nil, map[convKey]*intnet.Conv{}, nil
	x := make([]float64, p.Dims())
	for i := range x {
		x[i] = 0.35
	}
	near, far := evaluate(t, p, x, nil), evaluate(t, &cut, x, nil)
	if near.Divergence > 0.8*far.Divergence {
		t.Errorf("divergence %g repaired, %g cut", near.Divergence, far.Divergence)
	}
	if d := near.Sparsity - far.Sparsity; d < -0.02 || d > 0.02 {
		t.Errorf("zero products: %g repaired, %g cut", near.Sparsity, far.Sparsity)
	}
	alone := *p
	alone.opt.NoSharing, alone.convs, alone.slots = true, map[convKey]*intnet.Conv{}, nil
	y := slices.Clone(x)
	y[len(p.Convs)-1], y[len(y)-1] = 0.1, 0
	for _, x := range [][]float64{y, x} {
		if d := cmp.Diff(evaluate(t, &alone, x, nil), evaluate(t, p, x, nil)); d != "" {
			t.Errorf("alone and shared: %s", d)
		}
	}

	r := &Result{Config: &Config{Images: 48, Seed: 1, Repair: repair.Match}, Trials: []Trial{{Number: 3, X: x}}}
	for k, i := range p.Convs {
		r.Vars = append(r.Vars, Variable{p.Net.Layers[i].Name, p.MaxW[k], p.MaxA[k]})
	}
	made, left, err := r.Mend(t.Context(), g, set, 3)
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]*graph.Node{}
	for _, n := range made.Nodes {
		nodes[n.Name] = n
	}
	repaired := 0
	for k, i := range p.Convs {
		name := p.Net.Layers[i].Name
		w, _, ok, err := p.mender.Repair(t.Context(), name, p.Tau(x, k))
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			repaired++
			if !slices.Equal(w, made.Consts[nodes[name].Inputs[1]].F) {
				t.Errorf("layer %q has other weights than its trial", name)
			}
		}
		if l := left.Layers[name]; *l.W != 0 || *l.A != p.Tau(x, k).A {
			t.Errorf("layer %q: thresholds %g and %g are left", name, *l.W, *l.A)
		}
	}
	if repaired < 5 {
		t.Errorf("%d layers repaired", repaired)
	}
	r.Config.Repair = ""
	if _, _, err := r.Mend(t.Context(), g, set, 3); err == nil || !strings.Contains(err.Error(), "repairs nothing") {
		t.Errorf("a study without repair: %v", err)
	}
}

// TestSplit: no image is in both parts, and the judges are enough.
func TestSplit(t *testing.T) {
	for _, m := range repair.Methods() {
		order, judged, err := split(100, 7, m)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Sorted(slices.Values(order))
		if fit := order[:len(order)-len(judged)]; len(slices.Compact(all)) != 100 || slices.ContainsFunc(fit, func(i int) bool { return slices.Contains(judged, i) }) {
			t.Errorf("%s: fitted to %v, judged on %v", m, fit, judged)
		}
	}
	if _, _, err := split(2, 1, repair.Match); err == nil || !strings.Contains(err.Error(), "--repair none") {
		t.Errorf("two images: %v", err)
	}
	if _, _, err := split(9, 1, "glue"); err == nil {
		t.Error("an unknown repair was taken")
	}
}
