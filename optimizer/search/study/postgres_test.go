package study

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// evaluate has four workers, each with its own database handle, take all trials of s;
// each takes some milliseconds, and none may be given out twice.
func evaluate(t *testing.T, location string, trials int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	given := make([]atomic.Int32, trials)
	var wg sync.WaitGroup
	for w := range 4 {
		s := load(t, location)
		wg.Go(func() {
			for {
				l, err := s.Claim(ctx, fmt.Sprint("w", w), 0)
				switch {
				case errors.Is(err, ErrFinished):
					return
				case errors.Is(err, ErrWait):
					time.Sleep(10 * time.Millisecond)
					continue
				case err != nil:
					t.Error(err)
					return
				}
				given[l.Number].Add(1)
				if err := l.SetPoint(ctx, raw("%d", l.Number)); err != nil {
					t.Error(err)
				}
				time.Sleep(5 * time.Millisecond)
				if err := l.Beat(ctx); err != nil {
					t.Error(err)
				}
				if err := l.Finish(ctx, raw("%d", l.Number)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for n := range given {
		if g := given[n].Load(); g != 1 {
			t.Errorf("trial %d was given out %d times", n, g)
		}
	}
}

// All connections are cut again and again while the workers work.
func TestTerminated(t *testing.T) {
	t.Parallel()
	location := postgresSchema(t)
	u, _ := url.Parse(location)
	create(t, location, 50)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var cut int
	wg.Go(func() {
		c, err := pgx.Connect(context.Background(), os.Getenv("HASS_POSTGRES"))
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close(context.Background())
		for {
			select {
			case <-stop:
				return
			case <-time.After(120 * time.Millisecond):
			}
			var n int
			err := c.QueryRow(context.Background(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE application_name = $1`, u.Query().Get("application_name")).Scan(&n)
			if err != nil {
				t.Error(err)
			}
			cut += n
		}
	})
	evaluate(t, location, 50)
	close(stop)
	wg.Wait()
	if cut < 8 {
		t.Errorf("only %d connections were cut", cut)
	}
	allDone(t, load(t, location), 50)
}

// proxy forwards connections to the server and cuts every fourth connection on which the
// server reports a write: the write is done, but its answer is lost. It returns the URL to
// use and the number of cuts.
func proxy(t *testing.T, location string) (string, *atomic.Int32) {
	cfg, err := pgx.ParseConfig(location)
	check(t, err)
	network, addr := "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
	if strings.HasPrefix(cfg.Host, "/") {
		network, addr = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { ln.Close() })
	var answers, cuts atomic.Int32
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, addr)
			if err != nil {
				client.Close()
				continue
			}
			pass := func(from, to net.Conn, cut bool) {
				defer from.Close()
				defer to.Close()
				b := make([]byte, 1<<16)
				for {
					n, err := from.Read(b)
					if err != nil {
						return
					}
					if cut && (bytes.Contains(b[:n], []byte("COMMIT\x00")) || bytes.Contains(b[:n], []byte("UPDATE 1\x00")) ||
						bytes.Contains(b[:n], []byte("INSERT 0 1\x00"))) && answers.Add(1)%4 == 0 {
						cuts.Add(1)
						return
					}
					if _, err := to.Write(b[:n]); err != nil {
						return
					}
				}
			}
			go pass(client, server, false)
			go pass(server, client, true)
		}
	}()
	u, err := url.Parse(location)
	check(t, err)
	u.Host = ln.Addr().String()
	q := u.Query()
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable") // the proxy reads along
	u.RawQuery = q.Encode()
	return u.String(), &cuts
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	location := postgresSchema(t)
	via, cuts := proxy(t, location)
	ctx := t.Context()
	d := open(t, via)
	for i := range 6 {
		name := fmt.Sprint("study ", i)
		s, err := d.Create(ctx, name, []byte(`{}`), 1)
		if err != nil {
			t.Fatal("the lost answer to Create:", err)
		}
		if v, err := s.SetNote(ctx, "k", []byte(name)); err != nil || string(v) != name {
			t.Fatal(v, err)
		}
		l := claim(t, s, "w")
		check(t, l.Release(ctx))
		if l = claim(t, s, "w"); l.Number != 0 || l.Attempt != 2 {
			t.Fatalf("trial %d, attempt %d", l.Number, l.Attempt)
		}
		check(t, s.Extend(ctx, 2))
	}
	create(t, location, 25)
	evaluate(t, via, 25)
	if cuts.Load() < 20 {
		t.Errorf("only %d answers were lost", cuts.Load())
	}
	allDone(t, load(t, location), 25)
}

// A worker that vanishes inside its claim must not block the others for good.
func TestVanishedInClaim(t *testing.T) {
	t.Parallel()
	location := postgresSchema(t)
	s := create(t, location, 1)
	tx, err := s.db.sql.BeginTx(t.Context(), nil)
	check(t, err)
	defer tx.Rollback()
	_, err = tx.Exec(postgresDialect.begin)
	check(t, err)
	var timeout string
	check(t, tx.QueryRow(`SHOW idle_in_transaction_session_timeout`).Scan(&timeout))
	if timeout != "10s" {
		t.Error("a vanished worker holds its lock for", timeout)
	}
	_, err = tx.Exec(`SET LOCAL idle_in_transaction_session_timeout = '200ms'`)
	check(t, err)
	_, err = tx.Exec(`SELECT 1 FROM hass_study FOR UPDATE`)
	check(t, err)
	begin := time.Now()
	claim(t, load(t, location), "w")
	if time.Since(begin) < 100*time.Millisecond {
		t.Error("the claim did not wait for the lock")
	}
}

// The server crashes and restarts under the workers. The pause, 3 s, is longer than
// the lease: who could not beat meanwhile is not dead.
func TestServerRestart(t *testing.T) {
	restart := os.Getenv("HASS_POSTGRES_RESTART")
	if restart == "" {
		t.Skip("HASS_POSTGRES_RESTART holds no command that restarts the server (make test-postgres does)")
	}
	location := postgresSchema(t)
	s := create(t, location, 30)
	s.Lease = 2800 * time.Millisecond
	l := claim(t, s, "slow")
	stop := l.KeepAlive(t.Context())
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(50 * time.Millisecond)
		if out, err := exec.Command("sh", "-c", restart).CombinedOutput(); err != nil {
			t.Errorf("restart: %v\n%s", err, out)
		}
	})
	s2 := load(t, location)
	s2.Lease = s.Lease
	for n := 1; n < 30; n++ {
		m := claim(t, s2, "quick")
		if m.Number != n {
			t.Fatalf("got trial %d, attempt %d, for %d", m.Number, m.Attempt, n)
		}
		time.Sleep(5 * time.Millisecond)
		check(t, m.Finish(t.Context(), raw("%d", m.Number)))
	}
	wg.Wait()
	check(t, l.Finish(t.Context(), raw("0")))
	allDone(t, s, 30)
}
