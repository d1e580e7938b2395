package study

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// both runs f for each kind of database, at a separate empty location.
func both(t *testing.T, f func(t *testing.T, location string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, filepath.Join(t.TempDir(), "a b?c%20#.db")) // a name that an URI must escape
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, postgresSchema(t))
	})
}

// postgresSchema makes a schema for one test and returns the URL that uses it, with
// the schema's name as application_name too.
func postgresSchema(t *testing.T) string {
	base := os.Getenv("HASS_POSTGRES")
	if base == "" {
		t.Skip("HASS_POSTGRES is not set: no PostgreSQL (make test-postgres brings one)")
	}
	name := fmt.Sprintf("hass_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	admin(t, "CREATE SCHEMA "+name)
	t.Cleanup(func() { admin(t, "DROP SCHEMA "+name+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("HASS_POSTGRES is not a URL")
	}
	q := u.Query()
	q.Set("search_path", name)
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// admin runs one statement over a separate connection.
func admin(t *testing.T, statement string, args ...any) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), os.Getenv("HASS_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(context.Background(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, location string) *DB {
	t.Helper()
	d, err := Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// create opens location and makes study "s".
func create(t *testing.T, location string, trials int) *Study {
	t.Helper()
	s, err := open(t, location).Create(t.Context(), "s", []byte(`{}`), trials)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t *testing.T, location string) *Study {
	t.Helper()
	s, err := open(t, location).Load(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func claim(t *testing.T, s *Study, worker string) *Lease {
	t.Helper()
	l, err := s.Claim(t.Context(), worker, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error is %v, want %v", got, want)
	}
}

func raw(format string, args ...any) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(format, args...))
}

func TestLife(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		before := time.Now().Add(-time.Minute) // the server's clock may be another
		d := open(t, location)
		config := []byte("{\n \"b\": 1.50, \"a\": \"ä\"}")
		s, err := d.Create(ctx, "a study: ä", config, 2)
		check(t, err)
		_, err = d.Create(ctx, "a study: ä", []byte(`{}`), 5)
		wantErr(t, err, ErrExists)
		_, err = d.Load(ctx, "another")
		wantErr(t, err, ErrNotFound)
		other, err := d.Create(ctx, "Z", []byte(`[]`), 1)
		check(t, err)

		l0 := claim(t, s, "w")
		if l0.Number != 0 || l0.Attempt != 1 || l0.Point != nil {
			t.Fatalf("first lease: %+v", l0)
		}
		check(t, l0.SetPoint(ctx, raw(`{"x": [1, 2.50]}`)))
		l1 := claim(t, s, "w")
		_, err = s.Claim(ctx, "w", 0)
		wantErr(t, err, ErrWait)
		check(t, l0.Finish(ctx, raw(`{"y": 1}`)))
		if l0.Context().Err() == nil || errors.Is(context.Cause(l0.Context()), ErrLost) {
			t.Fatal("a finished lease has context cause", context.Cause(l0.Context()))
		}
		check(t, l0.Beat(ctx))
		_, err = s.Claim(ctx, "w", 0)
		wantErr(t, err, ErrWait)

		list, err := d.List(ctx)
		check(t, err)
		for i := range list {
			if c := list[i].Created; c.Before(before) || c.After(before.Add(2*time.Minute)) {
				t.Errorf("created at %v", c)
			}
			list[i].Created = time.Time{}
		}
		if want := []Info{{Name: "Z", Total: 1}, {Name: "a study: ä", Total: 2, Done: 1, Running: 1}}; !slices.Equal(list, want) {
			t.Fatalf("list is %+v, want %+v", list, want)
		}

		check(t, l1.Finish(ctx, raw(`null`)))
		_, err = s.Claim(ctx, "w", 0)
		wantErr(t, err, ErrFinished)
		check(t, s.Extend(ctx, 1)) // never lowers
		_, err = s.Claim(ctx, "w", 0)
		wantErr(t, err, ErrFinished)
		check(t, s.Extend(ctx, 4))
		check(t, s.Extend(ctx, 3))
		if n, err := s.Total(ctx); n != 4 || err != nil {
			t.Fatal(n, err)
		}
		if l := claim(t, s, "v"); l.Number != 2 {
			t.Fatal("after Extend, number", l.Number)
		}

		// Another process sees all trials.
		s2, err := open(t, location).Load(ctx, "a study: ä")
		check(t, err)
		if string(s2.Config()) != string(config) || s2.Name() != "a study: ä" {
			t.Fatalf("loaded %q with %q", s2.Name(), s2.Config())
		}
		all, err := s2.Trials(ctx)
		check(t, err)
		done, err := s2.Done(ctx)
		check(t, err)
		if len(all) != 3 || len(done) != 2 {
			t.Fatalf("%d trials, %d done", len(all), len(done))
		}
		var got []string
		for _, a := range all {
			if a.Started.Before(before) || (a.State == Done) == a.Ended.IsZero() || a.State == Done && a.Ended.Before(a.Started) {
				t.Errorf("trial %d, %s: from %v to %v", a.Number, a.State, a.Started, a.Ended)
			}
			got = append(got, fmt.Sprintf("%d %s %s %s %s %d", a.Number, a.State, a.Point, a.Result, a.Worker, a.Attempt))
		}
		want := []string{`0 done {"x": [1, 2.50]} {"y": 1} w 1`, `1 done  null w 1`, `2 running   v 1`}
		if !slices.Equal(got, want) {
			t.Fatalf("trials are %q, want %q", got, want)
		}
		if none, err := other.Trials(ctx); len(none) != 0 || err != nil {
			t.Fatal("the other study has trials:", none, err)
		}
	})
}

func TestArguments(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		s := create(t, location, 3)
		l := claim(t, s, "w")
		claimBy := func(w string) error { _, err := s.Claim(ctx, w, 0); return err }
		createOf := func(name, config string, n int) error {
			_, err := s.db.Create(ctx, name, []byte(config), n)
			return err
		}
		for name, err := range map[string]error{
			"empty name":         createOf("", "{}", 1),
			"long name":          createOf(strings.Repeat("x", 201), "{}", 1),
			"newline":            createOf("a\nb", "{}", 1),
			"NUL":                createOf("a\x00b", "{}", 1),
			"broken UTF-8":       createOf("a\xffb", "{}", 1),
			"no JSON":            createOf("a", "{", 1),
			"no trials":          createOf("a", "{}", 0),
			"worker's name":      claimBy("a\x1b[2J"),
			"point":              l.SetPoint(ctx, raw(`{x}`)),
			"result, nil":        l.Finish(ctx, nil),
			"result, not UTF-8":  l.Finish(ctx, raw("\"\xff\"")),
			"note's key":         func() error { _, err := s.Note(ctx, ""); return err }(),
			"note's key, stored": func() error { _, err := s.SetNote(ctx, "\x00", nil); return err }(),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		// Names are data, not SQL.
		for _, name := range []string{strings.Repeat("ä", 200), `'); DROP TABLE hass_trial; --`, `"$1" ?1 %s`} {
			check(t, createOf(name, "{}", 1))
			if s, err := s.db.Load(ctx, name); err != nil || s.Name() != name {
				t.Error(name, err)
			}
		}
		if all, err := s.Trials(ctx); err != nil || len(all) != 1 {
			t.Error(all, err)
		}
	})
}

// Eight goroutines over four connections' worth of databases take 40 trials.
func TestEachNumberOnce(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		const trials = 40
		create(t, location, trials)
		var mu sync.Mutex
		got := map[int]int{}
		var wg sync.WaitGroup
		for i := range 4 {
			s := load(t, location)
			for j := range 2 {
				wg.Go(func() {
					for {
						l, err := s.Claim(t.Context(), fmt.Sprint("w", i, j), 0)
						switch {
						case errors.Is(err, ErrFinished):
							return
						case errors.Is(err, ErrWait):
							time.Sleep(5 * time.Millisecond)
							continue
						case err != nil:
							t.Error(err)
							return
						}
						mu.Lock()
						got[l.Number]++
						mu.Unlock()
						if err := l.Finish(t.Context(), raw("%d", l.Number)); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		for n := range trials {
			if got[n] != 1 {
				t.Errorf("trial %d was given out %d times", n, got[n])
			}
		}
		if len(got) != trials {
			t.Errorf("%d numbers", len(got))
		}
		allDone(t, load(t, location), trials)
	})
}

// allDone checks that trials 0..n-1 are done at the first attempt with their number
// as the result.
func allDone(t *testing.T, s *Study, n int) {
	t.Helper()
	done, err := s.Done(t.Context())
	check(t, err)
	if len(done) != n {
		t.Errorf("%d trials are done, want %d", len(done), n)
	}
	for i, d := range done {
		if d.Number != i || string(d.Result) != fmt.Sprint(i) || d.Attempt != 1 {
			t.Errorf("place %d: trial %d, attempt %d, result %s", i, d.Number, d.Attempt, d.Result)
		}
	}
}

func TestTakeover(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		s := create(t, location, 3)
		s2 := load(t, location)
		old := claim(t, s, "old")
		check(t, old.SetPoint(ctx, raw(`[7]`)))
		if l := claim(t, s2, "new"); l.Number != 1 {
			t.Fatal("a live worker's trial was taken over")
		} else {
			check(t, l.Finish(ctx, raw(`1`)))
		}
		s2.Lease = 300 * time.Millisecond
		time.Sleep(s2.Lease + 50*time.Millisecond)
		l := claim(t, s2, "new")
		if l.Number != 0 || l.Attempt != 2 || string(l.Point) != `[7]` {
			t.Fatalf("lease is trial %d, attempt %d, point %s", l.Number, l.Attempt, l.Point)
		}
		if err := old.Context().Err(); err != nil {
			t.Fatal("the old worker cannot know yet:", err)
		}
		wantErr(t, old.SetPoint(ctx, raw(`[8]`)), ErrLost)
		wantErr(t, old.Beat(ctx), ErrLost)
		wantErr(t, old.Finish(ctx, raw(`"old"`)), ErrLost)
		wantErr(t, context.Cause(old.Context()), ErrLost)
		check(t, old.Release(ctx)) // and leaves the new owner alone
		check(t, l.Finish(ctx, raw(`"new"`)))
		wantErr(t, old.Finish(ctx, raw(`"old"`)), ErrLost)
		all, err := s.Trials(ctx)
		check(t, err)
		if a := all[0]; string(a.Result) != `"new"` || a.Worker != "new" || string(a.Point) != `[7]` || a.Attempt != 2 || a.State != Done {
			t.Fatalf("trial 0: %+v", a)
		}
	})
}

func TestKeepAlive(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		s := create(t, location, 1)
		s.Lease = 200 * time.Millisecond
		s2 := load(t, location)
		s2.Lease = 800 * time.Millisecond // much more than a heartbeat, on a busy machine too
		l := claim(t, s, "a")
		stop := l.KeepAlive(t.Context())
		for end := time.Now().Add(s2.Lease * 3 / 2); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if _, err := s2.Claim(t.Context(), "b", 0); !errors.Is(err, ErrWait) {
				t.Fatal("while the worker beats:", err)
			}
		}
		stop()
		s2.Lease = 200 * time.Millisecond
		time.Sleep(s2.Lease + 50*time.Millisecond)
		if l := claim(t, s2, "b"); l.Attempt != 2 {
			t.Fatal("attempt", l.Attempt)
		}
		// The next heartbeat finds out.
		defer l.KeepAlive(t.Context())()
		select {
		case <-l.Context().Done():
			wantErr(t, context.Cause(l.Context()), ErrLost)
		case <-time.After(5 * time.Second):
			t.Fatal("the lost lease's context goes on")
		}
	})
}

func TestBatch(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		s := create(t, location, 8)
		leases := map[int]*Lease{}
		// n: claims trial n in batches of 3; -1: finds none; 100+n: finishes n;
		// 200+n: gives n back.
		for i, step := range []int{0, 1, 2, -1, 102, 101, -1, 200, 0, -1, 100, 3, 4, 5, -1, 103, 105, -1, 104, 6, 7, -1} {
			switch {
			case step >= 200:
				check(t, leases[step-200].Release(ctx))
			case step >= 100:
				check(t, leases[step-100].Finish(ctx, raw(`0`)))
			default:
				l, err := s.Claim(ctx, "w", 3)
				if step < 0 {
					wantErr(t, err, ErrWait)
					continue
				}
				check(t, err)
				if l.Number != step {
					t.Fatalf("step %d: got trial %d, want %d", i, l.Number, step)
				}
				leases[l.Number] = l
			}
		}
		// Without batches the extension is there at once.
		check(t, s.Extend(ctx, 10))
		_, err := s.Claim(ctx, "w", 3)
		check(t, err) // 8 is of the batch 6..8
		_, err = s.Claim(ctx, "w", 3)
		wantErr(t, err, ErrWait)
		if l := claim(t, s, "w"); l.Number != 9 {
			t.Fatal(l.Number)
		}
	})
}

func TestRelease(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		s := create(t, location, 1)
		l := claim(t, s, "a")
		check(t, l.SetPoint(ctx, raw(`1`)))
		check(t, l.Release(ctx))
		check(t, l.Release(ctx))
		if l.Context().Err() == nil {
			t.Error("the context goes on")
		}
		list, err := s.db.List(ctx)
		check(t, err)
		if list[0].Running != 0 {
			t.Errorf("%+v", list[0])
		}
		wantErr(t, l.Finish(ctx, raw(`"late"`)), ErrLost)
		m := claim(t, s, "b")
		if m.Number != 0 || m.Attempt != 2 || string(m.Point) != "1" {
			t.Fatalf("%+v", m)
		}
		check(t, m.Finish(ctx, raw(`"b"`)))
		check(t, m.Release(ctx)) // does nothing
		wantErr(t, l.Finish(ctx, raw(`"late"`)), ErrLost)
		done, err := s.Done(ctx)
		check(t, err)
		if len(done) != 1 || string(done[0].Result) != `"b"` || done[0].Worker != "b" {
			t.Fatalf("%+v", done)
		}
	})
}

// What a retry finds when an earlier attempt was carried out and its answer lost.
func TestRepeated(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		s := create(t, location, 2)
		l := claim(t, s, "w")
		again := &Lease{study: s, token: l.token}
		err := s.db.tx(ctx, func(tx *sql.Tx) error { return s.claim(ctx, tx, again, "w", 0) })
		if err != nil || again.Number != 0 || again.Attempt != 1 {
			t.Fatalf("the same claim again: trial %d, attempt %d, %v", again.Number, again.Attempt, err)
		}
		if all, err := s.Trials(ctx); err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		check(t, l.Finish(ctx, raw(`1`)))
		check(t, l.Finish(ctx, raw(`1`)))
		check(t, l.Finish(ctx, raw(`2`)))
		if done, err := s.Done(ctx); err != nil || len(done) != 1 || string(done[0].Result) != "1" {
			t.Fatal(done, err)
		}
	})
}

func TestNote(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		ctx := t.Context()
		s := create(t, location, 1)
		_, err := s.Note(ctx, "k")
		wantErr(t, err, ErrNotFound)
		got := make([]string, 8)
		var wg sync.WaitGroup
		for i := range got {
			s := s
			if i%2 == 1 {
				s = load(t, location)
			}
			wg.Go(func() {
				v, err := s.SetNote(ctx, "k", fmt.Appendf(nil, "\x00\xff%d", i))
				if err != nil {
					t.Error(err)
				}
				got[i] = string(v)
			})
		}
		wg.Wait()
		v, err := s.Note(ctx, "k")
		check(t, err)
		for _, g := range got {
			if g != string(v) || len(g) != 3 {
				t.Errorf("a worker got %q, stored is %q", g, v)
			}
		}
		for _, value := range [][]byte{nil, {}} {
			if v, err := s.SetNote(ctx, "empty", value); err != nil || len(v) != 0 {
				t.Error(v, err)
			}
		}
		if v, err := s.SetNote(ctx, "empty", []byte("x")); err != nil || len(v) != 0 {
			t.Error("an empty note was overwritten:", v, err)
		}
		other, err := s.db.Create(ctx, "other", []byte(`0`), 1)
		check(t, err)
		_, err = other.Note(ctx, "k")
		wantErr(t, err, ErrNotFound)
	})
}

func TestOpenTogether(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				d, err := Open(t.Context(), location)
				if err != nil {
					t.Error(err)
					return
				}
				defer d.Close()
				if _, err := d.Create(t.Context(), "s", []byte(`{}`), 1); err != nil && !errors.Is(err, ErrExists) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if list, err := open(t, location).List(t.Context()); err != nil || len(list) != 1 {
			t.Error(list, err)
		}
	})
}

func TestNewerSchema(t *testing.T) {
	both(t, func(t *testing.T, location string) {
		d := open(t, location)
		_, err := d.sql.ExecContext(t.Context(), `UPDATE hass_schema SET version = $1`, schemaVersion+1)
		check(t, err)
		if _, err := Open(t.Context(), location); err == nil || !strings.Contains(err.Error(), "newer program") {
			t.Fatal("error is", err)
		}
	})
}
