package main

import (
	"fmt"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/quant"
	"hass/sparsity"
)

// This file holds what several subcommands do alike.

// modelInput is the graph's only input; a model with several has no data set
// format and no hardware.
func modelInput(g *graph.Graph, path string) (graph.Value, error) {
	if len(g.Inputs) != 1 {
		return graph.Value{}, fmt.Errorf("%s: the model has %d inputs; an image network has one", path, len(g.Inputs))
	}
	return g.Inputs[0], nil
}

// loadModel imports a model that the hardware can take. Everything that is missing is in one
// error, with the words of hass check.
func (e *env) loadModel(path string) (*graph.Graph, error) {
	return e.warned(path)(frontend.LoadBuildable(path))
}

// loadFloat imports a model that the float executor can run.
func (e *env) loadFloat(path string) (*graph.Graph, error) {
	return e.warned(path)(frontend.Load(path))
}

// warned passes a model on and prints the importer's warnings about it.
func (e *env) warned(path string) func(*graph.Graph, error) (*graph.Graph, error) {
	return func(g *graph.Graph, err error) (*graph.Graph, error) {
		if err == nil {
			e.warnOf(path, g.Warnings)
		}
		return g, err
	}
}

// warnOf prints warnings about a file.
func (e *env) warnOf(path string, warnings []string) {
	for _, w := range warnings {
		e.warn(path + ": " + w)
	}
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

// calibrated is a model with what a profile decided about it.
type calibrated struct {
	graph   *graph.Graph
	profile *sparsity.Profile
	bitmaps *sparsity.Bitmaps
	golden  *npy.Array
	net     *intnet.Net
	hash    string // SHA-256 of the profile file
}

// loadCalibrated reads a model as loadModel does and a profile made from it. A thresholds file, if not "", replaces the profile's thresholds
// and keeps its binary points.
func (e *env) loadCalibrated(model, profile, thresholds string) (*calibrated, error) {
	g, err := e.loadModel(model)
	if err != nil {
		return nil, err
	}
	m, err := sparsity.Read(profile)
	if err != nil {
		return nil, err
	}
	p := m.Profile
	hash, err := artifact.HashFile(model)
	if err != nil {
		return nil, err
	}
	if want := p.Inputs["model"]; hash != want {
		return nil, fmt.Errorf("%s was made from another model than %s (SHA-256 %.12s, not %.12s): run \"hass profile\" again", profile, model, want, hash)
	}
	if thresholds != "" {
		// The bitmaps no longer hold for other thresholds.
		m.Bitmaps = nil
		if err := prune(&p.Spec, g, thresholds); err != nil {
			return nil, err
		}
	}
	net, err := quant.Lower(g, &p.Spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", profile, err)
	}
	sum, err := artifact.HashFile(profile)
	if err != nil {
		return nil, err
	}
	return &calibrated{g, p, m.Bitmaps, m.Golden, net, sum}, nil
}

// prune replaces the thresholds of a spec.
func prune(spec *quant.Spec, g *graph.Graph, thresholds string) error {
	t, err := quant.LoadThresholds(thresholds)
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
