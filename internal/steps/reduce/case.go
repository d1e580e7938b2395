package reduce

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/npy"
	"hass/optimizer/cost"
	"hass/optimizer/derive"
)

// Case is a network with hardware and the images to run. A Case is never changed once made.
type Case struct {
	Net    *intnet.Net
	Layers []hw.Layer
	Depths map[string]int // of FIFOs, by name; others have the default
	Images [][]int32      // all are run, in this order

	facts *design.Design    // platform, target and the like, for the design of the case
	rule  design.EngineRule // the kinds of engines that its hardware may have (design.Design.EngineRule); "" where no rule was kept
}

// FromDesign is the case of a design with the given golden images.
func FromDesign(d *design.Design, images [][]int32) *Case {
	c := &Case{Net: d.Net, Layers: d.Layers, Depths: make(map[string]int, len(d.FIFOs)), Images: images, facts: d, rule: d.EngineRule}
	for _, f := range d.FIFOs {
		c.Depths[f.Name] = f.Depth
	}
	return c
}

// defaultPlatform is the platform of a case whose design names none, as in tests.
const defaultPlatform = "zcu104"

// Design returns the design of the case, complete except for its side files, and its network of processes. It is an error
// if the case has no valid design.
func (c *Case) Design() (*design.Design, *hw.Network, error) {
	f := *c.facts
	if f.Family == "" {
		p, err := design.LoadPlatform(defaultPlatform)
		if err != nil {
			return nil, nil, err
		}
		f.Platform, f.Part, f.Board, f.Family, f.Clock.Limit, f.Device, f.Reserved = p.Name, p.Part, p.Board, p.Family, p.ClockMHz, p.Resources, p.Taken()
		f.UsableShare = design.WholeShares()
	}
	if f.Objective == "" {
		f.Objective = design.Throughput
	}
	d := &design.Design{
		Header: artifact.NewHeader(design.Schema, design.Version, nil),
		Model:  f.Model, Bits: "mixed", Platform: f.Platform, Part: f.Part, Board: f.Board, Clock: design.Clock{Limit: f.Clock.Limit},
		Net: c.Net, Layers: c.Layers, Target: f.Target, Objective: f.Objective, EngineRule: c.rule,
		Family: f.Family, Device: f.Device, Reserved: f.Reserved, UsableShare: f.UsableShare,
		Calibrated: cost.Calibrated, CostModel: design.CostModel{Calibration: f.CostModel.Calibration},
		Explain: []string{"made by \"hass reduce\" to show a difference: costs and rates follow from formulas, nothing was optimized"},
	}
	d.Preproc.Divisor = 1
	for range c.Net.Tensors[c.Net.Input].C {
		d.Preproc.Mean, d.Preproc.Std = append(d.Preproc.Mean, 0), append(d.Preproc.Std, 1)
	}
	if err := c.Net.Validate(); err != nil {
		return nil, nil, err
	}
	if err := c.Net.ValidateWeights(); err != nil {
		return nil, nil, err
	}
	n, err := hw.Expand(c.Net, c.Layers, c.Depths)
	if err != nil {
		return nil, nil, err
	}
	if b := limits.Check(n, d.Target); b != nil {
		return nil, nil, b
	}
	if _, err := live.Prove(n); err != nil {
		return nil, nil, err
	}
	memories := make(map[string]memory.Kind, len(f.FIFOs))
	for _, x := range f.FIFOs {
		memories[x.Name] = x.Memory
	}
	for _, s := range n.Streams {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: s.Name, Depth: s.Depth, Memory: memories[s.Name]})
	}
	d.Costs = make([]design.LayerCost, len(c.Net.Layers)+2)
	if err := derive.Refresh(d); err != nil {
		return nil, nil, err
	}
	return d, n, nil
}

// Write writes the case as a design with its side files to path, reads it back as a check, and returns the design as read.
func (c *Case) Write(ctx context.Context, path string) (*design.Design, error) {
	d, _, err := c.Design()
	if err != nil {
		return nil, err
	}
	in := c.Net.Tensors[c.Net.Input]
	// A design has at least two golden images; if one is enough for the case, its projects use only the first.
	images := c.Images
	if len(images) == 1 {
		images = append(slices.Clone(images), make([]int32, len(images[0])))
	}
	golden := &npy.Array{DType: "int32", Shape: []int{len(images), in.H, in.W, in.C}, I32: slices.Concat(images...)}
	if err := design.Write(ctx, d, path, golden); err != nil {
		return nil, err
	}
	return derive.ReadDesign(path)
}

// digest identifies a case.
func (c *Case) digest() ([sha256.Size]byte, error) {
	h := sha256.New()
	e := json.NewEncoder(h)
	for _, v := range []any{c.Net, c.Layers, c.Depths, c.Images} {
		if err := e.Encode(v); err != nil {
			return [sha256.Size]byte{}, err
		}
	}
	for i := range c.Net.Layers {
		if v := c.Net.Layers[i].Conv; v != nil {
			if err := e.Encode([]any{v.Weights, v.Bias}); err != nil {
				return [sha256.Size]byte{}, err
			}
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// String describes the size of the case.
func (c *Case) String() string {
	in := c.Net.Tensors[c.Net.Input]
	weights := 0
	for i := range c.Net.Layers {
		weights += c.Net.WeightCount(&c.Net.Layers[i])
	}
	return fmt.Sprintf("%s of %s from an input of %dx%dx%d, %s, %s", count(len(c.Images), "image"), count(len(c.Net.Layers), "layer"),
		in.H, in.W, in.C, count(weights, "weight"), count(len(c.Net.Outputs), "output"))
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// reference gives the integer network's value of every tensor, by image.
func (c *Case) reference() ([][][]int32, error) {
	x, err := intnet.New(c.Net)
	if err != nil {
		return nil, err
	}
	values := make([][][]int32, len(c.Images))
	for i, image := range c.Images {
		if _, err := x.Run(image); err != nil {
			return nil, err
		}
		for t := range c.Net.Tensors {
			values[i] = append(values[i], slices.Clone(x.Tensor(t)))
		}
	}
	return values, nil
}

// edit is a case under construction: a network that may be changed, with hardware by layer ID.
type edit struct {
	net    *intnet.Net
	hw     map[string]hw.Layer
	depths map[string]int
	images [][]int32
	facts  *design.Design
}

// edit copies the case.
func (c *Case) edit() *edit {
	e := &edit{net: cloneNet(c.Net), hw: make(map[string]hw.Layer, len(c.Layers)), depths: maps.Clone(c.Depths), facts: c.facts}
	for i, l := range c.Net.Layers {
		e.hw[l.ID] = c.Layers[i]
	}
	for _, x := range c.Images {
		e.images = append(e.images, slices.Clone(x))
	}
	return e
}

// done turns the edit into a case: shapes, parameters and hardware are made consistent again, and FIFOs keep their depths
// where the names are the same. An edit without a valid design is an error.
func (e *edit) done() (*Case, error) {
	if err := settle(e.net); err != nil {
		return nil, err
	}
	layers := fit(e.net, e.hw)
	c := &Case{Net: e.net, Layers: layers, Images: e.images, facts: e.facts, rule: design.EngineAuto}
	n, err := hw.Expand(c.Net, c.Layers, nil)
	if err != nil {
		return nil, err
	}
	c.Depths = make(map[string]int)
	for _, s := range n.Streams {
		if d, ok := e.depths[s.Name]; ok {
			c.Depths[s.Name] = d
		}
	}
	if n, err = hw.Expand(c.Net, c.Layers, c.Depths); err != nil {
		return nil, err
	}
	if _, err := live.Prove(n); err != nil {
		// A shortened or reshaped skip connection may need deeper FIFOs: a whole map is enough for most.
		for _, s := range n.Streams {
			if s.Join >= 0 {
				c.Depths[s.Name] = max(s.Depth, 3*s.Tokens+1)
			}
		}
	}
	if _, _, err := c.Design(); err != nil {
		return nil, err
	}
	return c, nil
}

// cloneNet copies everything that edits change.
func cloneNet(n *intnet.Net) *intnet.Net {
	m := *n
	m.Tensors, m.Outputs = slices.Clone(n.Tensors), slices.Clone(n.Outputs)
	m.Layers = slices.Clone(n.Layers)
	for i := range m.Layers {
		l := &m.Layers[i]
		l.In = slices.Clone(l.In)
		l.Conv, l.Pool, l.Act = cloned(l.Conv), cloned(l.Pool), cloned(l.Act)
		l.Resize, l.Moves = cloned(l.Resize), l.Moves.Clone()
		if c := l.Conv; c != nil {
			c.Weights, c.Bias = slices.Clone(c.Weights), slices.Clone(c.Bias)
			c.Shift, c.WeightFrac = slices.Clone(c.Shift), slices.Clone(c.WeightFrac)
			c.Mul, c.WeightStep, c.Thresholds = slices.Clone(c.Mul), slices.Clone(c.WeightStep), slices.Clone(c.Thresholds)
			for o := range c.Thresholds {
				c.Thresholds[o] = slices.Clone(c.Thresholds[o])
			}
		}
		if l.Act != nil {
			l.Act.Mul, l.Act.Table = slices.Clone(l.Act.Mul), slices.Clone(l.Act.Table)
		}
		if r := l.Resize; r != nil {
			for _, s := range []*intnet.Samples{&r.Rows, &r.Cols} {
				s.From, s.Weight = slices.Clone(s.From), slices.Clone(s.Weight)
			}
		}
	}
	return &m
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// simulate runs the case in the simulator as one call of the hardware.
func simulate(ctx context.Context, n *hw.Network, images [][]int32) (*hwsim.Result, error) {
	return hwsim.Run(ctx, n, images, hwsim.Options{Finite: true})
}
