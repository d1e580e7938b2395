package design

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"hass/internal/artifact"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/npy"
	"hass/internal/schedule"
)

// Bounds of a design read from a file, far above any real one.
const (
	maxPixels    = 64
	maxFIFODepth = 1 << 26
	maxGolden    = 1 << 30 // bytes
	maxMoreLines = 4       // line buffers may hold this multiple of the capacity for full rate
)

// Write writes the side files next to path, named <base>.weights.bin and
// <base>.golden.npy, records them in d, then writes d as JSON. golden holds
// quantised input images, int32 of shape N x H x W x C. The files appear together or not at
// all.
func Write(ctx context.Context, d *Design, path string, golden *npy.Array) error {
	if err := checkGolden(d.Net, golden); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	names := Files(path)
	return artifact.WriteFiles(ctx,
		artifact.Output{Path: names[1], Side: &d.Weights, Write: func(w io.Writer) error { return intnet.WriteWeights(w, d.Net) }},
		artifact.Output{Path: names[2], Side: &d.Golden, Write: func(w io.Writer) error { return npy.Write(w, golden) }},
		artifact.Output{Path: path, Write: func(w io.Writer) error { return artifact.Encode(w, d) }})
}

// Text is the design as Write writes it: equal designs have equal text, whatever the order
// and white space of the file from which they were read.
func (d *Design) Text() ([]byte, error) {
	var b bytes.Buffer
	err := artifact.Encode(&b, d)
	return b.Bytes(), err
}

// Files are the files that Write writes: path and its side files.
func Files(path string) []string {
	base := strings.TrimSuffix(path, ".json")
	return []string{path, base + ".weights.bin", base + ".golden.npy"}
}

// Read reads a design and its weights. It checks the schema, the side files, the network, that every layer's hardware fits
// it, and that the FIFOs are the network's. Its errors name the file and the field. derive.ReadDesign also computes the
// derived fields again.
func Read(path string) (*Design, error) {
	d := &Design{}
	if err := artifact.ReadJSON(path, Schema, Version, d); err != nil {
		return nil, err
	}
	if err := d.checkNet(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	dir := filepath.Dir(path)
	data, err := d.Weights.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := intnet.ReadWeights(bytes.NewReader(data), d.Net); err != nil {
		return nil, fmt.Errorf("%s: side file %s: %w", path, d.Weights.Path, err)
	}
	if err := d.Check(); err != nil { // with the weights, because the rows of scheduled engines follow from them
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := d.ReadGolden(dir); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// ReadGolden reads the quantised input images of a design whose file is in dir: int32 of
// shape N x H x W x C.
func (d *Design) ReadGolden(dir string) (*npy.Array, error) {
	if d.Golden.Bytes > maxGolden {
		return nil, fmt.Errorf("side file %s: %d bytes, the limit is %d", d.Golden.Path, d.Golden.Bytes, maxGolden)
	}
	f, err := d.Golden.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a, err := npy.Decode(f, d.Golden.Bytes)
	if err == nil {
		err = checkGolden(d.Net, a)
	}
	if err != nil {
		return nil, fmt.Errorf("side file %s: %w", d.Golden.Path, err)
	}
	return a, nil
}

// GoldenImages are the images of ReadGolden one by one, at least two: one image cannot
// reveal state that it leaves behind.
func (d *Design) GoldenImages(dir string) ([][]int32, error) {
	a, err := d.ReadGolden(dir)
	if err != nil {
		return nil, err
	}
	n := a.Shape[0]
	if n < 2 {
		return nil, fmt.Errorf("side file %s: %d golden image, at least two different ones are needed", d.Golden.Path, n)
	}
	size := len(a.I32) / n
	images := make([][]int32, n)
	for i := range images {
		images[i] = a.I32[i*size : (i+1)*size]
	}
	return images, nil
}

// checkGolden verifies type, shape and range of golden images.
func checkGolden(net *intnet.Net, a *npy.Array) error {
	in := net.Tensors[net.Input]
	if a == nil || a.DType != "int32" || len(a.Shape) != 4 || a.Shape[0] < 1 || a.Shape[1] != in.H || a.Shape[2] != in.W || a.Shape[3] != in.C {
		return fmt.Errorf("golden images must be int32 of shape N x %d x %d x %d, N at least 1", in.H, in.W, in.C)
	}
	lo, hi := in.Format.Min(), in.Format.Max()
	for i, v := range a.I32 {
		if int64(v) < lo || int64(v) > hi {
			return fmt.Errorf("golden images: element %d is %d, outside %v", i, v, in.Format)
		}
	}
	return nil
}

// checkNet validates the network, without its weights.
func (d *Design) checkNet() error {
	if d.Net == nil {
		return errors.New("the design has no network")
	}
	return d.Net.Validate()
}

// Check validates everything but the side files. The network must have its weights if layers have scheduled engines.
func (d *Design) Check() error {
	if err := d.checkNet(); err != nil {
		return err
	}
	if len(d.Layers) != len(d.Net.Layers) {
		return fmt.Errorf("hardware for %d layers, the network has %d", len(d.Layers), len(d.Net.Layers))
	}
	for i, l := range d.Layers {
		if err := checkHardware(d.Net, i, l); err != nil {
			return fmt.Errorf("layer %s: %w", d.Net.Layers[i].ID, err)
		}
	}
	seen := make(map[string]bool, len(d.FIFOs))
	for _, f := range d.FIFOs {
		switch {
		case seen[f.Name]:
			return fmt.Errorf("FIFO %.60q is listed twice", f.Name)
		case f.Memory != memory.LUTRAM && f.Memory != memory.BRAM:
			return fmt.Errorf("FIFO %.60q: memory %v; want lutram or bram", f.Name, f.Memory)
		case f.Depth < 1 || f.Depth > maxFIFODepth || f.Minimum < 0:
			return fmt.Errorf("FIFO %.60q: depth %d, minimum %d; want a depth of 1..%d", f.Name, f.Depth, f.Minimum, maxFIFODepth)
		}
		seen[f.Name] = true
	}
	if _, err := limits.ParseTarget(string(d.Target)); err != nil {
		return err
	}
	n, err := d.Network()
	if err != nil {
		return err
	}
	if b := limits.Check(n, d.Target); b != nil {
		return fmt.Errorf("the design is for target %s and breaks a limit: %w", d.Target, b)
	}
	if len(n.Streams) != len(d.FIFOs) {
		return fmt.Errorf("%d FIFOs are listed, the network has %d", len(d.FIFOs), len(n.Streams))
	}
	for i, s := range n.Streams {
		if d.FIFOs[i].Name != s.Name || d.FIFOs[i].Width != s.Width() {
			return fmt.Errorf("FIFO %d is %.60q of %d bits; the network has %s of %d bits there", i, d.FIFOs[i].Name, d.FIFOs[i].Width, s.Name, s.Width())
		}
	}
	return d.checkFacts()
}

// checkFacts validates the fields around the network.
func (d *Design) checkFacts() error {
	if err := d.CheckInputs(); err != nil {
		return err
	}
	if err := d.Clock.Check(); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
	}
	if d.Part == "" || len(d.Part) > 200 || strings.ContainsFunc(d.Part, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("part %.60q is not a part number", d.Part)
	}
	if err := CheckBoard(d.Board); err != nil {
		return fmt.Errorf("board: %w", err)
	}
	pp, ch := d.Preproc, d.Net.Tensors[d.Net.Input].C
	if !(pp.Divisor > 0) || math.IsInf(pp.Divisor, 0) || len(pp.Mean) != ch || len(pp.Std) != ch {
		return fmt.Errorf("preproc: divisor %v with %d means and %d deviations for %d channels", pp.Divisor, len(pp.Mean), len(pp.Std), ch)
	}
	for i := range pp.Std {
		if !(pp.Std[i] > 0) || math.IsInf(pp.Std[i], 0) || math.IsNaN(pp.Mean[i]) || math.IsInf(pp.Mean[i], 0) {
			return fmt.Errorf("preproc: mean %v and deviation %v of channel %d", pp.Mean[i], pp.Std[i], i)
		}
	}
	if len(d.Costs) != len(d.Net.Layers)+2 {
		return fmt.Errorf("%d costs for %d layers, fifos and io", len(d.Costs), len(d.Net.Layers))
	}
	if err := d.Links.Check(); err != nil {
		return fmt.Errorf("links: %w", err)
	}
	if err := d.checkRegions(); err != nil {
		return err
	}
	return d.UsableShare.Validate()
}

// checkBuffer validates the memory of a layer's buffer.
func checkBuffer(net *intnet.Net, l *intnet.Layer, h hw.Layer) error {
	switch has := hw.HasBuffer(net, l); {
	case !has && h.BufferMem != memory.None:
		return fmt.Errorf("buffer_mem %v; a layer of kind %s has no buffer here", h.BufferMem, l.Kind)
	case has && h.BufferMem != memory.LUTRAM && h.BufferMem != memory.BRAM:
		return fmt.Errorf("buffer_mem %v; want lutram or bram", h.BufferMem)
	}
	return nil
}

// checkHardware bounds the numbers of one layer, so that hw.Expand cannot overflow or
// allocate too much; hw.Expand checks whether they fit the layer.
func checkHardware(net *intnet.Net, i int, l hw.Layer) error {
	if l.InPx < 1 || l.InPx > maxPixels || l.OutPx < 1 || l.OutPx > maxPixels {
		return fmt.Errorf("in_px %d, out_px %d; want 1..%d", l.InPx, l.OutPx, maxPixels)
	}
	in, out, most := net.Tensors[net.Layers[i].In[0]], net.Tensors[net.Layers[i].Out], 0 // channels of any input
	for _, t := range net.Layers[i].In {
		most = max(most, net.Tensors[t].C)
	}
	if l.InCh < 1 || l.InCh > most || l.OutCh < 1 || l.OutCh > out.C {
		return fmt.Errorf("in_ch %d, out_ch %d; the layer has %d and %d channels", l.InCh, l.OutCh, most, out.C)
	}
	if err := checkBuffer(net, &net.Layers[i], l); err != nil {
		return err
	}
	kind := net.Layers[i].Kind
	if kind != intnet.KindConv && kind != intnet.KindPool {
		return nil
	}
	if l.MTap < 1 || l.MTap > intnet.MaxDim || l.MCh < 1 || l.MCh > in.C {
		return fmt.Errorf("m_tap %d, m_ch %d", l.MTap, l.MCh)
	}
	if l.LinePixels < 1 || l.LinePixels > maxMoreLines*(in.H+out.H+2)*(in.W+maxPixels)*2 {
		return fmt.Errorf("line_pixels %d for a map of %d x %d", l.LinePixels, in.H, in.W)
	}
	if kind == intnet.KindPool {
		return nil
	}
	if l.WeightMem == memory.None {
		return errors.New("weight_mem is missing; want lutram, bram or uram")
	}
	switch lanes := l.MTap * l.MCh; {
	case l.ChainCount() > 0: // N banks
		if l.N < 1 || l.N > schedule.MaxBanks {
			return fmt.Errorf("n %d; want 1..%d banks", l.N, schedule.MaxBanks)
		}
	case l.N < 1 || l.N > lanes:
		return fmt.Errorf("n %d for beats of %d lanes", l.N, lanes)
	}
	if l.GangDepth > maxFIFODepth {
		return fmt.Errorf("gang_depth %d", l.GangDepth)
	}
	return nil
}
