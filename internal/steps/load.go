package steps

import (
	"fmt"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/sparsity"
)

// Load imports a model that has hardware. Otherwise one error lists everything
// that is missing, in the words of Check.
func Load(path string, rep Reporter, shapes ...frontend.Shapes) (*graph.Graph, error) {
	return warned(path, rep)(frontend.LoadBuildable(path, shapes...))
}

// loadAs is Load with the model's own quantisers treated as q says; float is the
// model with its quantisers.
func loadAs(path string, q quant.Quantisers, rep Reporter, shapes ...frontend.Shapes) (float, g *graph.Graph, err error) {
	if q == quant.Kept {
		g, err = Load(path, rep, shapes...)
		return g, g, err
	}
	if float, err = LoadFloat(path, rep, shapes...); err != nil {
		return nil, nil, err
	}
	if g, err = q.Of(float); err != nil {
		return nil, nil, err
	}
	if err := quant.Buildable(g); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return float, g, nil
}

// LoadFloat imports a model that the float executor can run.
func LoadFloat(path string, rep Reporter, shapes ...frontend.Shapes) (*graph.Graph, error) {
	return warned(path, rep)(frontend.Load(path, shapes...))
}

// warned passes on a model and reports the importer's warnings about it.
func warned(path string, rep Reporter) func(*graph.Graph, error) (*graph.Graph, error) {
	return func(g *graph.Graph, err error) (*graph.Graph, error) {
		if err == nil {
			rep.warnOf(path, g.Warnings)
		}
		return g, err
	}
}

// modelInput is the graph's only input. A model with several inputs is
// refused: there is no data set format and no hardware for it.
func modelInput(g *graph.Graph, path string) (graph.Value, error) {
	if len(g.Inputs) != 1 {
		return graph.Value{}, fmt.Errorf("%s: the model has %d inputs; an image network has one", path, len(g.Inputs))
	}
	return g.Inputs[0], nil
}

// openSet opens a data set and checks that its images fit the model.
func openSet(path string, g *graph.Graph, model string) (*dataset.Set, error) {
	in, err := modelInput(g, model)
	if err != nil {
		return nil, err
	}
	set, err := dataset.Open(path)
	if err != nil {
		return nil, err
	}
	return set, set.Check(in.Shape)
}

// first cuts a set to the n images that an option asks for; 0 takes all, and
// more than the set has is an error.
func first(set *dataset.Set, option string, n int) (*dataset.Set, error) {
	if n > set.Len() {
		return nil, fmt.Errorf("%s: %d images, but %s asks for %d", set.Path, set.Len(), option, n)
	}
	return set.Limit(n), nil
}

// simulated is the number of images that the simulator takes by default.
const simulated = 8

// firstSimulated is first for the simulator: without a number it takes a few
// images, or all of a smaller set, and says so in a note.
func firstSimulated(set *dataset.Set, n int, rep Reporter) (*dataset.Set, error) {
	if n == 0 && set.Len() < simulated {
		rep.warn(fmt.Sprintf("%s: %d images are simulated, all of the set, not %d as usual", set.Path, set.Len(), simulated))
		return set, nil
	}
	if n == 0 {
		n = simulated
	}
	return first(set, "--images", n)
}

// CalibratedFiles name the files of a model and its profile.
type CalibratedFiles struct {
	Model   string // ONNX
	Profile string // made from the model
	// Shapes are sizes of inputs that the model leaves open, in addition to
	// those in the profile.
	Shapes frontend.Shapes
	// Thresholds, if not "", is a thresholds file that replaces the profile's
	// thresholds but not its binary points.
	Thresholds string
}

// Calibrated is a model together with its profile.
type Calibrated struct {
	Graph   *graph.Graph // the graph that was profiled
	Float   *graph.Graph // the given model: equal to Graph unless the profile drops the model's quantisers
	Profile *sparsity.Profile
	Bitmaps *sparsity.Bitmaps // nil with a thresholds file: the profile's bitmaps are only valid for its own thresholds
	Golden  *npy.Array        // the profile's golden images
	Net     *intnet.Net
	Hash    string // SHA-256 of the profile file
}

// LoadCalibrated reads a model, as Load does, and its profile.
func LoadCalibrated(f CalibratedFiles, rep Reporter) (*Calibrated, error) {
	m, err := sparsity.Read(f.Profile)
	if err != nil {
		if _, merr := Load(f.Model, rep, f.Shapes); merr != nil {
			return nil, merr // a model without hardware has no profile either
		}
		return nil, err
	}
	p := m.Profile
	float, g, err := loadAs(f.Model, p.Spec.Quantisers, rep, p.InputShapes, f.Shapes)
	if err != nil {
		return nil, err
	}
	hash, err := artifact.HashFile(f.Model)
	if err != nil {
		return nil, err
	}
	if want := p.Inputs["model"]; hash != want {
		return nil, fmt.Errorf("%s was made from another model than %s (SHA-256 %.12s, not %.12s): run \"hass profile\" again", f.Profile, f.Model, want, hash)
	}
	if f.Thresholds != "" {
		m.Bitmaps = nil
		if err := prune(&p.Spec, g, f.Thresholds); err != nil {
			return nil, err
		}
	}
	net, err := quant.Lower(g, &p.Spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Profile, err)
	}
	sum, err := artifact.HashFile(f.Profile)
	if err != nil {
		return nil, err
	}
	return &Calibrated{g, float, p, m.Bitmaps, m.Golden, net, sum}, nil
}

// prune replaces the thresholds of a spec.
func prune(spec *quant.Spec, g *graph.Graph, thresholds string) error {
	t, err := settings.LoadThresholds(thresholds)
	if err != nil {
		return err
	}
	taus, err := t.Resolve(g)
	if err != nil {
		return fmt.Errorf("%s: %w", thresholds, err)
	}
	for name, c := range spec.Convs {
		c.TauW, c.TauA = taus[name].W, taus[name].A
		spec.Convs[name] = c
	}
	return nil
}

// images quantises image i of a set for a network.
func images(net *intnet.Net, set *dataset.Set) func(i int) ([]int32, error) {
	elems := set.H * set.W * set.C
	return func(i int) ([]int32, error) {
		x := make([]float32, elems)
		if err := set.Float(i, x); err != nil {
			return nil, err
		}
		return net.QuantizeInput(x)
	}
}
