package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/judge"
	"hass/internal/masks"
	"hass/internal/metrics"
	"hass/internal/quant"
	"hass/internal/repair"
	"hass/internal/settings"
	"hass/internal/steps/stages"
	"hass/internal/workfile"
)

// PruneOptions are the options of Prune. Exactly one of Share, Thresholds and Study is given.
type PruneOptions struct {
	Model      string           // ONNX
	Shapes     frontend.Shapes  // of inputs whose dimensions the model leaves open
	Quantisers quant.Quantisers // treatment of the model's own quantisers; a model that keeps some is not pruned
	Data       string           // calibration data set (TOML)
	Images     int              // number of its first images to use; 0 is all
	Share      float64          // share of zeros among every pruned layer's weights
	Allocate   bool             // spread the share so that it costs least; it then applies to the multiplications of all these layers
	Also       []repair.Role    // roles of further layers to prune
	Thresholds string           // file of pruning thresholds, or ""
	Study      Study            // whose trial gives the thresholds
	Trial      int              // its number; the best if < 0
	Repair     repair.Method
	Test       string // data set on which the pruned network is compared with the unpruned one, or ""
	Masks      string // file of masks (.npz) to write beside it, or ""
	Output     string // ONNX file to write
}

// PruneResult is the result of pruning a model.
type PruneResult struct {
	*repair.Report
	Written string       `json:"written"`         // the pruned model's file
	Study   string       `json:"study,omitempty"` // the study that gave the thresholds
	Trial   *int         `json:"trial,omitempty"` // of the study
	Test    *PruneTest   `json:"test,omitempty"`
	Set     *dataset.Set `json:"-"` // calibration images
	TestSet *dataset.Set `json:"-"`
}

// PruneTest compares the pruned network with the unpruned one, both in float, on images that no fit saw.
type PruneTest struct {
	Figures                   // of the pruned network, by labels
	Images  int               `json:"images"`
	Outputs []judge.Fidelity  `json:"outputs"`
	Lost    *metrics.Interval `json:"lost,omitempty"` // as in EvalResult
}

// Prune writes a model with some weights set to zero and the others adjusted to compensate.
func Prune(ctx context.Context, o PruneOptions, rep Reporter) (*PruneResult, error) {
	switch {
	case !slices.Contains(repair.Methods(), o.Repair):
		return nil, badOption("--repair %q: want one of %v", o.Repair, repair.Methods())
	case o.Images < 0:
		return nil, badOption("--images %d: want a number of images, or 0 for all", o.Images)
	case o.Thresholds != "" && o.Study.Location != "":
		return nil, badOption("--thresholds and --study: one of them names what is pruned")
	case o.byShare() && !(o.Share > 0 && o.Share < 1):
		return nil, badOption("--share %g: want more than 0 and less than 1, or --thresholds, or --study", o.Share)
	case !o.byShare() && (o.Share != 0 || len(o.Also) > 0 || o.Allocate):
		return nil, badOption("--thresholds and --study name what is pruned: --share, --also and --allocate do not go with them")
	case o.Allocate && o.Repair == repair.None:
		return nil, badOption("--allocate judges layers as they are repaired: it does not go with --repair %s", repair.None)
	}
	for _, r := range o.Also {
		if !slices.Contains(repair.Spared, r) {
			return nil, badOption("--also %q: want some of %v", r, repair.Spared)
		}
	}
	if err := writable(o.Output, o.Model, o.Data, o.Thresholds, o.Test, o.Study.Location); err != nil {
		return nil, err
	}
	if o.Masks != "" {
		if err := writable(o.Masks, o.Model, o.Data, o.Thresholds, o.Test, o.Study.Location); err != nil {
			return nil, err
		}
	}
	g, err := LoadFloat(o.Model, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	if g, err = o.Quantisers.Of(g); err != nil {
		return nil, err
	}
	if n := repair.Quantiser(g); n != "" {
		return nil, fmt.Errorf("%s: node %q quantises, and pruned weights would leave the model's own steps; prune the float model, or drop the quantisers by --requantise", o.Model, n)
	}
	r := &PruneResult{Written: o.Output}
	thresholds, err := o.thresholds(ctx, g, r)
	if err != nil {
		return nil, err
	}
	set, err := openSet(o.Data, g, o.Model)
	if err != nil {
		return nil, err
	}
	if set, err = first(set, "--images", o.Images); err != nil {
		return nil, err
	}
	r.Set = set
	if o.Test != "" {
		if r.TestSet, err = openSet(o.Test, g, o.Model); err != nil {
			return nil, err
		}
	}
	if err := apart([]string{o.Output, o.Masks}, modelFiles(g), setFiles(set, r.TestSet), []string{o.Thresholds}); err != nil {
		return nil, err
	}
	work, err := o.work(g, set, thresholds)
	if err != nil {
		return nil, err
	}
	defer work.Close()
	if n := work.Len(); n > 0 {
		rep.note(fmt.Sprintf("%s: an interrupted run has finished %d parts, which are not done again", o.Output+workSuffix, n))
	} else if work.Other() {
		rep.note(fmt.Sprintf("%s: is of an interrupted run with other inputs or options, and is overwritten", o.Output+workSuffix))
	}
	done, total, track := 0, 0, rep.track(TaskPrune)
	pruned, report, err := repair.Prune(ctx, g, repair.Options{
		Share: o.Share, Prune: o.Also, Thresholds: thresholds, Repair: o.Repair,
		Allocate: o.Allocate, Store: work, Work: func(images int) { total = images },
		Images: calib.Images{N: set.Len(), Load: set.Floats, Step: func() { done++; track(done, max(done, total)) }},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	r.Report = report
	if report.Note != "" {
		rep.note(fmt.Sprintf("%s: %s", o.Model, report.Note))
	}
	for _, text := range report.Warnings() {
		rep.warn(text)
	}
	if r.TestSet != nil {
		c, err := judge.Compare(ctx, g, pruned, r.TestSet, rep.track(TaskFloat))
		if err != nil {
			return nil, err
		}
		r.Test = &PruneTest{measure(c.Plan, c.Score), r.TestSet.Len(), c.Outputs, c.Lost}
	}
	if o.Masks != "" {
		if err := artifact.WriteFile(ctx, o.Masks, func(w io.Writer) error { return masks.Write(w, masks.Of(pruned)) }); err != nil {
			return nil, err
		}
	}
	if err := frontend.Write(ctx, pruned, o.Output, o.meta(r)); err != nil {
		return nil, err
	}
	return r, work.Remove()
}

// byShare tells whether shares of weights are pruned, not thresholds.
func (o *PruneOptions) byShare() bool { return o.Thresholds == "" && o.Study.Location == "" }

// thresholds reads the thresholds, of a file or of a trial, which r then names; nil if shares are pruned.
func (o *PruneOptions) thresholds(ctx context.Context, g *graph.Graph, r *PruneResult) (t *settings.Thresholds, err error) {
	from := o.Thresholds
	switch {
	case o.byShare():
		return nil, nil
	case o.Thresholds != "":
		if t, err = settings.LoadThresholds(o.Thresholds); err != nil {
			return nil, err
		}
	default:
		s, err := OpenStudy(ctx, o.Study)
		if err != nil {
			return nil, err
		}
		if err := sameModel(s, o.Model); err != nil {
			return nil, err
		}
		n, err := chosen(s, o.Trial)
		if err != nil {
			return nil, err
		}
		if t, err = s.Thresholds(n); err != nil {
			return nil, err
		}
		r.Study, r.Trial, from = s.Study, &n, place(o.Study.Location)
	}
	if _, err := t.Resolve(g); err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return t, nil
}

// workSuffix ends the name of the file that keeps finished layers beside the output.
const workSuffix = ".work"

// work is the file that keeps finished layers of this pruning.
func (o *PruneOptions) work(g *graph.Graph, set *dataset.Set, t *settings.Thresholds) (*workfile.File, error) {
	model, err := stages.Contents(modelFiles(g)...)
	if err != nil {
		return nil, err
	}
	data, err := set.Hash()
	if err != nil {
		return nil, err
	}
	id, err := json.Marshal([]any{artifact.Tool, runtime.GOARCH, model, o.Shapes, o.Quantisers, data, set.Len(), o.Share, o.Allocate, o.Also, t, o.Repair})
	if err != nil {
		return nil, err
	}
	return workfile.Open(o.Output+workSuffix, "prune "+artifact.HashBytes(id))
}

// meta records in the model's metadata how it was pruned.
func (o *PruneOptions) meta(r *PruneResult) map[string]string {
	m := map[string]string{"hass.repair": string(o.Repair)}
	if o.byShare() {
		m["hass.share"] = fmt.Sprint(o.Share)
		if o.Allocate {
			m["hass.allocated"] = "true"
		}
	}
	if r.Trial != nil {
		m["hass.study"], m["hass.trial"] = r.Study, fmt.Sprint(*r.Trial)
	}
	return m
}
