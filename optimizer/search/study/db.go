package study

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"hass/internal/userfile"
)

// Errors that callers may want to distinguish with errors.Is. Every other error
// of a method is a fault of the database, the connection or the arguments.
var (
	// ErrExists: a study of this name already exists.
	ErrExists = errors.New("study: exists already")
	// ErrNotFound: no study, or no note, of this name.
	ErrNotFound = errors.New("study: not found")
	// ErrWait: no trial to claim now, but there may be one later.
	ErrWait = errors.New("study: no trial free at the moment")
	// ErrFinished: all trials of the study are done.
	ErrFinished = errors.New("study: all trials are done")
	// ErrLost: the trial was given to another worker, or given back.
	ErrLost = errors.New("study: the trial was taken over")
)

var sentinels = []error{ErrExists, ErrNotFound, ErrWait, ErrFinished, ErrLost}

const (
	defaultRetry = 2 * time.Minute
	// openRetry is shorter: no work can be lost yet, and the likeliest reason is a
	// mistyped address.
	openRetry = 10 * time.Second
	// attemptTime bounds one attempt, because a dead connection may not report an
	// error.
	attemptTime = 30 * time.Second
	// busyTime is the time that SQLite itself waits for another process's lock.
	busyTime = 5 * time.Second
)

// DB is an open database of studies. Its methods, and those of the values it returns,
// may be called from several goroutines.
type DB struct {
	// RetryFor is the time for which an operation is retried while the connection is
	// lost, the server restarts or the database is locked; 2 minutes by default. Set
	// it before using the DB.
	RetryFor time.Duration

	sql     *sql.DB
	dialect *dialect
	place   string   // of the database, for errors: the file, or PostgreSQL
	secrets []string // never to appear in an error
}

// Info is a line of the list of studies.
type Info struct {
	Name    string
	Created time.Time
	Total   int // number of trials of the study
	Done    int // trials finished
	Running int // claimed, but neither finished nor given back; their workers may be dead
}

// Open opens the database at location: a path (SQLite) or a URL that starts with
// postgres:// or postgresql://. A file, or the tables in PostgreSQL, are created if
// absent; an empty file counts as absent.
//
// An existing file that is not a study database is an error and is not changed; the
// same holds for a schema newer than this program's. No error contains the URL's
// password. Connecting to an unreachable server is retried for 10 s.
//
// A SQLite file may be used by several processes of one machine, not over a network
// file system.
func Open(ctx context.Context, location string) (*DB, error) {
	var d *DB
	var err error
	if strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://") {
		d, err = openPostgres(location)
	} else {
		d, err = openSQLite(location)
	}
	if err != nil {
		return nil, err
	}
	if err := d.retryFor(ctx, "open", openRetry, attemptTime, d.prepare); err != nil {
		d.sql.Close()
		return nil, err
	}
	d.RetryFor = defaultRetry
	return d, nil
}

func openPostgres(location string) (*DB, error) {
	d := &DB{dialect: &postgresDialect, place: "in PostgreSQL", secrets: secretsOf(location)}
	why := "not a valid URL (special characters in user and password must be %-encoded)"
	if before, _, _ := strings.Cut(location, "?"); strings.Count(before, "@") > 1 {
		// Part of the password would be taken for the host and looked up.
		return nil, fmt.Errorf("study: PostgreSQL URL: %s", why)
	}
	cfg, err := pgx.ParseConfig(location)
	if err != nil {
		// pgx's own text repeats the URL, and so does net/url's.
		if inner := errors.Unwrap(err); inner != nil && !errors.As(inner, new(*url.Error)) {
			why = d.clean(inner).Error()
		}
		return nil, fmt.Errorf("study: PostgreSQL URL: %s", why)
	}
	if cfg.Password != "" {
		d.secrets = append(d.secrets, cfg.Password)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	d.sql = stdlib.OpenDB(*cfg)
	// A server has about 100 connections for all workers together; ours are idle
	// nearly all the time, so they are given back.
	d.sql.SetMaxOpenConns(4)
	d.sql.SetMaxIdleConns(1)
	d.sql.SetConnMaxIdleTime(time.Minute)
	return d, nil
}

// secretsOf finds passwords in a URL that may be malformed.
func secretsOf(location string) []string {
	var s []string
	_, rest, _ := strings.Cut(location, "://")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if _, pw, ok := strings.Cut(rest[:at], ":"); ok {
			s = append(s, pw)
		}
	}
	if _, query, ok := strings.Cut(rest, "?"); ok {
		for kv := range strings.SplitSeq(query, "&") {
			if k, v, _ := strings.Cut(kv, "="); strings.Contains(strings.ToLower(k), "password") {
				s = append(s, v)
			}
		}
	}
	for _, v := range s {
		if u, err := url.PathUnescape(v); err == nil {
			s = append(s, u)
		}
		if u, err := url.QueryUnescape(v); err == nil {
			s = append(s, u)
		}
	}
	return slices.DeleteFunc(s, func(v string) bool { return v == "" })
}

func openSQLite(path string) (*DB, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, fmt.Errorf("study: %q is not a file name", path)
	}
	given := path
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("study %s: %w", given, err)
	}
	if err := checkFile(path); err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTime.Milliseconds()),
		"synchronous(FULL)", // WAL's default in other builds, NORMAL, may lose the last commits with the power
		"foreign_keys(1)",
	}}
	db, err := sql.Open("sqlite", "file://"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("study %s: %w", given, err)
	}
	// One connection: goroutines of this process then queue up, instead of polling
	// for SQLite's lock.
	db.SetMaxOpenConns(1)
	return &DB{dialect: &sqliteDialect, place: given, sql: db}, nil
}

// checkFile checks a file's header without SQLite, because SQLite would recover
// journals, and so write to a file that is not ours.
func checkFile(path string) error {
	f, _, err := userfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("study: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("study: %w", err)
	}
	defer f.Close()
	var h [100]byte
	n, err := io.ReadFull(f, h[:])
	if n == 0 && err == io.EOF {
		return nil
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		return fmt.Errorf("study: %w", err)
	}
	if string(h[:16]) == "SQLite format 3\x00" && binary.BigEndian.Uint32(h[68:]) == applicationID {
		return nil
	}
	// A power cut while the file was created leaves it unwritten beside its
	// journal, from which SQLite makes it empty again.
	if _, err := os.Stat(path + "-journal"); err == nil && h == [100]byte{} {
		return nil
	}
	return fmt.Errorf("study: %s is not a study database", path)
}

// prepare creates the tables if necessary and checks existing ones.
func (d *DB) prepare(ctx context.Context) error {
	there := func(q interface {
		QueryRowContext(context.Context, string, ...any) *sql.Row
	}) (n int, err error) {
		err = q.QueryRowContext(ctx, d.dialect.exists).Scan(&n)
		return n, err
	}
	n, err := there(d.sql)
	if err != nil {
		return err
	}
	if n == 0 {
		err := d.tx(ctx, func(tx *sql.Tx) error {
			if d.dialect.lock != "" {
				if _, err := tx.ExecContext(ctx, d.dialect.lock); err != nil {
					return err
				}
			}
			if n, err := there(tx); err != nil || n > 0 {
				return err // another worker was faster
			}
			for _, s := range d.dialect.create {
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	var version int
	if err := d.sql.QueryRowContext(ctx, `SELECT version FROM hass_schema`).Scan(&version); err != nil {
		return fmt.Errorf("schema version: %w", err)
	}
	if version > schemaVersion {
		return fmt.Errorf("the database has schema version %d, this program knows up to %d: use a newer program", version, schemaVersion)
	}
	if version < 1 {
		return fmt.Errorf("the database has schema version %d, which never was", version)
	}
	if d.dialect == &sqliteDialect {
		return d.prepareSQLite(ctx)
	}
	return nil
}

func (d *DB) prepareSQLite(ctx context.Context) error {
	// After the tables are created: until then only the file's header identifies its
	// owner.
	var s string
	if err := d.sql.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&s); err != nil {
		return err
	}
	// A study has a few thousand short rows. Checking all of them takes
	// milliseconds, and hours of search must not be added to a damaged file.
	if err := d.sql.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&s); err != nil {
		return err
	}
	if s != "ok" {
		return fmt.Errorf("the file is damaged: %s", s)
	}
	return nil
}

// Close closes the database. Leases held stay held until they expire.
func (d *DB) Close() error {
	return d.sql.Close()
}

// List returns all studies by name.
func (d *DB) List(ctx context.Context) ([]Info, error) {
	var list []Info
	err := d.retry(ctx, "list", func(ctx context.Context) error {
		list = nil
		rows, err := d.sql.QueryContext(ctx, `
			SELECT s.name, s.created, s.trials,
				count(CASE WHEN t.state = 'done' THEN 1 END),
				count(CASE WHEN t.state = 'running' AND t.beat > 0 THEN 1 END)
			FROM hass_study s LEFT JOIN hass_trial t ON t.study = s.id
			GROUP BY s.id, s.name, s.created, s.trials`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var i Info
			var created int64
			if err := rows.Scan(&i.Name, &created, &i.Total, &i.Done, &i.Running); err != nil {
				return err
			}
			i.Created = time.UnixMilli(created)
			list = append(list, i)
		}
		return rows.Err()
	})
	// Sorted here, as PostgreSQL's order depends on its locale.
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// Create makes a study with its configuration (JSON, stored byte for byte) and the
// number of its trials, at least 1. A name has 1 to 200 printable characters. The
// error is [ErrExists] if there is a study of this name.
func (d *DB) Create(ctx context.Context, name string, config []byte, trials int) (*Study, error) {
	if err := checkName("study name", name); err != nil {
		return nil, err
	}
	if !json.Valid(config) {
		return nil, fmt.Errorf("study: the configuration of %q is not JSON", name)
	}
	if trials < 1 {
		return nil, fmt.Errorf("study: %d trials", trials)
	}
	s := &Study{Lease: DefaultLease, db: d, name: name, config: slices.Clone(config)}
	// The token identifies our own study if the answer to an earlier attempt was lost.
	token, got := rand.Text(), ""
	err := d.retry(ctx, "create", func(ctx context.Context) error {
		_, err := d.sql.ExecContext(ctx, d.dialect.sql(`
			INSERT INTO hass_study (name, token, config, trials, created) VALUES ($1, $2, $3, $4, {now})
			ON CONFLICT (name) DO NOTHING`), name, token, s.config, trials)
		if err != nil {
			return err
		}
		return d.sql.QueryRowContext(ctx, `SELECT id, token FROM hass_study WHERE name = $1`, name).Scan(&s.id, &got)
	})
	if err == nil && got != token {
		err = fmt.Errorf("%w: %q", ErrExists, name)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Load returns the study of this name, or [ErrNotFound].
func (d *DB) Load(ctx context.Context, name string) (*Study, error) {
	if err := checkName("study name", name); err != nil {
		return nil, err
	}
	s := &Study{Lease: DefaultLease, db: d, name: name}
	err := d.retry(ctx, "load", func(ctx context.Context) error {
		return d.sql.QueryRowContext(ctx, `SELECT id, config FROM hass_study WHERE name = $1`, name).Scan(&s.id, &s.config)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w: %q", ErrNotFound, name)
	} else if err == nil && !json.Valid(s.config) {
		err = fmt.Errorf("study %s: the stored configuration of %q is not JSON", d.place, name)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// CheckWorker says whether a worker may have this name: 1 to 200 printable characters.
func CheckWorker(name string) error { return checkName("worker name", name) }

// checkName keeps names fit for a terminal and for PostgreSQL, which takes neither
// NUL nor broken UTF-8.
func checkName(what, s string) error {
	n := utf8.RuneCountInString(s)
	if n < 1 || n > 200 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("study: a %s has 1 to 200 printable characters, got %d: %.200q", what, n, s)
	}
	return nil
}

// checkJSON is stricter than json.Valid, which passes broken UTF-8.
func checkJSON(what string, b []byte) error {
	if !json.Valid(b) || !utf8.Valid(b) {
		return fmt.Errorf("study: a %s that is not JSON: %.100q", what, b)
	}
	return nil
}

// tx runs f in a transaction; f's error rolls it back.
func (d *DB) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.sql.BeginTx(ctx, &sql.TxOptions{Isolation: d.dialect.isolation})
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if d.dialect.begin != "" {
		if _, err := tx.ExecContext(ctx, d.dialect.begin); err != nil {
			return err
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (d *DB) retry(ctx context.Context, what string, f func(context.Context) error) error {
	return d.retryFor(ctx, what, d.RetryFor, attemptTime, f)
}

// retryFor calls f until it succeeds, fails permanently, or has failed for the
// given time. f may be called again although its previous call was carried out, so
// it must recognise its own effects.
func (d *DB) retryFor(ctx context.Context, what string, total, attempt time.Duration, f func(context.Context) error) error {
	start := time.Now()
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		actx, cancel := context.WithTimeout(ctx, attempt)
		err := f(actx)
		expired := actx.Err() != nil
		cancel()
		if err == nil {
			return nil
		}
		if slices.ContainsFunc(sentinels, func(s error) bool { return errors.Is(err, s) }) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("study %s: %s: %w", d.place, what, ctx.Err())
		}
		if !expired && !transient(err) {
			return fmt.Errorf("study %s: %s: %w", d.place, what, d.clean(err))
		}
		if past := time.Since(start); past+wait > total {
			return fmt.Errorf("study %s: %s: gave up after %v: %w", d.place, what, past.Round(time.Millisecond), d.clean(err))
		}
		// Workers that lost the same server should not retry in step.
		select {
		case <-time.After(wait/2 + mathrand.N(wait/2)):
		case <-ctx.Done():
			return fmt.Errorf("study %s: %s: %w (while trying again after: %v)", d.place, what, ctx.Err(), d.clean(err))
		}
	}
}

// transient reports whether the same operation may succeed later without intervention.
func transient(err error) bool {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
			return true
		}
		return false
	}
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		switch e.Code {
		case "57P01", "57P02", "57P03", // shut down, crashed, starting up
			"57P05", "25P03", // idle session, idle transaction ended
			"53300",                   // too many connections
			"40001", "40P01", "55P03": // serialization, deadlock, lock timeout
			return true
		}
		return strings.HasPrefix(e.Code, "08") // connection
	}
	for _, t := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF,
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, t) {
			return true
		}
	}
	return errors.As(err, new(net.Error)) || pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}

// clean removes passwords from an error; the error's chain goes with them.
func (d *DB) clean(err error) error {
	text := err.Error()
	for _, s := range d.secrets {
		pattern := regexp.QuoteMeta(s)
		if shortWord.MatchString(s) {
			pattern = `\b` + pattern + `\b` // "a" is in every sentence
		}
		text = regexp.MustCompile(pattern).ReplaceAllLiteralString(text, "xxxxx")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

var shortWord = regexp.MustCompile(`^\w{1,5}$`)
