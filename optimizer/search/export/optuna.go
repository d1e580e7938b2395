package export

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"hass/internal/artifact"
	"hass/optimizer/search"
)

// The tables that Optuna 3.1 (Debian's python3-optuna) makes in SQLite, with the versions that it looks for. A newer Optuna
// upgrades the file by "optuna storage upgrade".
const (
	optunaVersion  = "3.1.0"
	optunaSchema   = 12
	optunaRevision = "v3.0.0.d" // of its migrations, in alembic_version
)

var optunaTables = []string{
	`CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id))`,
	`CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)`,
	`CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
		PRIMARY KEY (version_info_id), CHECK (version_info_id=1))`,
	`CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL, study_id INTEGER NOT NULL,
		objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies (study_id))`,
	`CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512), value_json TEXT,
		PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"), FOREIGN KEY(study_id) REFERENCES studies (study_id))`,
	`CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512), value_json TEXT,
		PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"), FOREIGN KEY(study_id) REFERENCES studies (study_id))`,
	`CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL, datetime_start DATETIME,
		datetime_complete DATETIME, PRIMARY KEY (trial_id), FOREIGN KEY(study_id) REFERENCES studies (study_id))`,
	`CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512), value_json TEXT,
		PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
	`CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512), value_json TEXT,
		PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
	`CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT, distribution_json TEXT,
		PRIMARY KEY (param_id), UNIQUE (trial_id, param_name), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
	`CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value FLOAT,
		value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
	`CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, step INTEGER NOT NULL,
		intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
		FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
	`CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, heartbeat DATETIME NOT NULL,
		PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
	`CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))`,
}

// directions are those of the objectives, the first of the figures: divergence, images per second, DSPs.
var directions = []string{"MINIMIZE", "MAXIMIZE", "MINIMIZE"}

// optunaState is a trial's state in Optuna. Only complete trials are compared there, so that its best trials are the study's front:
// a stopped trial is pruned, and one that no budget fits has failed.
var optunaState = map[State]string{Done: "COMPLETE", Stopped: "PRUNED", Unfitting: "FAIL", Running: "RUNNING", GivenBack: "WAITING"}

// optunaTime is how Optuna stores times. It reads them as local; these are UTC.
const optunaTime = "2006-01-02 15:04:05.000000"

// Optuna gives a SQLite database that Optuna opens as a storage with one study of the same name. Its objectives are divergence
// (minimise), images per second (maximise) and DSPs (minimise), its parameters the thresholds, and all other figures are user
// attributes of the trials. Times are UTC.
func (e *Study) Optuna(ctx context.Context) ([]byte, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx) // every connection has a memory of its own
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // after Commit it does nothing
	w := &writer{ctx: ctx, tx: tx}
	for _, s := range optunaTables {
		w.exec(s)
	}
	w.exec(`INSERT INTO version_info VALUES (1, ?, ?)`, optunaSchema, optunaVersion)
	w.exec(`INSERT INTO alembic_version VALUES (?)`, optunaRevision)
	w.exec(`INSERT INTO studies VALUES (1, ?)`, e.Result.Study)
	var names []string
	for i, d := range directions {
		w.exec(`INSERT INTO study_directions (direction, study_id, objective) VALUES (?, 1, ?)`, d, i)
		names = append(names, figures[i].name)
	}
	// Newer versions of Optuna show these names.
	w.exec(`INSERT INTO study_system_attributes (study_id, "key", value_json) VALUES (1, 'study:metric_names', ?)`, w.json(names))
	for _, a := range []struct {
		key   string
		value any
	}{{"written_by", artifact.Tool}, {"config", e.Config}, {"trials", e.Total}, {"probes", e.Probes}, {"best", e.Best}, {"front", e.Front}} {
		w.exec(`INSERT INTO study_user_attributes (study_id, "key", value_json) VALUES (1, ?, ?)`, a.key, w.json(a.value))
	}
	var distributions []string
	parameters := e.Parameters()
	for i, p := range parameters {
		if slices.ContainsFunc(parameters[:i], func(q search.Parameter) bool { return q.Name == p.Name }) {
			return nil, fmt.Errorf("study %q: two layers share the threshold %.100q, which Optuna cannot tell apart; export to CSV", e.Result.Study, p.Name)
		}
		distributions = append(distributions, w.json(map[string]any{"name": "FloatDistribution",
			"attributes": map[string]any{"step": nil, "low": 0.0, "high": p.Most, "log": false}}))
	}
	for i := range e.Rows {
		r, id := &e.Rows[i], i+1
		state, ok := optunaState[r.State]
		if !ok {
			return nil, fmt.Errorf("study %q: trial %d is in state %q, which Optuna does not have", e.Result.Study, r.Number, r.State)
		}
		for k := range directions {
			if r.State == Done && e.value(figures[k], r) == nil {
				return nil, fmt.Errorf("study %q: trial %d fits and has no %s", e.Result.Study, r.Number, figures[k].name)
			}
		}
		var started, ended any
		if r.State != GivenBack {
			started = when(r.Started)
		}
		if !r.Ended.IsZero() {
			ended = when(r.Ended)
		}
		w.exec(`INSERT INTO trials VALUES (?, ?, 1, ?, ?, ?)`, id, r.Number, state, started, ended)
		for k := range r.X {
			w.exec(`INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)`,
				id, parameters[k].Name, r.X[k]*parameters[k].Most, distributions[k])
		}
		for k, f := range figures {
			v := e.value(f, r)
			switch {
			case v == nil:
			case k < len(directions) && r.State == Done:
				w.exec(`INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, 'FINITE')`, id, k, v)
			default:
				w.exec(`INSERT INTO trial_user_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)`, id, f.name, w.json(v))
			}
		}
		for _, a := range []struct {
			key   string
			value any
		}{{"state", r.State}, {"worker", r.Worker}, {"attempt", r.Attempt}} {
			w.exec(`INSERT INTO trial_user_attributes (trial_id, "key", value_json) VALUES (?, ?, ?)`, id, a.key, w.json(a.value))
		}
	}
	if w.err == nil {
		w.err = tx.Commit()
	}
	if w.err != nil {
		return nil, fmt.Errorf("study %q: %w", e.Result.Study, w.err)
	}
	var file []byte
	err = conn.Raw(func(c any) error {
		file, err = c.(interface{ Serialize() ([]byte, error) }).Serialize()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("study %q: %w", e.Result.Study, err)
	}
	return file, nil
}

func when(t time.Time) string { return t.UTC().Format(optunaTime) }

// writer runs statements until one fails.
type writer struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

func (w *writer) exec(statement string, args ...any) {
	if w.err == nil {
		_, w.err = w.tx.ExecContext(w.ctx, statement, args...)
	}
}

func (w *writer) json(v any) string {
	b, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	return string(b)
}
