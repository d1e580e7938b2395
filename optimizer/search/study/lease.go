package study

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Lease is the right of one worker to evaluate one trial. It is valid while the
// worker sends heartbeats, and at least until another worker claims the trial.
type Lease struct {
	Number  int             // of the trial, from 0
	Attempt int             // 1 unless taken over
	Point   json.RawMessage // the proposal, if this or an earlier attempt has set one; else nil

	study  *Study
	token  string
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	ended bool // by Finish or Release
}

// Context is derived from that of Claim and ends with the lease: context.Cause is
// [ErrLost] if a write or a heartbeat found the trial taken over, and
// context.Canceled after Finish and Release.
func (l *Lease) Context() context.Context { return l.ctx }

// SetPoint stores the proposal, so that a worker that takes the trial over evaluates
// the same one. The error is [ErrLost] if the trial was taken over.
func (l *Lease) SetPoint(ctx context.Context, point json.RawMessage) error {
	if err := checkJSON("point", point); err != nil {
		return err
	}
	if err := l.write(ctx, "set point", attemptTime, `point = $5, beat = {now}`, string(point)); err != nil {
		return err
	}
	l.Point = point
	return nil
}

// Finish stores the result and marks the trial done, in one transaction: when it
// returns nil, both are on disk. The error is [ErrLost] if the trial was taken over.
// After any other error it may be repeated; once the trial was finished under this
// lease, repeating does nothing and the first result stays.
func (l *Lease) Finish(ctx context.Context, result json.RawMessage) error {
	if err := checkJSON("result", result); err != nil {
		return err
	}
	if err := l.write(ctx, "finish", attemptTime, `result = $5, state = 'done', beat = {now}, ended = {now}`, string(result)); err != nil {
		return err
	}
	l.end()
	return nil
}

// Beat sends one heartbeat. The error is [ErrLost] if the trial was taken over.
func (l *Lease) Beat(ctx context.Context) error {
	l.mu.Lock()
	ended := l.ended
	l.mu.Unlock()
	if ended {
		return nil
	}
	// A hanging connection must not use up the lease.
	return l.write(ctx, "heartbeat", max(l.study.Lease/4, time.Second), `beat = {now}`)
}

// Release gives the trial back, so that the next claim gets it at once, with its point
// if one was set. After Finish, and if the trial was taken over, it does nothing. If
// ctx belongs to an interrupted program, pass context.WithoutCancel(ctx).
func (l *Lease) Release(ctx context.Context) error {
	err := l.write(ctx, "release", attemptTime, `beat = 0, token = '', worker = ''`)
	if err != nil && !errors.Is(err, ErrLost) {
		return err
	}
	l.end()
	return nil
}

func (l *Lease) end() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.cancel(nil)
}

// write updates the trial if it is still ours. A trial that is ours and done is
// no error: an earlier attempt of the same call may have finished it.
func (l *Lease) write(ctx context.Context, what string, attempt time.Duration, set string, args ...any) error {
	s := l.study
	args = append([]any{s.id, l.Number, l.Attempt, l.token}, args...)
	what = fmt.Sprintf("%s of trial %d", what, l.Number)
	err := s.db.retryFor(ctx, what, s.db.RetryFor, attempt, func(ctx context.Context) error {
		r, err := s.db.sql.ExecContext(ctx, s.db.dialect.sql(`UPDATE hass_trial SET `+set+`
			WHERE study = $1 AND number = $2 AND attempt = $3 AND token = $4 AND state = 'running'`), args...)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 1 {
			return err
		}
		var one int
		err = s.db.sql.QueryRowContext(ctx, `SELECT 1 FROM hass_trial
			WHERE study = $1 AND number = $2 AND attempt = $3 AND token = $4 AND state = 'done'`, args[:4]...).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: trial %d, attempt %d", ErrLost, l.Number, l.Attempt)
		}
		return err
	})
	if errors.Is(err, ErrLost) {
		l.cancel(ErrLost)
	}
	return err
}

// KeepAlive beats every quarter of the lease time until ctx or l.Context() ends or
// stop is called; stop returns when the last heartbeat has. A trial found taken over
// ends l.Context(). An unreachable database does not: the result may still be stored
// when the database is back, unless another worker has taken the trial by then.
func (l *Lease) KeepAlive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(l.ctx, cancel)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(max(l.study.Lease/4, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				// A lost lease ends l.ctx and with it ctx; after any other error the
				// next tick tries again.
				_ = l.Beat(ctx)
			}
		}
	}()
	return func() {
		unhook()
		cancel()
		<-ended
	}
}
