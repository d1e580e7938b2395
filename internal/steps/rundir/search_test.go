package rundir

import (
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/quant"
	"hass/internal/report"
	"hass/internal/test/studytest"
	"hass/optimizer/search/study"
	"hass/sparsity"
)

// TestSearchFigures compares the figures of a report with the study that they are of, number by number.
func TestSearchFigures(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, SearchFile)
	db, err := study.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := studytest.Create(t, db, "any name", 20, nil)
	for range 12 {
		studytest.Trial(t, s, "w")
	}
	studytest.Tested(t, s, 20, 0, 1)
	r, err := ReadSearch(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	th, err := r.Thresholds(5)
	if err != nil {
		t.Fatal(err)
	}
	p := &sparsity.Profile{Spec: quant.Spec{Convs: map[string]quant.ConvSpec{}}}
	for layer, tau := range th.Layers {
		p.Spec.Convs[layer] = quant.ConvSpec{TauW: *tau.W, TauA: *tau.A}
	}
	run := new(report.Run)
	if err := addSearch(run, r, p); err != nil {
		t.Fatal(err)
	}
	f := run.Search
	if run.Model != r.Config.Model || run.Platform != r.Config.Platform || f.Study != "any name" || f.Total != 20 || f.Loss != r.Config.Objective.Loss || f.Best != r.Best || f.TestImages != 32 ||
		f.Used == nil || *f.Used != 5 || len(f.Front) != len(r.Front) || len(f.Trials) != 12 || len(f.Layers) != len(studytest.Layers) || f.Probed != 4 || len(f.Levels) != 3 {
		t.Fatalf("%+v", f)
	}
	best := -1
	for i, x := range f.Trials {
		o := studytest.Outcome(i)
		d := o.Drop(studytest.Unpruned())
		if x.Number != i || x.Stopped != o.Stopped || x.Fits != o.Fits || x.ImagesPerSecond != o.ImagesPerSecond || x.DSP != o.Resources.DSP || x.Divergence != o.Divergence ||
			x.Top1 != o.Top1 || x.Lost != d.Mean || x.LostHalf != d.Half || (x.TestLost != nil) != (i < 2) {
			t.Errorf("trial %d: %+v, want %+v", i, x, o)
		}
		if x.TestLost != nil && (*x.TestLost != 0.001*float64(i) || *x.TestLostHalf != 0.0005) {
			t.Errorf("trial %d on test images: %v", i, *x.TestLost)
		}
		if x.BestSoFar >= 0 && x.BestSoFar < i-12 || x.BestSoFar > i {
			t.Errorf("trial %d: the best so far is %d", i, x.BestSoFar)
		}
		best = x.BestSoFar
	}
	if best < 0 {
		t.Error("no trial is ever the best")
	}
	for k, l := range f.Layers {
		if l.Name != studytest.Layers[k] || l.TauW != *th.Layers[l.Name].W || l.TauA != *th.Layers[l.Name].A || l.MaxW != r.Vars[k].MaxW || l.MaxA != r.Vars[k].MaxA ||
			len(l.CurveW) != len(r.Curves.Divergence[k]) || len(l.CurveA) != 3 || l.CurveA[2] != r.Curves.Divergence[3+k][2] {
			t.Errorf("layer %d: %+v", k, l)
		}
	}
	if _, err := report.New(run); err != nil {
		t.Error(err)
	}

	// A profile of other thresholds is of no trial.
	c := p.Spec.Convs["fc"]
	c.TauA += 1e-9
	p.Spec.Convs["fc"] = c
	if err := addSearch(run, r, p); err != nil || run.Search.Used != nil {
		t.Errorf("%v, used %v", err, run.Search.Used)
	}

	// A folder with nothing but the study is a run, too; two studies of other names are none.
	runs, read, err := Read(t.Context(), []string{dir})
	if err != nil || len(runs) != 1 || runs[0].Search == nil || len(read) != 1 {
		t.Errorf("%v, %v, %v", runs, read, err)
	}
	runs[0].Profile = &sparsity.Profile{}
	runs[0].Profile.Inputs = map[string]string{"model": strings.Repeat("ab", 32)}
	if err := runs[0].check(); err == nil || !strings.Contains(err.Error(), "another model") || !strings.Contains(err.Error(), path) {
		t.Errorf("the study of another model: %v", err)
	}
	studytest.Create(t, db, "second", 3, nil)
	if _, err := ReadSearch(t.Context(), path); err == nil || !strings.Contains(err.Error(), `"any name", "second"`) || !strings.Contains(err.Error(), path) {
		t.Errorf("two studies: %v", err)
	}
}
