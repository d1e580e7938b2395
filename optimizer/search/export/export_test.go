package export

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/test/studytest"
	"hass/internal/test/testenv"
	"hass/optimizer/search/study"
)

// made is a study of twelve trials: nine finished, one at work with its point, one given back, one not begun.
func made(t *testing.T) *Study {
	t.Helper()
	db, err := study.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := studytest.Create(t, db, "a study", 12, nil)
	for range 9 {
		studytest.Trial(t, s, `"node, 1" 17`)
	}
	studytest.Claim(t, s, "busy")
	if err := studytest.Claim(t, s, "gone").Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	studytest.Tested(t, s, 12, 0, 1, 2)
	e, err := Read(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Rows) != 11 || len(e.Front) < 2 {
		t.Fatalf("%d rows, front %v", len(e.Rows), e.Front)
	}
	return e
}

// TestCSV reads the table back: every trial has its line, and every figure is that of the study.
func TestCSV(t *testing.T) {
	e := made(t)
	var text bytes.Buffer
	if err := e.CSV(&text); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 12 {
		t.Fatalf("%d lines of 11 trials", len(lines))
	}
	at := map[string]int{}
	for i, name := range lines[0] {
		at[name] = i
	}
	for i, want := range []State{Done, Done, Done, Stopped, Stopped, Done, Unfitting, Done, Done, Running, GivenBack} {
		line, r := lines[i+1], e.Rows[i]
		is := func(column string, want any) {
			t.Helper()
			if k, ok := at[column]; !ok || line[k] != fmt.Sprint(want) {
				t.Errorf("trial %d: %s is %q, want %v", i, column, line[k], want)
			}
		}
		is("trial", i)
		is("state", want)
		is("attempt", 1)
		is("started", r.Started.UTC().Format("2006-01-02T15:04:05.000Z"))
		for k, layer := range studytest.Layers {
			is("tau_w "+layer, strconv.FormatFloat(studytest.X(i)[k]*0.25*float64(k+1), 'g', -1, 64))
			is("tau_a "+layer, strconv.FormatFloat(studytest.X(i)[3+k]*0.5*float64(k+1), 'g', -1, 64))
		}
		if r.Trial == nil {
			for _, column := range []string{"divergence", "images_per_second", "dsp", "top1", "points_lost", "ended", "seconds", "front", "lut"} {
				is(column, "")
			}
			continue
		}
		o := studytest.Outcome(i)
		drop := o.Drop(studytest.Unpruned())
		is("divergence", o.Divergence)
		is("top1", o.Top1)
		is("points_lost", 100*drop.Mean)
		is("points_lost_half_width", 100*drop.Half)
		is("top1_half_width", o.Accuracy().Half)
		is("images", o.Images)
		is("stopped", o.Stopped)
		is("worker", `"node, 1" 17`)
		is("ended", r.Ended.UTC().Format("2006-01-02T15:04:05.000Z"))
		is("front", slices.Contains(e.Front, i))
		is("best", i == e.Best)
		if o.Stopped == "hopeless" {
			for _, column := range []string{"images_per_second", "dsp", "lut", "weighted_sum", "cycles_per_image"} {
				is(column, "")
			}
			continue
		}
		is("images_per_second", o.ImagesPerSecond)
		is("cycles_per_image", o.CyclesPerImage)
		is("dsp", o.Resources.DSP)
		is("lut", o.Resources.LUT)
		is("ff", o.Resources.FF)
		is("bram18", o.Resources.BRAM18)
		is("uram", o.Resources.URAM)
		is("lutram", o.Resources.LUTRAM)
		is("weighted_sum", -e.Config.Objective.Value(o, studytest.Unpruned()))
		if i < 3 {
			is("test_points_lost", 0.1*float64(i))
		} else {
			is("test_points_lost", "")
		}
	}
}

// TestOptuna reads the database back by SQL, and writes it twice.
func TestOptuna(t *testing.T) {
	e := made(t)
	file, err := e.Optuna(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := e.Optuna(t.Context()); err != nil || !bytes.Equal(file, again) {
		t.Errorf("the same study gives another file; %v", err)
	}
	path := filepath.Join(t.TempDir(), "optuna.db")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// lines prints what a query gives, a line a row.
	lines := func(query string) (list []string) {
		t.Helper()
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells, at := make([]any, len(columns)), make([]any, len(columns))
			for i := range cells {
				at[i] = &cells[i]
			}
			if err := rows.Scan(at...); err != nil {
				t.Fatal(err)
			}
			list = append(list, fmt.Sprintln(cells...))
		}
		return list
	}
	one := func(query, want string) {
		t.Helper()
		if got := lines(query); len(got) != 1 || got[0] != want+"\n" {
			t.Errorf("%s\ngives %q, want %q", query, got, want)
		}
	}
	one(`PRAGMA integrity_check`, "ok")
	one(`SELECT count(*) FROM pragma_foreign_key_check`, "0")
	one(`SELECT * FROM version_info`, "1 12 3.1.0")
	one(`SELECT * FROM alembic_version`, "v3.0.0.d")
	one(`SELECT * FROM studies`, "1 a study")
	one(`SELECT group_concat(direction) FROM (SELECT direction FROM study_directions ORDER BY objective)`, "MINIMIZE,MAXIMIZE,MINIMIZE")
	one(`SELECT group_concat(state) FROM (SELECT state FROM trials ORDER BY number)`, "COMPLETE,COMPLETE,COMPLETE,PRUNED,PRUNED,COMPLETE,FAIL,COMPLETE,COMPLETE,RUNNING,WAITING")
	one(`SELECT count(*) FROM trial_params`, "66")
	one(`SELECT count(*) FROM trial_values`, "18") // of six complete trials
	one(`SELECT count(*) FROM trial_intermediate_values`, "0")
	one(`SELECT count(*) FROM trial_heartbeats`, "0")
	one(`SELECT count(*) FROM trials WHERE (datetime_complete IS NOT NULL) = (state IN ('COMPLETE', 'PRUNED', 'FAIL')) AND (datetime_start IS NULL) = (state = 'WAITING')`, "11")
	for _, n := range []int{0, 1, 2, 5, 7, 8} {
		o := studytest.Outcome(n)
		for k, v := range []float64{o.Divergence, o.ImagesPerSecond, float64(o.Resources.DSP)} {
			one(fmt.Sprintf(`SELECT value FROM trial_values JOIN trials USING (trial_id) WHERE number = %d AND objective = %d`, n, k), fmt.Sprint(v))
		}
	}
	one(`SELECT param_value FROM trial_params JOIN trials USING (trial_id) WHERE number = 9 AND param_name = 'tau_a block/conv 2'`, fmt.Sprint(studytest.X(9)[4]))
}

// optunaScript prints a study as Optuna reads it.
const optunaScript = `
import json, sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
s = optuna.load_study(study_name=sys.argv[2], storage="sqlite:///" + sys.argv[1])
print(json.dumps({"directions": [d.name for d in s.directions], "best": sorted(t.number for t in s.best_trials), "trials": [
  {"number": t.number, "state": t.state.name, "values": t.values, "params": t.params, "front": t.user_attrs.get("front"),
   "high": {n: d.high for n, d in t.distributions.items()}, "seconds": t.duration.total_seconds() if t.duration is not None else None} for t in s.trials]}))
`

// TestOptunaReads opens the database with Debian's Optuna: its trials are the study's, and its best trials are the study's front.
// HASS_ACCEPTANCE_SCALE=1 fails the test where there is no Optuna.
func TestOptunaReads(t *testing.T) {
	const python = "/usr/bin/python3"
	testenv.Long(t)
	if out, err := exec.Command(python, "-W", "ignore", "-c", "import optuna").CombinedOutput(); err != nil {
		if os.Getenv("HASS_ACCEPTANCE_SCALE") == "1" {
			t.Fatalf("no Optuna (apt-get install python3-optuna): %v\n%s", err, out)
		}
		t.Skip("skipped: Optuna is not installed (apt-get install python3-optuna; make acceptance-scale brings it)")
	}
	e := made(t)
	file, err := e.Optuna(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "optuna.db")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-W", "ignore", "-c", optunaScript, path, "a study").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	type trial struct {
		Number  int                `json:"number"`
		State   string             `json:"state"`
		Values  []float64          `json:"values"`
		Params  map[string]float64 `json:"params"`
		Front   *bool              `json:"front"`
		High    map[string]float64 `json:"high"`
		Seconds *float64           `json:"seconds"`
	}
	var got, want struct {
		Directions []string `json:"directions"`
		Best       []int    `json:"best"`
		Trials     []trial  `json:"trials"`
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want.Directions = directions
	for _, r := range e.Rows {
		x := trial{Number: r.Number, State: optunaState[r.State], Params: map[string]float64{}, High: map[string]float64{}}
		for k, p := range e.Parameters() {
			x.Params[p.Name], x.High[p.Name] = r.X[k]*p.Most, p.Most
		}
		if r.Trial != nil {
			front, seconds := slices.Contains(e.Front, r.Number), r.Ended.Sub(r.Started).Seconds()
			x.Front, x.Seconds = &front, &seconds
			if front {
				want.Best = append(want.Best, r.Number)
			}
		}
		if r.State == Done {
			o := r.Trial.Outcome
			x.Values = []float64{o.Divergence, o.ImagesPerSecond, float64(o.Resources.DSP)}
		}
		want.Trials = append(want.Trials, x)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
