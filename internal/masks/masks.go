// Package masks keeps which weights of a pruned network are 0, and its thresholds on activations, for a training elsewhere, and checks a
// network that comes back from one.
//
// A file of masks is an .npz archive of NumPy: for every convolution an array under its name, uint8 in the shape of its weights, 0 where
// the weight is to stay 0 and 1 elsewhere; for one that reads activations through a threshold also its name with TauSuffix, a float32.
// It never changes weights.
package masks

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"hass/internal/graph"
	"hass/internal/npy"
)

// TauSuffix ends the name of a threshold on activations.
const TauSuffix = ".tau_a"

// Bounds of a file that is read.
const (
	maxArrays = 1 << 14
	maxBytes  = 1 << 31 // of all arrays together, uncompressed
)

// Layer is the mask of one convolution.
type Layer struct {
	Name  string
	Shape []int   // of its weights
	Keep  []uint8 // by weight: 0 is to stay 0
	TauA  float32 // inputs of less magnitude are read as 0; 0 is no threshold
}

// Zeros is the number of weights that are to stay 0.
func (l *Layer) Zeros() int {
	n := 0
	for _, k := range l.Keep {
		if k == 0 {
			n++
		}
	}
	return n
}

// Of gives the masks of a network's convolutions, in its order: what is 0 now is to stay 0.
func Of(g *graph.Graph) []Layer {
	made := g.Producers()
	var list []Layer
	for _, n := range g.Nodes {
		if !graph.Convolves(n.Op) {
			continue
		}
		w := g.Consts[n.Inputs[1]]
		if w == nil {
			continue
		}
		l := Layer{Name: n.Name, Shape: slices.Clone(w.Shape), Keep: make([]uint8, len(w.F))}
		for i, v := range w.F {
			if v != 0 {
				l.Keep[i] = 1
			}
		}
		if p := made[n.Inputs[0]]; p != nil {
			if a, ok := p.Op.(graph.Activation); ok && a.Fn == graph.ActThreshold {
				l.TauA = ceil(a.Alpha)
			}
		}
		list = append(list, l)
	}
	return list
}

// ceil is the least float32 of at least v: thresholds at it and at v read the same float32 values as 0, and ONNX keeps it.
func ceil(v float64) float32 {
	f := float32(v)
	if float64(f) < v {
		f = math.Nextafter32(f, float32(math.Inf(1)))
	}
	return f
}

// Write writes masks. The same masks give the same bytes.
func Write(w io.Writer, list []Layer) error {
	z := zip.NewWriter(w)
	put := func(name string, a *npy.Array) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Deflate})
		if err != nil {
			return err
		}
		return npy.Write(f, a)
	}
	for i := range list {
		l := &list[i]
		if err := put(l.Name, &npy.Array{DType: "uint8", Shape: l.Shape, U8: l.Keep}); err != nil {
			return err
		}
		if l.TauA == 0 {
			continue
		}
		if err := put(l.Name+TauSuffix, &npy.Array{DType: "float32", Shape: []int{1}, F32: []float32{l.TauA}}); err != nil {
			return err
		}
	}
	return z.Close()
}

// Read reads a file of masks.
func Read(path string) ([]Layer, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is no file of masks (.npz)", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := read(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func read(r io.ReaderAt, size int64) ([]Layer, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, errors.New("is no .npz archive; \"hass prune --masks\" and numpy.savez write some")
	}
	if len(z.File) > maxArrays {
		return nil, fmt.Errorf("%d arrays; at most %d are read", len(z.File), maxArrays)
	}
	var list []Layer
	taus := map[string]float32{}
	left := uint64(maxBytes)
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || f.UncompressedSize64 > left {
			return nil, fmt.Errorf("%.80q: want arrays (.npy) of at most %d bytes together", f.Name, uint64(maxBytes))
		}
		left -= f.UncompressedSize64
		a, err := decode(f)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", f.Name, err)
		}
		layer, tau := strings.CutSuffix(name, TauSuffix)
		switch {
		case tau && a.DType == "float32" && a.Len() == 1 && a.F32[0] > 0 && !math.IsInf(float64(a.F32[0]), 0):
			taus[layer] = a.F32[0]
		case tau:
			return nil, fmt.Errorf("%.80q: want one float32 above 0", f.Name)
		case a.DType != "uint8":
			return nil, fmt.Errorf("%.80q: its elements are %s; want uint8, 0 where a weight stays 0", f.Name, a.DType)
		case slices.ContainsFunc(list, func(l Layer) bool { return l.Name == layer }):
			return nil, fmt.Errorf("%.80q: stands twice in the archive", f.Name)
		default:
			list = append(list, Layer{Name: layer, Shape: a.Shape, Keep: a.U8})
		}
	}
	for i := range list {
		list[i].TauA = taus[list[i].Name]
		delete(taus, list[i].Name)
	}
	for name := range taus {
		return nil, fmt.Errorf("a threshold of layer %.80q, which has no mask", name)
	}
	return list, nil
}

func decode(f *zip.File) (*npy.Array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return npy.Decode(r, int64(f.UncompressedSize64))
}

// Result is the outcome of Check.
type Result struct {
	Layers     int `json:"layers"`     // with a mask
	Zeros      int `json:"zeros"`      // weights that are 0 as their mask wants
	More       int `json:"more"`       // further weights that are 0
	Thresholds int `json:"thresholds"` // on activations, unchanged
	// Broken are sentences about what differs from the masks.
	Broken []string `json:"broken,omitempty"`
}

// Check compares a network with masks: every masked weight must be 0, and every threshold as it was. Then the zeros that hardware skips,
// and the banks in which a scheduled engine keeps the other weights, can be those of the pruned network.
func Check(list []Layer, g *graph.Graph) *Result {
	r := &Result{Layers: len(list)}
	now := map[string]*Layer{}
	own := Of(g)
	for i := range own {
		now[own[i].Name] = &own[i]
	}
	for _, l := range list {
		n := now[l.Name]
		if n == nil {
			r.Broken = append(r.Broken, fmt.Sprintf("layer %.60q: the model has no such convolution", l.Name))
			continue
		}
		if !slices.Equal(n.Shape, l.Shape) {
			r.Broken = append(r.Broken, fmt.Sprintf("layer %.60q: its weights are %v, its mask is %v", l.Name, n.Shape, l.Shape))
			continue
		}
		refilled := 0
		for i, k := range l.Keep {
			switch {
			case k == 0 && n.Keep[i] == 0:
				r.Zeros++
			case k == 0:
				refilled++
			case n.Keep[i] == 0:
				r.More++
			}
		}
		if refilled > 0 {
			r.Broken = append(r.Broken, fmt.Sprintf("layer %.60q: %d of %d masked weights are not 0; multiply the weights by the mask after every step of the training", l.Name, refilled, l.Zeros()))
		}
		switch {
		case n.TauA != l.TauA:
			r.Broken = append(r.Broken, fmt.Sprintf("layer %.60q: the threshold on its activations is %g, not %g", l.Name, n.TauA, l.TauA))
		case l.TauA != 0:
			r.Thresholds++
		}
	}
	return r
}
