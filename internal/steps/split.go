package steps

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"hass/frontend"
	"hass/frontend/onnx"
	"hass/internal/artifact"
)

// SplitOptions are the options of Split.
type SplitOptions struct {
	Model  string          // ONNX
	Shapes frontend.Shapes // of inputs whose dimensions the model leaves open
	// At are nodes before which the model is cut; without any, it is cut where its hardware ends.
	At     []string
	Output string // folder
}

// SplitResult lists the models that Split wrote.
type SplitResult struct {
	Accelerator SplitPart  `json:"accelerator"`
	Tail        *SplitPart `json:"tail,omitempty"` // nil if nothing runs on the host
}

// SplitPart is one of the models.
type SplitPart struct {
	Path    string   `json:"path"`
	Inputs  []string `json:"inputs"`
	Outputs []string `json:"outputs"`
	Nodes   int      `json:"nodes"`
}

// Split writes a model as two: accelerator.onnx, and tail.onnx, which reads the outputs of the
// first.
func Split(ctx context.Context, o SplitOptions, rep Reporter) (*SplitResult, error) {
	var p *frontend.Parts
	var err error
	if len(o.At) == 0 {
		p, err = frontend.Split(o.Model, o.Shapes)
	} else {
		p, err = frontend.SplitAt(o.Model, o.At, o.Shapes)
	}
	if err != nil {
		return nil, err
	}
	parts := []struct {
		name  string
		model *onnx.Model
	}{{"accelerator.onnx", p.First}, {"tail.onnx", p.Second}}
	r := &SplitResult{}
	var files []artifact.Output
	var paths []string
	for _, part := range parts {
		path := filepath.Join(o.Output, part.name)
		if part.model == nil {
			rep.warn(o.Model + ": nothing runs on the host: there is no tail.onnx")
			continue
		}
		data, err := onnx.Encode(part.model)
		if err != nil {
			return nil, err
		}
		s := SplitPart{Path: path, Nodes: len(part.model.Graph.Nodes)}
		for _, v := range part.model.Graph.Inputs {
			s.Inputs = append(s.Inputs, v.Name)
		}
		for _, v := range part.model.Graph.Outputs {
			s.Outputs = append(s.Outputs, v.Name)
		}
		if r.Accelerator.Path == "" {
			r.Accelerator = s
		} else {
			r.Tail = &s
		}
		paths = append(paths, path)
		files = append(files, artifact.Output{Path: path, Write: func(w io.Writer) error { _, err := w.Write(data); return err }})
	}
	if err := os.MkdirAll(o.Output, 0o777); err != nil {
		return nil, err
	}
	if err := apart(paths, p.Files); err != nil {
		return nil, err
	}
	return r, artifact.WriteFiles(ctx, files...)
}
