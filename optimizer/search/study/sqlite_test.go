package study

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Files that are not ours are refused and not changed.
func TestNotOurs(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	check(t, err)
	_, err = db.Exec(`PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)`)
	check(t, err)
	check(t, db.Close())
	b, err := os.ReadFile(foreign)
	check(t, err)
	for name, content := range map[string][]byte{
		"sqlite": b,
		"text":   []byte("some notes of mine\n"),
		"zeros":  make([]byte, 8192),
		"header": []byte("SQLite format 3\x00"),
	} {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, content, 0o666))
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "not a study database") {
			t.Errorf("%s: error is %v", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, content) {
			t.Errorf("%s was changed", name)
		}
		if more, _ := filepath.Glob(path + "-*"); len(more) > 0 {
			t.Error("left behind", more)
		}
	}
	for _, path := range []string{"", dir, filepath.Join(dir, "none", "x.db"), filepath.Join(foreign, "x")} {
		if d, err := Open(t.Context(), path); err == nil {
			d.Close()
			t.Errorf("%q: no error", path)
		}
	}
	// An empty file is as good as none.
	empty := filepath.Join(dir, "empty")
	check(t, os.WriteFile(empty, nil, 0o666))
	open(t, empty)
}

// A damaged file gives errors, or perhaps data, but neither panics nor waits.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.db")
	s := create(t, path, 60)
	for range 50 {
		l := claim(t, s, "w")
		check(t, l.SetPoint(t.Context(), raw(`{"x": %q}`, strings.Repeat("p", 100))))
		check(t, l.Finish(t.Context(), raw(`{"y": %d}`, l.Number)))
	}
	check(t, s.db.Close())
	good, err := os.ReadFile(path)
	check(t, err)

	use := func(name string, content []byte) (err error) {
		path := filepath.Join(dir, name)
		defer func() {
			if err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("%s: the error does not name the file: %v", name, err)
			}
		}()
		check(t, os.WriteFile(path, content, 0o666))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		d, err := Open(ctx, path)
		if err != nil {
			return err
		}
		defer d.Close()
		d.RetryFor = 100 * time.Millisecond
		s, err := d.Load(ctx, "s")
		if err != nil {
			return err
		}
		if _, err := s.Trials(ctx); err != nil {
			return err
		}
		l, err := s.Claim(ctx, "w", 0)
		if err != nil {
			return err
		}
		return l.Finish(ctx, raw(`1`))
	}
	if err := use("good", good); err != nil {
		t.Fatal(err)
	}
	page := 4096
	wipe := func(from, to int) []byte {
		b := bytes.Clone(good)
		for i := from; i < to; i++ {
			b[i] = 0xa5
		}
		return b
	}
	for name, b := range map[string][]byte{
		"first page lost": wipe(0, page),
		"schema lost":     wipe(100, page),
		"pages lost":      wipe(page, len(good)),
		"last page lost":  wipe(len(good)-page, len(good)),
		"cut":             good[:len(good)/2],
		"cut in a page":   good[:len(good)-page/2],
		"state":           bytes.Replace(good, []byte("done"), []byte("gone"), -1),
		"JSON":            bytes.Replace(good, []byte(`{"y": 7}`), []byte(`{"y": 7]`), -1),
	} {
		if err := use(name, b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for i := range 60 {
		b := bytes.Clone(good)
		for range 1 + i%8 {
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		if use(fmt.Sprint("random", i), b) != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no random damage was noticed")
	}
}

// A claim outwaits another process that holds the file's lock, for longer than SQLite
// itself would wait.
func TestLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s := create(t, path, 1)
	_, err := s.db.sql.Exec(`PRAGMA busy_timeout = 50`)
	check(t, err)
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	check(t, err)
	defer db.Close()
	tx, err := db.Begin()
	check(t, err)
	s.db.RetryFor = 200 * time.Millisecond
	if _, err := s.Claim(t.Context(), "w", 0); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Fatal("while the file is locked:", err)
	}
	s.db.RetryFor = time.Minute
	time.AfterFunc(300*time.Millisecond, func() { tx.Rollback() })
	claim(t, s, "w")
}

// What durability rests on.
func TestPragmas(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "s.db"))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1",
		"application_id": fmt.Sprint(applicationID),
	} {
		var got string
		if err := d.sql.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s; %v", pragma, got, want, err)
		}
	}
}
