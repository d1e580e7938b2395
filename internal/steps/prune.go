package steps

import (
	"context"
	"fmt"
	"slices"

	"hass/frontend"
	"hass/frontend/onnx"
	"hass/internal/artifact"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/judge"
	"hass/internal/metrics"
	"hass/internal/quant"
	"hass/internal/repair"
	"hass/internal/settings"
	"hass/internal/workers"
)

// PruneOptions are the options of Prune. Exactly one of Share and Thresholds is given.
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
	Repair     repair.Method
	Test       string // data set on which the pruned network is compared with the unpruned one, or ""
	Output     string // ONNX file to write
}

// PruneResult is the result of pruning a model.
type PruneResult struct {
	*repair.Report
	Written string       `json:"written"` // the pruned model's file
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
	case o.Thresholds == "" && !(o.Share > 0 && o.Share < 1):
		return nil, badOption("--share %g: want more than 0 and less than 1, or --thresholds", o.Share)
	case o.Thresholds != "" && (o.Share != 0 || len(o.Also) > 0 || o.Allocate):
		return nil, badOption("--thresholds names what is pruned: --share, --also and --allocate do not go with it")
	case o.Allocate && o.Repair == repair.None:
		return nil, badOption("--allocate judges layers as they are repaired: it does not go with --repair %s", repair.None)
	}
	for _, r := range o.Also {
		if !slices.Contains(repair.Spared, r) {
			return nil, badOption("--also %q: want some of %v", r, repair.Spared)
		}
	}
	if err := writable(o.Output, o.Model, o.Data, o.Thresholds, o.Test); err != nil {
		return nil, err
	}
	g, err := LoadFloat(o.Model, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	if g, err = o.Quantisers.Of(g); err != nil {
		return nil, err
	}
	if n := quantiser(g); n != "" {
		return nil, fmt.Errorf("%s: node %q quantises, and pruned weights would leave the model's own steps; prune the float model, or drop the quantisers by --requantise", o.Model, n)
	}
	var thresholds *settings.Thresholds
	if o.Thresholds != "" {
		if thresholds, err = settings.LoadThresholds(o.Thresholds); err != nil {
			return nil, err
		}
		if _, err := thresholds.Resolve(g); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Thresholds, err)
		}
	}
	set, err := openSet(o.Data, g, o.Model)
	if err != nil {
		return nil, err
	}
	if set, err = first(set, "--images", o.Images); err != nil {
		return nil, err
	}
	r := &PruneResult{Written: o.Output, Set: set}
	if o.Test != "" {
		if r.TestSet, err = openSet(o.Test, g, o.Model); err != nil {
			return nil, err
		}
	}
	if err := apart([]string{o.Output}, modelFiles(g), setFiles(set, r.TestSet), []string{o.Thresholds}); err != nil {
		return nil, err
	}
	done, total, track := 0, 0, rep.track(TaskPrune)
	pruned, report, err := repair.Prune(ctx, g, repair.Options{
		Share: o.Share, Prune: o.Also, Thresholds: thresholds, Repair: o.Repair,
		Allocate: o.Allocate, Work: func(images int) { total = images },
		Images: calib.Images{N: set.Len(), Load: floats(set), Step: func() { done++; track(done, max(done, total)) }},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	r.Report = report
	if report.Note != "" {
		rep.note(fmt.Sprintf("%s: %s", o.Model, report.Note))
	}
	warnLayers(report, rep)
	if r.TestSet != nil {
		if r.Test, err = prunedTest(ctx, g, pruned, r.TestSet, rep); err != nil {
			return nil, err
		}
	}
	return r, writeModel(ctx, pruned, o.Output, o.meta())
}

// warnLayers warns of layers for which less was done than asked, once for each reason.
func warnLayers(r *repair.Report, rep Reporter) {
	var notes []string
	layers := map[string][]string{}
	for _, l := range r.Layers {
		if l.Note == "" {
			continue
		}
		if layers[l.Note] == nil {
			notes = append(notes, l.Note)
		}
		layers[l.Note] = append(layers[l.Note], l.Name)
	}
	for _, note := range notes {
		names := layers[note]
		text := fmt.Sprintf("layer %.60q", names[0])
		if len(names) > 1 {
			text += fmt.Sprintf(" and %d more", len(names)-1)
		}
		rep.warn(text + ": " + note)
	}
}

// meta records in the model's metadata how it was pruned.
func (o *PruneOptions) meta() map[string]string {
	m := map[string]string{"hass.repair": string(o.Repair)}
	if o.Thresholds == "" {
		m["hass.share"] = fmt.Sprint(o.Share)
		if o.Allocate {
			m["hass.allocated"] = "true"
		}
	}
	return m
}

// quantiser is the name of a node that quantises or whose weights lie on a grid, or "".
func quantiser(g *graph.Graph) string {
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Quantize); ok {
			return n.Name
		}
		for _, in := range n.Inputs {
			if c := g.Consts[in]; c != nil && c.Grid != nil {
				return n.Name
			}
		}
	}
	return ""
}

// floats gives image i of a set as floats.
func floats(set *dataset.Set) func(i int) ([]float32, error) {
	return func(i int) ([]float32, error) {
		x := make([]float32, set.C*set.H*set.W)
		return x, set.Float(i, x)
	}
}

// prunedTest compares a pruned network with the original.
func prunedTest(ctx context.Context, g, pruned *graph.Graph, set *dataset.Set, rep Reporter) (*PruneTest, error) {
	plan, err := judge.NewPlan(g, set)
	if err != nil {
		return nil, err
	}
	was, err := judge.NewFloat(g, plan.Outputs)
	if err != nil {
		return nil, err
	}
	now, err := judge.NewFloat(pruned, plan.Outputs)
	if err != nil {
		return nil, err
	}
	track, load := rep.track(TaskFloat), floats(set)
	before, after, compare := new(judge.Score), new(judge.Score), judge.NewComparison(plan.Outputs)
	type pair struct{ was, now *judge.Outcome }
	err = workers.Ordered(ctx, set.Len(), 0, func(_, i int) (p pair, err error) {
		x, err := load(i)
		if err != nil {
			return p, err
		}
		if p.was, err = was.Run(x, nil); err != nil {
			return p, err
		}
		p.now, err = now.Run(x, nil)
		return p, err
	}, func(i int, p pair) error {
		track(i+1, set.Len())
		if plan.Measure != "" {
			if err := plan.Add(before, set, i, p.was); err != nil {
				return err
			}
			if err := plan.Add(after, set, i, p.now); err != nil {
				return err
			}
		}
		return compare.Add(p.was, p.now)
	})
	if err != nil {
		return nil, err
	}
	t := &PruneTest{Images: set.Len(), Outputs: compare.Result()}
	if plan.Measure != "" {
		t.Figures = measure(plan, after)
	}
	if plan.Measure == judge.Top1 {
		lost := metrics.Drop(after.Right, before.Right)
		t.Lost = &lost
	}
	return t, nil
}

// writeModel writes a graph as ONNX.
func writeModel(ctx context.Context, g *graph.Graph, path string, meta map[string]string) error {
	m, err := frontend.Export(g, meta)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := onnx.Encode(m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return artifact.WriteBytes(ctx, path, data)
}
