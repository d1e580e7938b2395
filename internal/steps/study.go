package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/settings"
	"hass/internal/steps/rundir"
	"hass/optimizer/search"
	"hass/optimizer/search/export"
	"hass/optimizer/search/follow"
	"hass/optimizer/search/study"
)

// Study locates a study.
type Study struct {
	Location string // its database: a file (SQLite) or a postgres:// URL
	Name     string // its name in the database
}

// DefaultStudyName is the default name of a study in its database.
const DefaultStudyName = rundir.StudyName

// TrialOptions are the options of ExtractTrial.
type TrialOptions struct {
	Study
	Trial      int             // its number; the best if < 0
	Thresholds string          // file to write the trial's thresholds (TOML) to, or ""
	ExportONNX string          // file to write the trial's pruned model to, or ""
	Model      string          // the study's model, for ExportONNX
	Data       string          // its calibration data set (TOML), for ExportONNX if the study repairs its trials
	Shapes     frontend.Shapes // of inputs whose dimensions the model leaves open
}

// ExtractTrial writes files of a trial of a study and returns the study.
func ExtractTrial(ctx context.Context, o TrialOptions, rep Reporter) (*search.Result, error) {
	r, err := OpenStudy(ctx, o.Study)
	if err != nil {
		return nil, err
	}
	n, err := chosen(r, o.Trial)
	if err != nil {
		return nil, err
	}
	if o.Thresholds != "" {
		if err := writable(o.Thresholds, o.Location, o.Model); err != nil {
			return nil, err
		}
		if err := writeThresholds(ctx, r, n, o.Thresholds); err != nil {
			return nil, err
		}
	}
	if o.ExportONNX == "" {
		return r, nil
	}
	if err := writable(o.ExportONNX, o.Location, o.Model, o.Thresholds); err != nil {
		return nil, err
	}
	if err := sameModel(r, o.Model); err != nil {
		return nil, err
	}
	g, err := Load(o.Model, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	if err := apart([]string{o.ExportONNX}, modelFiles(g)); err != nil {
		return nil, err
	}
	var set *dataset.Set
	if o.Data != "" {
		if set, err = openSet(o.Data, g, o.Model); err != nil {
			return nil, err
		}
	}
	return r, exportTrial(ctx, g, set, r, n, o.ExportONNX)
}

// chosen is a trial's number, or the best trial's if it is < 0.
func chosen(r *search.Result, trial int) (int, error) {
	if trial >= 0 {
		return trial, nil
	}
	if r.Best < 0 {
		return 0, fmt.Errorf("study %q has no trial within its loss; choose one by --trial", r.Study)
	}
	return r.Best, nil
}

// place names a study's database without a password that the URL may contain.
func place(location string) string {
	if i := strings.Index(location, "://"); i >= 0 {
		return location[:i+3] + "..."
	}
	return location
}

// OpenStudy reads an existing study; it does not create a missing file.
func OpenStudy(ctx context.Context, at Study) (r *search.Result, err error) {
	err = at.use(ctx, func(_ *study.DB, s *study.Study) error {
		r, err = search.Read(ctx, s)
		return err
	})
	return r, err
}

// use calls f with an existing study and its database; it does not create a missing file.
func (at Study) use(ctx context.Context, f func(*study.DB, *study.Study) error) error {
	if !strings.Contains(at.Location, "://") {
		if _, err := os.Stat(at.Location); err != nil {
			return fmt.Errorf("study: %w", err)
		}
	}
	db, err := study.Open(ctx, at.Location)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Load(ctx, at.Name)
	if errors.Is(err, study.ErrNotFound) {
		infos, lerr := db.List(ctx)
		if lerr != nil {
			return lerr
		}
		var names []string
		for _, i := range infos {
			names = append(names, fmt.Sprintf("%q", i.Name))
		}
		if len(names) == 0 {
			return fmt.Errorf("%s has no study %q, and no other", place(at.Location), at.Name)
		}
		return fmt.Errorf("%s has no study %q; it has %s", place(at.Location), at.Name, strings.Join(names, ", "))
	}
	if err != nil {
		return err
	}
	return f(db, s)
}

// ExportOptions are the options of ExportStudy.
type ExportOptions struct {
	Study
	CSV    string // file to write a table of all trials to, or ""
	Optuna string // file to write a storage of Optuna (SQLite) to, or ""
}

// ExportResult is what ExportStudy wrote.
type ExportResult struct {
	artifact.Header
	Study  string `json:"study"`
	Trials int    `json:"trials"` // written, those that are not finished included
	CSV    string `json:"csv,omitempty"`
	Optuna string `json:"optuna,omitempty"`
}

// ExportStudy writes a study for other programs. It overwrites no file.
func ExportStudy(ctx context.Context, o ExportOptions) (*ExportResult, error) {
	if o.CSV == "" && o.Optuna == "" {
		return nil, badOption("nothing to export: give --csv, --optuna, or both")
	}
	if err := apart([]string{o.CSV, o.Optuna}); err != nil {
		return nil, err
	}
	for _, path := range []string{o.CSV, o.Optuna} {
		if path == "" {
			continue
		}
		if err := fresh(path); err != nil {
			return nil, err
		}
		if err := writable(path); err != nil {
			return nil, err
		}
	}
	var result *ExportResult
	err := o.use(ctx, func(_ *study.DB, s *study.Study) error {
		e, err := export.Read(ctx, s)
		if err != nil {
			return err
		}
		result = &ExportResult{artifact.NewHeader("hass.export", 1, e.Inputs), e.Result.Study, len(e.Rows), o.CSV, o.Optuna}
		var outputs []artifact.Output
		if o.CSV != "" {
			outputs = append(outputs, artifact.Output{Path: o.CSV, Write: e.CSV})
		}
		if o.Optuna != "" {
			file, err := e.Optuna(ctx)
			if err != nil {
				return err
			}
			outputs = append(outputs, artifact.Output{Path: o.Optuna, Write: func(w io.Writer) error { _, err := w.Write(file); return err }})
		}
		for _, f := range outputs {
			if err := fresh(f.Path); err != nil { // the study may have taken long to read
				return err
			}
		}
		return artifact.WriteFiles(ctx, outputs...)
	})
	return result, err
}

// fresh refuses a file that is there.
func fresh(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: exists already, and an export overwrites nothing; name another file or remove this one", path)
	}
	return nil
}

// WatchStudy follows a study until all its trials are done: show is called at once and after every change. It looks every so often.
func WatchStudy(ctx context.Context, at Study, every time.Duration, show func(*export.Study) error) error {
	if every < leastLook {
		return badOption("--every %v: want at least %v", every, leastLook)
	}
	return at.use(ctx, func(db *study.DB, _ *study.Study) error { return follow.Study(ctx, db, at.Name, every, show) })
}

// leastLook is the shortest time between two looks at a study: many watchers must not slow a server down.
const leastLook = 100 * time.Millisecond

// sameModel checks that a model is the one of the study.
func sameModel(r *search.Result, model string) error {
	hash, err := artifact.HashFile(model)
	if err != nil {
		return err
	}
	if want := r.Config.Inputs["model"]; hash != want {
		return fmt.Errorf("study %q is about another model than %s (SHA-256 %.12s, not %.12s)", r.Study, model, want, hash)
	}
	return nil
}

// sameSet checks that a calibration set is the one of the study.
func sameSet(r *search.Result, set *dataset.Set) error {
	hash, err := set.Hash()
	if err != nil {
		return err
	}
	if want := r.Config.Inputs["dataset"]; hash != want {
		return fmt.Errorf("study %q was made with another calibration set than %s (SHA-256 %.12s, not %.12s)", r.Study, set.Path, want, hash)
	}
	return nil
}

// writeThresholds writes a trial's thresholds file.
func writeThresholds(ctx context.Context, r *search.Result, number int, path string) error {
	t, err := r.Thresholds(number)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("trial %d of study %q", number, r.Study)
	if r.Config.Repairs() {
		what += "; its weights were repaired, which these thresholds alone do not do"
	}
	return encodeThresholds(ctx, t, what, path)
}

// encodeThresholds writes a thresholds file; its first line is the comment what.
func encodeThresholds(ctx context.Context, t *settings.Thresholds, what, path string) error {
	text, err := t.Encode(what)
	if err != nil {
		return err
	}
	return artifact.WriteBytes(ctx, path, text)
}

// exportTrial writes the model of a trial as ONNX: with its thresholds, and with the weights with which it was judged. set is the study's
// calibration set; it may be nil if the study repairs nothing.
func exportTrial(ctx context.Context, g *graph.Graph, set *dataset.Set, r *search.Result, number int, path string) error {
	t, err := r.Thresholds(number)
	if err != nil {
		return err
	}
	meta := map[string]string{"hass.study": r.Study, "hass.trial": fmt.Sprint(number)}
	if r.Config.Repairs() {
		meta["hass.repair"] = string(r.Config.Repair)
		if g, t, err = mend(ctx, g, set, r, number); err != nil {
			return err
		}
	}
	pruned, err := t.Apply(g)
	if err != nil {
		return err
	}
	return frontend.Write(ctx, pruned, path, meta)
}

// mend gives a model with the weights with which a trial was judged, and its thresholds on activations. A nil set is an error.
func mend(ctx context.Context, g *graph.Graph, set *dataset.Set, r *search.Result, number int) (*graph.Graph, *settings.Thresholds, error) {
	if set == nil {
		return nil, nil, fmt.Errorf("study %q repairs the layers of its trials, for which their images are needed: give its calibration set by --data", r.Study)
	}
	if err := sameSet(r, set); err != nil {
		return nil, nil, err
	}
	return r.Mend(ctx, g, set, number)
}

// repairedFile writes the model of mend and reads it again.
func repairedFile(ctx context.Context, g *graph.Graph, set *dataset.Set, r *search.Result, number int, path string, rep Reporter) (*graph.Graph, *settings.Thresholds, error) {
	g, t, err := mend(ctx, g, set, r, number)
	if err != nil {
		return nil, nil, err
	}
	if err := frontend.Write(ctx, g, path, map[string]string{"hass.study": r.Study, "hass.trial": fmt.Sprint(number), "hass.repair": string(r.Config.Repair)}); err != nil {
		return nil, nil, err
	}
	g, err = Load(path, rep)
	return g, t, err
}
