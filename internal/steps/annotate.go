package steps

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hass/frontend"
	"hass/frontend/onnx"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
	"hass/sparsity"
)

// AnnotateOptions direct Annotate.
type AnnotateOptions struct {
	Model   string // ONNX, that of the design
	Design  string
	Profile string // of the model, for the zeros of activations; "" leaves them out
	Output  string // ONNX
}

// AnnotateResult is what Annotate wrote.
type AnnotateResult struct {
	Path  string `json:"path"`
	Nodes int    `json:"nodes"` // with metadata
}

// Annotate writes a model with the hardware of a design as metadata of its nodes, which viewers such as Netron show: engine, width,
// cycles, zeros and resources. Layers that no node of the model makes alone are warned of.
func Annotate(ctx context.Context, o AnnotateOptions, rep Reporter) (*AnnotateResult, error) {
	d, err := derive.ReadDesign(o.Design)
	if err != nil {
		return nil, err
	}
	hash, err := artifact.HashFile(o.Model)
	if err != nil {
		return nil, err
	}
	if want := d.Inputs["model"]; hash != want {
		return nil, fmt.Errorf("%s is of another model than %s (SHA-256 %.12s, not %.12s)", o.Design, o.Model, want, hash)
	}
	var zeros map[string]sparsity.Layer
	if o.Profile != "" {
		m, err := sparsity.Read(o.Profile)
		if err != nil {
			return nil, err
		}
		if want := m.Profile.Inputs["model"]; hash != want {
			return nil, fmt.Errorf("%s is of another model than %s (SHA-256 %.12s, not %.12s)", o.Profile, o.Model, want, hash)
		}
		zeros = map[string]sparsity.Layer{}
		for _, l := range m.Profile.Layers {
			zeros[l.ID] = l
		}
	}
	nodes := map[string]map[string]string{}
	for i := range d.Net.Layers {
		l := &d.Net.Layers[i]
		metadata := layerMetadata(d, i)
		if z, ok := zeros[l.ID]; ok {
			metadata["hass.activations_nonzero"] = percent(z.ActivationDensity)
			metadata["hass.pairs_nonzero"] = percent(z.PairDensity)
		}
		nodes[l.Name] = metadata
	}
	p := d.Predicted
	m, unknown, err := frontend.Annotate(o.Model, nodes, map[string]string{
		"hass.platform": d.Platform, "hass.cycles_per_image": number(p.CyclesPerImage), "hass.clock_mhz": number(d.Clock.MHz),
		"hass.images_per_second": number(p.ImagesPerSecond), "hass.bottleneck": p.Bottleneck,
	})
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		rep.warn(fmt.Sprintf("%s: %d layers are not shown, since the import made them from several nodes: %.200q", o.Model, len(unknown), strings.Join(unknown, ", ")))
	}
	data, err := onnx.Encode(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	if err := apart([]string{o.Output}, m.Files, []string{o.Design, o.Profile}); err != nil {
		return nil, err
	}
	return &AnnotateResult{Path: o.Output, Nodes: len(nodes) - len(unknown)}, artifact.WriteBytes(ctx, o.Output, data)
}

// layerMetadata are the design's facts of a layer.
func layerMetadata(d *design.Design, i int) map[string]string {
	l, hl, cost := &d.Net.Layers[i], &d.Layers[i], &d.Costs[i]
	out := d.Net.Tensors[l.Out].Format
	m := map[string]string{
		"hass.layer": l.ID, "hass.cycles": number(cost.Cycles), "hass.out_bits": strconv.Itoa(out.Bits),
		"hass.pixels_per_beat": strconv.Itoa(hl.OutPx), "hass.channels_per_beat": strconv.Itoa(hl.OutCh),
	}
	for _, r := range []struct {
		name  string
		count int
	}{{"DSP", cost.Resources.DSP}, {"LUT", cost.Resources.LUT}, {"BRAM18", cost.Resources.BRAM18}, {"URAM", cost.Resources.URAM}} {
		m["hass."+r.name] = strconv.Itoa(r.count)
	}
	if l.Kind != intnet.KindConv {
		return m
	}
	m["hass.engine"] = engineText(hl)
	m["hass.weight_bits"] = strconv.Itoa(l.Conv.WeightBits)
	kept := 0
	for _, w := range l.Conv.Weights {
		if w != 0 {
			kept++
		}
	}
	m["hass.weights_nonzero"] = percent(float64(kept) / float64(max(1, len(l.Conv.Weights))))
	return m
}

// engineText names an engine as show does: its kind, lanes and multipliers.
func engineText(hl *hw.Layer) string {
	if hl.Engine == hw.ScheduledEngine {
		return fmt.Sprintf("%s, %d banks, %d chains", hl.Engine, hl.N, hl.Scheduled.Chains)
	}
	return fmt.Sprintf("%s, %d lanes, %d multipliers", hl.Engine, hl.M(), hl.N)
}

// number is a figure for people, to a tenth.
func number(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// percent is a share in percent.
func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
