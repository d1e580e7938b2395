package rundir

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/report"
	"hass/internal/userfile"
	"hass/optimizer/derive"
	"hass/optimizer/search"
	"hass/sparsity"
)

// The artefacts that a report can have, in the order of a page.
const (
	designFile     = "design.json"
	profileFile    = "profile.json"
	simulationFile = "simulation.json"
	summaryFile    = "summary.json"
)

// ReportFile is the page in a run folder.
const ReportFile = "report.html"

// reportSchemas are the schemas of those artefacts.
var reportSchemas = []struct{ file, schema string }{
	{designFile, design.Schema}, {profileFile, sparsity.ProfileSchema}, {simulationFile, SimulationSchema}, {summaryFile, SummarySchema},
}

// Run are the artefacts of a run; absent ones are nil.
type Run struct {
	name string // of the folder, or of the folder of the first file
	from map[string]source

	Design     *design.Design
	Profile    *sparsity.Profile
	Simulation *Simulation
	Summary    *Summary
	Search     *search.Result
}

// source is where an artefact was read, and its hash.
type source struct{ path, hash string }

// Label tells two runs apart.
func (r *Run) Label(i int) string {
	side := []string{"A", "B"}[i]
	if r.name == "" || r.name == "." || r.name == string(filepath.Separator) {
		return side
	}
	return side + ": " + r.name
}

// Read reads the runs that paths name, and lists the files that were read.
func Read(ctx context.Context, paths []string) (runs []*Run, read []string, err error) {
	var single *Run // of artefacts one by one
	begin := func(dir string) *Run {
		r := &Run{name: filepath.Base(dir), from: map[string]source{}}
		runs = append(runs, r)
		return r
	}
	for _, path := range paths {
		st, err := os.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		if !st.IsDir() {
			file, err := kindOf(path)
			if err != nil {
				return nil, nil, err
			}
			if single == nil || single.from[file].path != "" {
				single = begin(filepath.Dir(path))
			}
			single.from[file] = source{path: path}
			read = append(read, path)
			continue
		}
		r := begin(path)
		for _, s := range reportSchemas {
			in := filepath.Join(path, s.file)
			if _, err := os.Stat(in); err == nil {
				r.from[s.file] = source{path: in}
				read = append(read, in)
			}
		}
		if in := filepath.Join(path, SearchFile); isStudy(in) {
			r.from[SearchFile] = source{path: in}
			read = append(read, in)
		}
		if len(r.from) == 0 {
			return nil, nil, fmt.Errorf("%s: is no run folder: it has neither design.json nor profile.json, simulation.json, summary.json, search.db; hass build writes all of them", path)
		}
	}
	for _, r := range runs {
		if err := r.read(ctx); err != nil {
			return nil, nil, err
		}
	}
	return runs, read, nil
}

// maxJSON bounds an artefact in bytes before its schema is known.
const maxJSON = 256 << 20

// kindOf is the artefact that a file is, by its schema.
func kindOf(path string) (string, error) {
	if isStudy(path) {
		return SearchFile, nil
	}
	data, err := userfile.Read(path, maxJSON)
	if err != nil {
		return "", err
	}
	var h struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return "", fmt.Errorf("%s: is no artefact of hass: %w", path, err)
	}
	for _, s := range reportSchemas {
		if s.schema == h.Schema {
			return s.file, nil
		}
	}
	return "", fmt.Errorf("%s: a report is made of a run folder, or of design.json, profile.json, simulation.json, summary.json and search.db; this file has the schema %.60q", path, h.Schema)
}

// read reads the artefacts that were found, and checks that they belong together.
func (r *Run) read(ctx context.Context) (err error) {
	for _, s := range reportSchemas {
		f, ok := r.from[s.file]
		if !ok {
			continue
		}
		switch s.file {
		case designFile:
			r.Design, err = derive.ReadDesign(f.path)
		case profileFile:
			r.Profile = new(sparsity.Profile)
			err = artifact.ReadJSON(f.path, sparsity.ProfileSchema, sparsity.ProfileVersion, r.Profile)
		case simulationFile:
			r.Simulation = new(Simulation)
			err = artifact.ReadJSON(f.path, SimulationSchema, SimulationVersion, r.Simulation)
			if frame := r.Simulation.Frame; err == nil && frame != nil {
				if err = frame.Check(); err != nil {
					err = fmt.Errorf("%s: frame: %w; simulate again", f.path, err)
				}
			}
			if cycle := r.Simulation.Critical; err == nil && cycle != nil {
				if err = cycle.Check(); err != nil {
					err = fmt.Errorf("%s: critical_cycle: %w; simulate again", f.path, err)
				}
			}
		case summaryFile:
			r.Summary = new(Summary)
			err = artifact.ReadJSON(f.path, SummarySchema, SummaryVersion, r.Summary)
		}
		if err != nil {
			return err
		}
		if f.hash, err = artifact.HashFile(f.path); err != nil {
			return err
		}
		r.from[s.file] = f
	}
	if f, ok := r.from[SearchFile]; ok {
		if r.Search, err = ReadSearch(ctx, f.path); err != nil {
			return err
		}
	}
	return r.check()
}

// check refuses artefacts of different runs.
func (r *Run) check() error {
	// What the design is, by all that name it.
	want, by := r.from[designFile].hash, r.from[designFile].path
	for _, s := range []struct {
		file string
		h    *artifact.Header
	}{{simulationFile, headerOf(r.Simulation)}, {summaryFile, headerOf(r.Summary)}} {
		if s.h == nil {
			continue
		}
		of := s.h.Inputs["design"]
		if want == "" {
			want, by = of, r.from[s.file].path
		}
		if of != want {
			return fmt.Errorf("%s: is of another design than %s (its inputs.design is %.16q, not %.16q); give the files of one run", r.from[s.file].path, by, of, want)
		}
	}
	if r.Design != nil && r.Profile != nil && r.Design.Inputs["profile"] != r.from[profileFile].hash {
		return fmt.Errorf("%s: was made from another profile than %s; give the files of one run", r.from[designFile].path, r.from[profileFile].path)
	}
	if r.Search != nil {
		return r.checkSearch()
	}
	return nil
}

// inputsOf are the inputs of an artefact; nil of none.
func inputsOf(h *artifact.Header) map[string]string {
	if h == nil {
		return nil
	}
	return h.Inputs
}

// headerOf is the header of an artefact; nil of none.
func headerOf(a any) *artifact.Header {
	switch a := a.(type) {
	case *Simulation:
		if a != nil {
			return &a.Header
		}
	case *Summary:
		if a != nil {
			return &a.Header
		}
	case *design.Design:
		if a != nil {
			return &a.Header
		}
	case *sparsity.Profile:
		if a != nil {
			return &a.Header
		}
	}
	return nil
}

// Write writes summary.json and report.html of a run whose other artefacts stand in the folder dir. They appear together.
func Write(ctx context.Context, dir string, r *Run) error {
	r.from = map[string]source{}
	for _, file := range []string{designFile, profileFile, simulationFile} {
		path := filepath.Join(dir, file)
		hash, err := artifact.HashFile(path)
		if err != nil {
			return err
		}
		r.from[file] = source{path, hash}
	}
	var summary bytes.Buffer
	if err := artifact.Encode(&summary, r.Summary); err != nil {
		return err
	}
	r.from[summaryFile] = source{filepath.Join(dir, summaryFile), artifact.HashBytes(summary.Bytes())}
	run, err := r.Figures()
	if err != nil {
		return err
	}
	data, err := report.New(run)
	if err != nil {
		return err
	}
	page, err := data.HTML()
	if err != nil {
		return err
	}
	bytesOf := func(b []byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(b); return err }
	}
	return artifact.WriteFiles(ctx,
		artifact.Output{Path: filepath.Join(dir, ReportFile), Write: bytesOf(page)},
		artifact.Output{Path: filepath.Join(dir, summaryFile), Write: bytesOf(summary.Bytes())})
}
