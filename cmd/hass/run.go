package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"hass/internal/artifact"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/ident"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/quant"
)

// runCmd evaluates a model on arrays.
type runCmd struct {
	Model   string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Input   string `required:"" help:"Input images: .npy float32, N x C x H x W." type:"path"`
	Output  string `required:"" help:"Output .npy (float32), images joined along the first axis. With several outputs, one file each: NAME.<output>.npy." type:"path"`
	Profile string `help:"Run the integer network of this profile instead of float." type:"path"`
	JSON    bool   `help:"Print what was written as JSON."`
}

// runAnswer is the JSON answer.
type runAnswer struct {
	artifact.Header
	Images  int         `json:"images"`
	Outputs []runOutput `json:"outputs"` // in the model's order
}

type runOutput struct {
	Name  string `json:"name"` // the model's
	Path  string `json:"path"` // the file written
	Shape []int  `json:"shape"`
}

// Help is the example shown by --help.
func (runCmd) Help() string {
	return "Example:\n  hass run model.onnx --input x.npy --output y.npy\n  hass run model.onnx --profile profile.json --input x.npy --output y.npy"
}

// Run evaluates all images, then writes one file per output.
func (c runCmd) Run(e *env) error {
	if err := writable(c.Output, c.Model, c.Input, c.Profile); err != nil {
		return err
	}
	var g *graph.Graph
	var cal *calibrated
	var err error
	if c.Profile == "" {
		g, err = e.loadFloat(c.Model)
	} else if cal, err = e.loadCalibrated(c.Model, c.Profile, ""); err == nil {
		g = cal.graph
	}
	if err != nil {
		return err
	}
	in, err := modelInput(g, c.Model)
	if err != nil {
		return err
	}
	x, err := npy.Read(c.Input)
	if err != nil {
		return err
	}
	elems := in.Shape.Elems()
	if x.DType != "float32" || len(x.Shape) != len(in.Shape) || x.Shape[0] < 1 || !slices.Equal(x.Shape[1:], []int(in.Shape[1:])) {
		return fmt.Errorf("%s: %s %v; the model takes float32 N x %v", c.Input, x.DType, x.Shape, in.Shape[1:])
	}
	n := x.Shape[0]
	image := func(i int) []float32 { return x.F32[i*elems : (i+1)*elems] }
	bar := e.progress("run")

	inputs := append(modelFiles(g), c.Input)
	if cal != nil {
		inputs = append(inputs, profileFiles(c.Profile, cal.profile)...)
	}
	var names []string
	var shapes [][]int
	var data [][]float32
	take := func(i int, outs []*floatexec.Tensor[float32]) {
		for k, o := range outs {
			if i == 0 {
				shapes = append(shapes, o.Shape)
				data = append(data, nil)
			}
			data[k] = append(data[k], o.Data...)
		}
		bar(i+1, n)
	}
	if cal == nil {
		ex, err := floatexec.New(g)
		if err != nil {
			return err
		}
		names = ex.Outputs()
		if err := apart(outputPaths(c.Output, names), inputs); err != nil {
			return err
		}
		err = ex.RunMany(e.ctx, n, 0, func(i int, dst []float32) error { copy(dst, image(i)); return nil },
			func(i int, outs [][]float32) error {
				ts := make([]*floatexec.Tensor[float32], len(outs))
				for k, o := range outs {
					ts[k] = &floatexec.Tensor[float32]{Shape: ex.OutputShape(k), Data: o}
				}
				take(i, ts)
				return nil
			})
		if err != nil {
			return err
		}
	} else {
		ex, err := intnet.New(cal.net)
		if err != nil {
			return err
		}
		for _, r := range cal.net.Results {
			names = append(names, r.Name)
		}
		if err := apart(outputPaths(c.Output, names), inputs); err != nil {
			return err
		}
		err = intnet.RunMany(e.ctx, ex, n, 0,
			func(i int) ([]int32, error) {
				q, err := cal.net.QuantizeInput(image(i))
				if err != nil {
					err = fmt.Errorf("%s: image %d: %w", c.Input, i, err)
				}
				return q, err
			},
			func(_ *intnet.Exec, outs [][]int32) ([]*floatexec.Tensor[float32], error) {
				return quant.Results(cal.net, outs)
			},
			func(i int, outs []*floatexec.Tensor[float32]) error { take(i, outs); return nil })
		if err != nil {
			return err
		}
	}
	e.warnNonFinite("input", in.Name, x.F32)
	ans := runAnswer{Images: n}
	var files []artifact.Output
	for k, path := range outputPaths(c.Output, names) {
		e.warnNonFinite("output", names[k], data[k])
		shape := joined(n, shapes[k])
		files = append(files, artifact.Output{Path: path, Write: func(w io.Writer) error {
			return npy.Write(w, &npy.Array{DType: "float32", Shape: shape, F32: data[k]})
		}})
		ans.Outputs = append(ans.Outputs, runOutput{names[k], path, shape})
	}
	if err := artifact.WriteFiles(e.ctx, files...); err != nil {
		return err
	}
	for _, o := range ans.Outputs {
		if c.JSON {
			break
		}
		if _, err := fmt.Fprintf(e.stdout, "%s: %v\n", o.Path, o.Shape); err != nil {
			return err
		}
	}
	if !c.JSON {
		return nil
	}
	if ans.Header, err = answer("hass.run", input{"model", c.Model}, input{"input", c.Input}, input{"profile", c.Profile}); err != nil {
		return err
	}
	return artifact.Encode(e.stdout, ans)
}

// joined is the shape of the outputs of n images in one array: one after the other
// along the first axis, which is the batch of most models and 1 for one image. Where it
// is another one, as behind a Reshape to [C,H*W], n images have n times as many rows: so
// ONNX Runtime has it for a batch. A single number becomes one number an image.
func joined(n int, shape []int) []int {
	if len(shape) == 0 {
		return []int{n}
	}
	all := slices.Clone(shape)
	all[0] *= n
	return all
}

// warnNonFinite says which of some arrays hold numbers that are not finite, and how many.
func (e *env) warnNonFinite(what string, name string, data []float32) {
	var nan, inf int
	for _, v := range data {
		switch {
		case v != v:
			nan++
		case math.IsInf(float64(v), 0):
			inf++
		}
	}
	if nan+inf > 0 {
		e.warn(fmt.Sprintf("%s %q: %d of %d numbers are not finite: %d NaN, %d infinite", what, name, nan+inf, len(data), nan, inf))
	}
}

// outputPaths gives each output its file: the path itself if there is one output,
// else with the sanitised output name before the extension.
func outputPaths(path string, names []string) []string {
	if len(names) == 1 {
		return []string{path}
	}
	var ids ident.Namer
	ext := filepath.Ext(path)
	var paths []string
	for _, n := range names {
		paths = append(paths, strings.TrimSuffix(path, ext)+"."+ids.Name(n, "output")+ext)
	}
	return paths
}
