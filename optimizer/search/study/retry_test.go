package study

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestRetry(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, c := range []struct {
		name  string
		fails []error // one after the other, then success
		calls int
		want  string // in the error; "" for success
	}{
		{"at once", nil, 1, ""},
		{"lost connection", []error{driver.ErrBadConn, io.ErrUnexpectedEOF, refused}, 4, ""},
		{"server restarts", []error{&pgconn.PgError{Code: "57P01"}, &pgconn.PgError{Code: "57P03"}}, 3, ""},
		{"for good", []error{io.EOF, errors.New("no such column")}, 2, "no such column"},
		{"bad password", []error{&pgconn.PgError{Code: "28P01"}}, 1, "28P01"},
		{"an answer", []error{fmt.Errorf("so: %w", ErrLost)}, 1, "taken over"},
		{"too long", slow(30), 0, "gave up after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := &DB{RetryFor: 500 * time.Millisecond}
			calls := 0
			err := d.retry(t.Context(), "test", func(context.Context) error {
				calls++
				if calls <= len(c.fails) {
					return c.fails[calls-1]
				}
				return nil
			})
			if c.calls > 0 && calls != c.calls {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

func slow(n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = io.EOF
	}
	return errs
}

// A connection that is dead without saying so costs one attempt, not the operation.
func TestRetryHung(t *testing.T) {
	d := &DB{}
	calls := 0
	err := d.retryFor(t.Context(), "test", time.Second, 20*time.Millisecond, func(ctx context.Context) error {
		if calls++; calls == 1 {
			<-ctx.Done()
			return errors.New("interrupted") // drivers say it in many ways
		}
		return nil
	})
	if err != nil || calls != 2 {
		t.Error(calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = d.retryFor(ctx, "test", time.Minute, time.Minute, func(ctx context.Context) error {
		cancel()
		return io.EOF
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestPasswordHidden(t *testing.T) {
	const secret = "s3cr3tpw"
	for _, location := range []string{
		"postgres://u:" + secret + "@127.0.0.1:1/db?sslmode=disable",
		"postgres://u:" + secret + "@127.0.0.1:notaport/db",
		"postgresql://u:" + secret + "#x@127.0.0.1:1/db",
		"postgres://u:" + secret + "%zz@127.0.0.1:1/db",
		"postgres://u:a/" + secret + "@127.0.0.1:1/db",
		"postgres://u:a@" + secret + "@127.0.0.1:1/db",
		"postgres://127.0.0.1:1/db?user=u&sslmode=" + "bad&password=" + secret,
		"postgres://u:" + secret + "@127.0.0.1:1/db?sslmode=bad",
		"postgres://u:" + secret + "@127.0.0.1:1/db?connect_timeout=x" + secret,
		"postgres://u:" + secret + "@[::1/db",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		d, err := Open(ctx, location)
		cancel()
		if err == nil {
			d.Close()
			t.Errorf("%s: no error", location)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), secret) || strings.Contains(fmt.Sprintf("%#v", e), secret) {
				t.Errorf("%s: error says %v", location, e)
			}
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ secret, text, want string }{
		{"a", "failed at a host", "failed at xxxxx host"},
		{"a.*", "what a.*? a+", "what xxxxx? a+"},
		{"longer-one", "xlonger-onex", "xxxxxxx"},
		{"none", "nonesuch", "nonesuch"},
	} {
		if got := (&DB{secrets: []string{c.secret}}).clean(errors.New(c.text)).Error(); got != c.want {
			t.Errorf("%q without %q is %q, want %q", c.text, c.secret, got, c.want)
		}
	}
}
