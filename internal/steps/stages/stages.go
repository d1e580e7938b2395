// Package stages remembers what the stages of a build were made of, so that a stage with unchanged inputs is not run again.
//
// It takes the inputs of a stage as values and hashes, the files that it writes and a function that runs it; it runs the function or says
// that the stage is unchanged, and keeps a log in the run folder. It knows no stage by name and reads no artefact.
package stages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"hass/internal/artifact"
	"hass/internal/userfile"
)

// The schema of the log.
const (
	Schema  = "hass.build"
	Version = 1
)

// File is the log in a run folder.
const File = "build.json"

// The stages of a build.
const (
	Search   = "search"
	Profile  = "profile"
	Optimize = "optimize"
	Generate = "generate"
	Verify   = "verify"
	Simulate = "simulate"
	Eval     = "eval"
)

// Names are the stages of a build in their order, with that of a search or without. Of a build with several projects each has its Generate
// and its Verify, with the name of its target; no target is a build with one project.
func Names(search bool, targets ...string) []string {
	list := []string{Search, Profile, Optimize}
	if !search {
		list = list[1:]
	}
	if targets == nil {
		targets = []string{""}
	}
	for _, t := range targets {
		list = append(list, Of(Generate, t), Of(Verify, t))
	}
	return append(list, Simulate, Eval)
}

// Of is the name of a project's stage in a build with several projects; "" is the target of the only one.
func Of(stage, target string) string {
	if target == "" {
		return stage
	}
	return stage + "-" + target
}

// maxLog bounds a log in bytes: a hash for every file of a project.
const maxLog = 16 << 20

// Record is a stage that has been run.
type Record struct {
	Name    string            `json:"name"`
	Inputs  string            `json:"inputs"`  // SHA-256 of all that it was made of, in hex
	Outputs map[string]string `json:"outputs"` // SHA-256 of each file that it wrote, by path below the run folder
	// Result is what later stages need of it beside files.
	Result json.RawMessage `json:"result,omitempty"`
}

// Log is the content of the log file.
type Log struct {
	artifact.Header
	Stages []Record `json:"stages"`
}

// Run is one pass through the stages of a build.
type Run struct {
	Log
	Options
	started bool // From was reached
	ran     bool // a stage was run
	tool    string
}

// Options direct a pass.
type Options struct {
	Path string // of the log, in the run folder
	// From is the first stage that is run in any case; those before it must be unchanged. "" runs what is not unchanged.
	From string
	To   string // the last stage to run; "" is the last of all
	Say  func(name, text string)
	// Before, if not nil, is called once, before the first stage that runs.
	Before func() error
}

// Open reads the log of a run folder, if there is one. A file of that name that is no log is an error.
func Open(o Options) (*Run, error) {
	r := &Run{Log: Log{Header: artifact.NewHeader(Schema, Version, map[string]string{}), Stages: []Record{}}, Options: o, started: o.From == ""}
	var err error
	if r.tool, err = tool(); err != nil {
		return nil, err
	}
	data, err := userfile.Read(o.Path, maxLog)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	var old Log
	if err := json.Unmarshal(data, &old); err != nil || old.Schema != Schema {
		return nil, fmt.Errorf("%s: is no log of the stages of a build; move it, or remove it to run all stages again", o.Path)
	}
	if old.SchemaVersion == Version {
		r.Stages = old.Stages
	}
	return r, nil
}

// tool is the hash of the program that runs: a changed program may write other files.
var tool = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("the program that runs cannot be found: %w", err)
	}
	return artifact.HashFile(path)
})

// Stage is one stage of a build.
type Stage struct {
	Name   string
	Inputs any // all that it is made of, files as their hashes; it is encoded as JSON
	// Files are the files that it writes, all of them. An error that one is missing makes it run.
	Files func() ([]string, error)
	// Result, if not nil, points to what Work sets beside its files; of an unchanged stage it is what the last run set.
	Result any
	Work   func() error
}

// Do runs a stage unless it is unchanged: made of the same inputs by the same program, with its files as it wrote them. It reports
// whether the pass ends with this stage. Stages before Options.From that would have to run are an error.
func (r *Run) Do(ctx context.Context, s Stage) (last bool, err error) {
	key, err := r.key(s)
	if err != nil {
		return false, err
	}
	r.started = r.started || s.Name == r.From
	forced := r.started && r.From != ""
	why := r.changed(s, key)
	switch {
	case why == "" && !forced:
		r.Say(s.Name, "unchanged")
		return s.Name == r.To, nil
	case !r.started:
		return false, fmt.Errorf("--from %s: stage %s before it %s; leave --from out, which runs it", r.From, s.Name, why)
	}
	if !r.ran && r.Before != nil {
		if err := r.Before(); err != nil {
			return false, err
		}
	}
	r.ran = true
	start := time.Now()
	if err := s.Work(); err != nil {
		return false, err
	}
	if err := r.keep(ctx, s, key); err != nil {
		return false, err
	}
	r.Say(s.Name, fmt.Sprintf("%.1f s", time.Since(start).Seconds()))
	return s.Name == r.To, nil
}

// key is the hash of what a stage is made of.
func (r *Run) key(s Stage) (string, error) {
	text, err := json.Marshal(struct {
		Tool, Stage string
		Inputs      any
	}{r.tool, s.Name, s.Inputs})
	if err != nil {
		return "", fmt.Errorf("stage %s: %w", s.Name, err)
	}
	return artifact.HashBytes(text), nil
}

// changed says why a stage must run, in words that follow its name; "" if it need not. It fills in the stage's result.
func (r *Run) changed(s Stage, key string) string {
	i := r.at(s.Name)
	if i < 0 {
		return "has not been run"
	}
	old := &r.Stages[i]
	if old.Inputs != key {
		return "has other inputs or options now"
	}
	now, err := r.outputs(s)
	if err != nil {
		return "has files that cannot be read"
	}
	for path, hash := range now {
		if old.Outputs[path] != hash {
			return fmt.Sprintf("wrote another %s", path)
		}
	}
	if len(now) != len(old.Outputs) {
		return "wrote other files"
	}
	if s.Result != nil && json.Unmarshal(old.Result, s.Result) != nil {
		return "has a result that cannot be read"
	}
	return ""
}

// outputs are the hashes of a stage's files.
func (r *Run) outputs(s Stage) (map[string]string, error) {
	files, err := s.Files()
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string, len(files))
	for _, f := range files {
		sum, err := artifact.HashFile(f)
		if err != nil {
			return nil, err
		}
		name, err := filepath.Rel(filepath.Dir(r.Path), f)
		if err != nil {
			return nil, err
		}
		sums[filepath.ToSlash(name)] = sum
	}
	return sums, nil
}

// Hashes are the hashes of the files of a stage as Do found or left them, for the inputs of later stages.
func (r *Run) Hashes(name string) map[string]string {
	if i := r.at(name); i >= 0 {
		return r.Stages[i].Outputs
	}
	return nil
}

// at is the place of a stage in the log; -1 if it is not there.
func (r *Run) at(name string) int {
	return slices.IndexFunc(r.Stages, func(x Record) bool { return x.Name == name })
}

// keep records a stage and writes the log, so that a build that is interrupted goes on behind it.
func (r *Run) keep(ctx context.Context, s Stage, key string) error {
	rec := Record{Name: s.Name, Inputs: key}
	var err error
	if rec.Outputs, err = r.outputs(s); err != nil {
		return fmt.Errorf("stage %s: %w", s.Name, err)
	}
	if s.Result != nil {
		if rec.Result, err = json.Marshal(s.Result); err != nil {
			return fmt.Errorf("stage %s: %w", s.Name, err)
		}
	}
	if i := r.at(s.Name); i >= 0 {
		r.Stages[i] = rec
	} else {
		r.Stages = append(r.Stages, rec)
	}
	return artifact.WriteJSON(ctx, r.Path, &r.Log)
}

// Check refuses names of first and last stages that are none of a build's, or that are in the wrong order.
func Check(from, to string, names []string) error {
	for _, x := range []struct{ option, name string }{{"--from", from}, {"--to", to}} {
		if x.name != "" && !slices.Contains(names, x.name) {
			return fmt.Errorf("%s %s: this build has the stages %s", x.option, x.name, strings.Join(names, ", "))
		}
	}
	if from != "" && to != "" && slices.Index(names, from) > slices.Index(names, to) {
		return fmt.Errorf("--from %s --to %s: %s comes after %s", from, to, from, to)
	}
	return nil
}

// Files are the files of a stage that writes always the same.
func Files(paths ...string) func() ([]string, error) {
	return func() ([]string, error) { return paths, nil }
}

// Project are the files of a generated project: those of its manifest.
func Project(dir string) func() ([]string, error) {
	return func() ([]string, error) {
		if err := artifact.CheckWhole(dir); err != nil {
			return nil, err
		}
		m, err := artifact.ReadManifest(dir)
		if err != nil {
			return nil, err
		}
		list := []string{filepath.Join(dir, artifact.ManifestName)}
		for _, f := range m.Files {
			list = append(list, filepath.Join(dir, filepath.FromSlash(f.Path)))
		}
		return list, nil
	}
}

// Contents are the hashes of files.
func Contents(paths ...string) (list []string, err error) {
	for _, p := range paths {
		sum, err := artifact.HashFile(p)
		if err != nil {
			return nil, err
		}
		list = append(list, sum)
	}
	return list, nil
}

// Replace puts the hashes of files in place of their paths; "" is none.
func Replace(paths ...*string) error {
	for _, p := range paths {
		if *p == "" {
			continue
		}
		sum, err := artifact.HashFile(*p)
		if err != nil {
			return err
		}
		*p = sum
	}
	return nil
}
