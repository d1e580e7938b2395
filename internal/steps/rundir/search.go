package rundir

import (
	"context"
	"fmt"
	"os"
	"strings"

	"hass/internal/report"
	"hass/optimizer/search"
	"hass/optimizer/search/study"
	"hass/sparsity"
)

// SearchFile is the study in a run folder.
const SearchFile = "search.db"

// StudyName is the name of a run's study in its database.
const StudyName = "search"

// isStudy tells whether a file is a database, by its first bytes.
func isStudy(path string) bool {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(magic))
	n, _ := f.Read(head)
	return string(head[:n]) == magic
}

// ReadSearch reads the study in a file: the only one, or the one of a run.
func ReadSearch(ctx context.Context, path string) (*search.Result, error) {
	db, err := study.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	list, err := db.List(ctx)
	if err != nil {
		return nil, err
	}
	name := StudyName
	if len(list) == 1 {
		name = list[0].Name
	}
	s, err := db.Load(ctx, name)
	if err != nil {
		var names []string
		for _, i := range list {
			names = append(names, fmt.Sprintf("%q", i.Name))
		}
		return nil, fmt.Errorf("%s: a report shows its only study, or the one called %q; it has %d: %s", path, StudyName, len(list), strings.Join(names, ", "))
	}
	return search.Read(ctx, s)
}

// checkSearch refuses the study of another model or calibration set.
func (r *Run) checkSearch() error {
	for _, h := range []struct {
		file   string
		inputs map[string]string
	}{{designFile, inputsOf(headerOf(r.Design))}, {profileFile, inputsOf(headerOf(r.Profile))}} {
		for _, key := range []string{"model", "dataset"} {
			if key == "model" && r.Search.Config.Repairs() {
				continue // the design is of the repaired model
			}
			if have, want := h.inputs[key], r.Search.Inputs[key]; have != "" && have != want {
				return fmt.Errorf("%s: the study is of another %s than %s (SHA-256 %.12q, not %.12q); give the files of one run", r.from[SearchFile].path, key, r.from[h.file].path, want, have)
			}
		}
	}
	return nil
}

// addSearch adds what a study found; p is the run's profile, or nil.
func addSearch(run *report.Run, r *search.Result, p *sparsity.Profile) error {
	if run.Model == "" {
		run.Model = r.Config.Model
	}
	if run.Platform == "" {
		run.Platform = r.Config.Platform
	}
	s := &report.Search{Study: r.Study, Sampler: r.Config.Sampler, Images: r.Config.Images, Total: r.Total, Probes: r.Probes, Loss: r.Config.Objective.Loss,
		Unlabelled: r.Config.Truth == search.TruthUnpruned, Front: r.Front, Best: r.Best}
	if r.Test != nil {
		s.TestImages = r.Test.Images
	}
	history := search.History(r.Trials, r.Unpruned, r.Config.Objective.Loss)
	for i, t := range r.Trials {
		o := t.Outcome
		drop := o.Drop(r.Unpruned)
		x := report.SearchTrial{Number: t.Number, Stopped: o.Stopped, Fits: o.Fits, ImagesPerSecond: o.ImagesPerSecond, DSP: o.Resources.DSP, Divergence: o.Divergence,
			Top1: o.Top1, Lost: drop.Mean, LostHalf: drop.Half, BestSoFar: -1}
		if history[i] >= 0 {
			x.BestSoFar = r.Trials[history[i]].Number
		}
		if m := r.Tested(t.Number); m != nil {
			x.TestLost, x.TestLostHalf = &m.Drop.Mean, &m.Drop.Half
		}
		s.Trials = append(s.Trials, x)
	}
	shown := r.Best
	if p != nil {
		for _, t := range r.Trials {
			same, err := hasThresholds(p, r, t.Number)
			if err != nil {
				return err
			}
			if number := t.Number; same && (s.Used == nil || number == r.Best) {
				s.Used, shown = &number, number
			}
		}
	}
	if c := r.Curves; c != nil {
		s.Levels, s.Probed = c.Levels, c.Images
	}
	for k, v := range r.Vars {
		l := report.SearchLayer{Name: v.Layer, MaxW: v.MaxW, MaxA: v.MaxA}
		if shown >= 0 {
			t, err := r.Trial(shown)
			if err != nil {
				return err
			}
			l.TauW, l.TauA = t.X[k]*v.MaxW, t.X[len(r.Vars)+k]*v.MaxA
		}
		if c := r.Curves; c != nil {
			l.CurveW, l.CurveA = c.Divergence[k], c.Divergence[len(r.Vars)+k]
		}
		s.Layers = append(s.Layers, l)
	}
	run.Search = s
	return nil
}

// hasThresholds tells whether a profile was made with the thresholds of a trial.
func hasThresholds(p *sparsity.Profile, r *search.Result, number int) (bool, error) {
	t, err := r.Thresholds(number)
	if err != nil {
		return false, err
	}
	for layer, tau := range t.Layers {
		c, ok := p.Spec.Convs[layer]
		if !ok || c.TauW != *tau.W && !r.Config.Repairs() || c.TauA != *tau.A {
			return false, nil
		}
	}
	return len(t.Layers) > 0, nil
}
