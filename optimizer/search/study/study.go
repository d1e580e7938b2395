package study

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// DefaultLease is the time after which a silent worker loses its trial.
const DefaultLease = 60 * time.Second

// State of a trial that was claimed at least once.
type State string

const (
	// Running: claimed and not finished. Its worker may be dead, or may have given
	// the trial back (then Trial.Worker is empty).
	Running State = "running"
	// Done: finished, with a result.
	Done State = "done"
)

// Trial is one evaluation, as stored.
type Trial struct {
	Number  int // from 0
	State   State
	Point   json.RawMessage // the point to evaluate; nil until Lease.SetPoint
	Result  json.RawMessage // nil until Lease.Finish
	Worker  string          // who has, or finished, the trial; empty if given back
	Attempt int             // 1 for the first claim, one more at each takeover
	Started time.Time       // of this attempt; the database's clock
	Ended   time.Time       // zero unless done
}

// Study is a named list of trials in a database.
type Study struct {
	// Lease is the time after which a silent worker loses its trial to another;
	// DefaultLease unless set. Set it before the first Claim, to the same value in
	// all workers.
	Lease time.Duration

	db     *DB
	id     int64
	name   string
	config []byte
}

// Name returns the study's name.
func (s *Study) Name() string { return s.name }

// Config returns the configuration with which the study was created.
func (s *Study) Config() []byte { return slices.Clone(s.config) }

// Total returns the number of trials of the study.
func (s *Study) Total(ctx context.Context) (int, error) {
	var n int
	err := s.db.retry(ctx, "total", func(ctx context.Context) error {
		return s.noRows(s.db.sql.QueryRowContext(ctx, `SELECT trials FROM hass_study WHERE id = $1`, s.id).Scan(&n))
	})
	return n, err
}

// Extend raises the number of trials; a smaller number than the present one changes
// nothing.
func (s *Study) Extend(ctx context.Context, trials int) error {
	return s.db.retry(ctx, "extend", func(ctx context.Context) error {
		_, err := s.db.sql.ExecContext(ctx, `UPDATE hass_study SET trials = $2 WHERE id = $1 AND trials < $2`, s.id, trials)
		return err
	})
}

// Trials returns all trials claimed so far, by number.
func (s *Study) Trials(ctx context.Context) ([]Trial, error) {
	return s.trials(ctx, `SELECT number, state, point, result, worker, attempt, started, ended
		FROM hass_trial WHERE study = $1 ORDER BY number`)
}

// Done returns the finished trials, by number.
func (s *Study) Done(ctx context.Context) ([]Trial, error) {
	return s.trials(ctx, `SELECT number, state, point, result, worker, attempt, started, ended
		FROM hass_trial WHERE study = $1 AND state = 'done' ORDER BY number`)
}

func (s *Study) trials(ctx context.Context, query string) ([]Trial, error) {
	var list []Trial
	err := s.db.retry(ctx, "read trials", func(ctx context.Context) error {
		list = nil
		rows, err := s.db.sql.QueryContext(ctx, query, s.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t Trial
			var point, result sql.NullString
			var started int64
			var ended sql.NullInt64
			if err := rows.Scan(&t.Number, &t.State, &point, &result, &t.Worker, &t.Attempt, &started, &ended); err != nil {
				return err
			}
			// The content of a file may be anything.
			if t.State != Running && t.State != Done {
				return fmt.Errorf("trial %d is in state %q", t.Number, t.State)
			}
			if t.Point, err = stored(t.Number, "point", point); err != nil {
				return err
			}
			if t.Result, err = stored(t.Number, "result", result); err != nil {
				return err
			}
			t.Started = time.UnixMilli(started)
			if ended.Valid {
				t.Ended = time.UnixMilli(ended.Int64)
			}
			list = append(list, t)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func stored(number int, what string, v sql.NullString) (json.RawMessage, error) {
	if !v.Valid {
		return nil, nil
	}
	if !json.Valid([]byte(v.String)) {
		return nil, fmt.Errorf("the stored %s of trial %d is not JSON", what, number)
	}
	return json.RawMessage(v.String), nil
}

// noRows gives a missing row of the study a name.
func (s *Study) noRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %q", ErrNotFound, s.name)
	}
	return err
}

// Claim gives the named worker a trial: the first one that was given back or whose
// worker has been silent for longer than s.Lease, with its number and its point; else
// the next unused number below the study's total. With batch > 0 a new number n is
// assigned only when all trials below n/batch*batch are done.
//
// The error is [ErrWait] if there is nothing to do now but other trials still run, and
// [ErrFinished] if all are done. The worker's name (1 to 200 printable characters) is
// for people to read; two workers may share one.
//
// ctx is also the parent of the lease's context, so it must outlive the trial.
func (s *Study) Claim(ctx context.Context, worker string, batch int) (*Lease, error) {
	if err := CheckWorker(worker); err != nil {
		return nil, err
	}
	if s.Lease <= 0 {
		return nil, fmt.Errorf("study: a lease of %v", s.Lease)
	}
	l := &Lease{study: s, token: rand.Text()}
	err := s.db.retry(ctx, "claim", func(ctx context.Context) error {
		return s.db.tx(ctx, func(tx *sql.Tx) error { return s.claim(ctx, tx, l, worker, batch) })
	})
	if err != nil {
		return nil, err
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l, nil
}

// claim fills l's number, attempt and point.
func (s *Study) claim(ctx context.Context, tx *sql.Tx, l *Lease, worker string, batch int) error {
	row := func(query string, args ...any) *sql.Row {
		return tx.QueryRowContext(ctx, s.db.dialect.sql(query), args...)
	}
	// One claim at a time. Once we hold the lock, an earlier attempt of this same
	// claim has ended, successfully or not.
	var total int
	if err := row(`SELECT trials FROM hass_study WHERE id = $1{for update}`, s.id).Scan(&total); err != nil {
		return s.noRows(err)
	}
	var point sql.NullString
	take := func(r *sql.Row) error {
		err := r.Scan(&l.Number, &l.Attempt, &point)
		if err == nil {
			l.Point, err = stored(l.Number, "point", point)
		}
		return err
	}
	// The answer to an earlier attempt was lost, but its effect was not.
	err := take(row(`UPDATE hass_trial SET beat = {now} WHERE study = $1 AND token = $2 AND state = 'running'
		RETURNING number, attempt, point`, s.id, l.token))
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	// The outer condition is checked again after waiting for the row: meanwhile
	// its owner may have sent a heartbeat or finished, and then the trial is not
	// ours.
	const dead = `state = 'running' AND (beat = 0 OR {seen} < {now} - $2)`
	err = take(row(`UPDATE hass_trial
		SET attempt = attempt + 1, token = $3, worker = $4, started = {now}, beat = {now}
		WHERE study = $1 AND `+dead+` AND
			number = (SELECT min(number) FROM hass_trial WHERE study = $1 AND `+dead+`)
		RETURNING number, attempt, point`, s.id, s.Lease.Milliseconds(), l.token, worker))
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	// Numbers are assigned in order and never taken back.
	var next int
	if err := row(`SELECT coalesce(max(number) + 1, 0) FROM hass_trial WHERE study = $1`, s.id).Scan(&next); err != nil {
		return err
	}
	before := next // all below must be done: for a new number, or for the end
	if next < total {
		before = 0
		if batch > 0 {
			before = next / batch * batch
		}
	}
	var done int
	if err := row(`SELECT count(*) FROM hass_trial WHERE study = $1 AND state = 'done' AND number < $2`,
		s.id, before).Scan(&done); err != nil {
		return err
	}
	switch {
	case done < before:
		return ErrWait
	case next >= total:
		return ErrFinished
	}
	return take(row(`INSERT INTO hass_trial (study, number, state, attempt, token, worker, started, beat)
		VALUES ($1, $2, 'running', 1, $3, $4, {now}, {now})
		RETURNING number, attempt, point`, s.id, next, l.token, worker))
}

// Note returns the value that some worker stored under key, or [ErrNotFound].
func (s *Study) Note(ctx context.Context, key string) ([]byte, error) {
	if err := checkName("note's key", key); err != nil {
		return nil, err
	}
	var value []byte
	err := s.db.retry(ctx, "note", func(ctx context.Context) error { return s.note(ctx, key, &value) })
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w: note %q", ErrNotFound, key)
	}
	if err != nil {
		return nil, err
	}
	return value, nil
}

func (s *Study) note(ctx context.Context, key string, value *[]byte) error {
	return s.db.sql.QueryRowContext(ctx, `SELECT value FROM hass_note WHERE study = $1 AND key = $2`, s.id, key).Scan(value)
}

// SetNote stores value under key (1 to 200 printable characters) unless there is one,
// and returns the stored value: all workers see the first one's.
func (s *Study) SetNote(ctx context.Context, key string, value []byte) ([]byte, error) {
	if err := checkName("note's key", key); err != nil {
		return nil, err
	}
	if value == nil {
		value = []byte{} // nil would be NULL
	}
	var got []byte
	err := s.db.retry(ctx, "set note", func(ctx context.Context) error {
		_, err := s.db.sql.ExecContext(ctx, `INSERT INTO hass_note (study, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (study, key) DO NOTHING`, s.id, key, value)
		if err != nil {
			return err
		}
		return s.note(ctx, key, &got)
	})
	if err != nil {
		return nil, err
	}
	return got, nil
}
