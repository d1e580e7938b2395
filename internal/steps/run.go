package steps

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/ident"
	"hass/internal/intnet"
	"hass/internal/npy"
)

// RunOptions are the options of Run.
type RunOptions struct {
	Model   string          // ONNX
	Input   string          // images: .npy float32, N x C x H x W, or N x H x W x C if the model declares its input so
	Output  string          // .npy to write; with several outputs one file for each: NAME.<output>.npy
	Shapes  frontend.Shapes // of inputs whose dimensions the model leaves open
	Profile string          // profile whose integer network is run; "" runs the float network
}

// RunResult lists the files that Run wrote.
type RunResult struct {
	Images  int         `json:"images"`
	Outputs []RunOutput `json:"outputs"` // in the model's order
}

// RunOutput is one output of the model.
type RunOutput struct {
	Name  string `json:"name"` // the model's name of it
	Path  string `json:"path"` // the file written
	Shape []int  `json:"shape"`
}

// Run evaluates a model on arrays. It evaluates all images first and then writes one file per output. It warns of
// values that are not finite.
func Run(ctx context.Context, o RunOptions, rep Reporter) (*RunResult, error) {
	if err := writable(o.Output, o.Model, o.Input, o.Profile); err != nil {
		return nil, err
	}
	var g *graph.Graph
	var cal *Calibrated
	var err error
	if o.Profile == "" {
		g, err = LoadFloat(o.Model, rep, o.Shapes)
	} else if cal, err = LoadCalibrated(CalibratedFiles{Model: o.Model, Profile: o.Profile, Shapes: o.Shapes}, rep); err == nil {
		g = cal.Graph
	}
	if err != nil {
		return nil, err
	}
	in, err := modelInput(g, o.Model)
	if err != nil {
		return nil, err
	}
	x, err := npy.Read(o.Input)
	if err != nil {
		return nil, err
	}
	if err := planes(x, in, rep); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Input, err)
	}
	elems, n := in.Shape.Elems(), x.Shape[0]
	image := func(i int) []float32 { return x.F32[i*elems : (i+1)*elems] }
	bar := rep.track(TaskRun)

	inputs := append(modelFiles(g), o.Input)
	if cal != nil {
		inputs = append(inputs, profileFiles(o.Profile, cal.Profile)...)
	}
	var names []string
	var shapes [][]int
	var data [][]float32
	take := func(i int, outs []*floatexec.Tensor[float32]) {
		for k, out := range outs {
			if i == 0 {
				shapes = append(shapes, out.Shape)
				data = append(data, nil)
			}
			data[k] = append(data[k], out.Data...)
		}
		bar(i+1, n)
	}
	if cal == nil {
		ex, err := floatexec.New(g)
		if err != nil {
			return nil, err
		}
		names = ex.Outputs()
		if err := apart(outputPaths(o.Output, names), inputs); err != nil {
			return nil, err
		}
		err = ex.RunMany(ctx, n, 0, func(i int, dst []float32) error { copy(dst, image(i)); return nil },
			func(i int, outs [][]float32) error {
				ts := make([]*floatexec.Tensor[float32], len(outs))
				for k, out := range outs {
					ts[k] = &floatexec.Tensor[float32]{Shape: ex.OutputShape(k), Data: out}
				}
				take(i, ts)
				return nil
			})
		if err != nil {
			return nil, err
		}
	} else {
		ex, err := intnet.New(cal.Net)
		if err != nil {
			return nil, err
		}
		for _, r := range cal.Net.Results {
			names = append(names, r.Name)
		}
		if err := apart(outputPaths(o.Output, names), inputs); err != nil {
			return nil, err
		}
		host, err := hosttail.New(cal.Net)
		if err != nil {
			return nil, err
		}
		err = intnet.RunMany(ctx, ex, n, 0,
			func(i int) ([]int32, error) {
				q, err := cal.Net.QuantizeInput(image(i))
				if err != nil {
					err = fmt.Errorf("%s: image %d: %w", o.Input, i, err)
				}
				return q, err
			},
			func(_ *intnet.Exec, outs [][]int32) ([]*floatexec.Tensor[float32], error) {
				return host.Results(outs)
			},
			func(i int, outs []*floatexec.Tensor[float32]) error { take(i, outs); return nil })
		if err != nil {
			return nil, err
		}
	}
	rep.warnNonFinite("input", in.Name, x.F32)
	ans := &RunResult{Images: n}
	var files []artifact.Output
	for k, path := range outputPaths(o.Output, names) {
		rep.warnNonFinite("output", names[k], data[k])
		shape := joined(n, shapes[k])
		files = append(files, artifact.Output{Path: path, Write: func(w io.Writer) error {
			return npy.Write(w, &npy.Array{DType: "float32", Shape: shape, F32: data[k]})
		}})
		ans.Outputs = append(ans.Outputs, RunOutput{names[k], path, shape})
	}
	if err := artifact.WriteFiles(ctx, files...); err != nil {
		return nil, err
	}
	return ans, nil
}

// planes checks that an array holds images for the input in, and converts images with the channels last, if the model declares
// its input so, to planes. If both layouts fit, images are taken as planes and a warning says so. Bytes are accepted for an
// input that the model declares as bytes.
func planes(x *npy.Array, in graph.Value, rep Reporter) error {
	if x.DType == "uint8" && in.Stored == "uint8" {
		x.DType, x.F32 = "float32", make([]float32, len(x.U8))
		for i, v := range x.U8 {
			x.F32[i] = float32(v)
		}
	}
	images := func(shape graph.Shape) bool {
		return x.DType == "float32" && len(x.Shape) == len(shape) && x.Shape[0] >= 1 && slices.Equal(x.Shape[1:], []int(shape[1:]))
	}
	asPlanes := images(in.Shape)
	if !in.ChannelsLast {
		if !asPlanes {
			return fmt.Errorf("%s %v; the model takes float32 N x %v", x.DType, x.Shape, in.Shape[1:])
		}
		return nil
	}
	c, px := in.Shape[1], in.Shape[2:].Elems()
	declared := slices.Concat(in.Shape[:1], in.Shape[2:], in.Shape[1:2])
	asDeclared := images(declared)
	switch {
	case asPlanes && asDeclared && c > 1 && px > 1:
		rep.warn(fmt.Sprintf("input %q: images of %v are read as channels, rows, columns, though the model declares rows, columns, channels: both fit", in.Name, x.Shape[1:]))
		return nil
	case asPlanes:
		return nil
	case !asDeclared:
		return fmt.Errorf("%s %v; the model takes float32 N x %v, or N x %v as it declares it", x.DType, x.Shape, in.Shape[1:], declared[1:])
	}
	moved := make([]float32, len(x.F32))
	for i := range moved { // image, channel, pixel
		pixel, ch, image := i%px, i/px%c, i/(px*c)
		moved[i] = x.F32[(image*px+pixel)*c+ch]
	}
	x.F32, x.Shape = moved, slices.Concat([]int{x.Shape[0]}, in.Shape[1:])
	return nil
}

// joined is the shape of the outputs of n images in one array, concatenated along the
// first axis. That axis is the batch in most models and 1 for one image. If it is not 1,
// as behind a Reshape to [C,H*W], n images have n times as many rows; ONNX Runtime does
// the same with a batch. A single number becomes one number per image.
func joined(n int, shape []int) []int {
	if len(shape) == 0 {
		return []int{n}
	}
	all := slices.Clone(shape)
	all[0] *= n
	return all
}

// warnNonFinite warns of arrays with values that are not finite, and gives their number.
func (r Reporter) warnNonFinite(what string, name string, data []float32) {
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
		r.warn(fmt.Sprintf("%s %q: %d of %d numbers are not finite: %d NaN, %d infinite", what, name, nan+inf, len(data), nan, inf))
	}
}

// outputPaths gives each output its file: the path itself if there is one output,
// otherwise the path with the sanitised output name before the extension.
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
