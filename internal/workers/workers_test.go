package workers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
)

func TestOrdered(t *testing.T) {
	for _, n := range []int{0, 1, 3, 100} {
		for _, workers := range []int{0, 1, 2, 9} {
			var got []int
			busy := make([]atomic.Int32, Count(n, workers))
			err := Ordered(t.Context(), n, workers, func(w, i int) (int, error) {
				if busy[w].Add(1) != 1 {
					t.Error("two jobs of one worker at once")
				}
				defer busy[w].Add(-1)
				return i * i, nil
			}, func(i, r int) error {
				if r != i*i {
					t.Errorf("result of %d is %d", i, r)
				}
				got = append(got, i)
				return nil
			})
			if err != nil || len(got) != n || !slices.IsSorted(got) {
				t.Errorf("n=%d workers=%d: %v, results of %v", n, workers, err, got)
			}
		}
	}
}

func TestOrderedFirstError(t *testing.T) {
	var started atomic.Int32
	err := Ordered(t.Context(), 10000, 4, func(w, i int) (int, error) {
		started.Add(1)
		if i >= 7 {
			return 0, fmt.Errorf("job %d", i)
		}
		return i, nil
	}, func(i, r int) error {
		if i >= 7 {
			t.Errorf("result of %d after the error", i)
		}
		return nil
	})
	if err == nil || err.Error() != "job 7" {
		t.Errorf("got %v, want the error of job 7", err)
	}
	if n := started.Load(); n > 100 {
		t.Errorf("%d jobs ran after an early error", n)
	}
	stop := errors.New("stop")
	if err := Ordered(t.Context(), 100, 4, func(w, i int) (int, error) { return i, nil }, func(i, r int) error {
		if i == 3 {
			return stop
		}
		return nil
	}); err != stop {
		t.Errorf("got %v, want done's error", err)
	}
}

func TestOrderedCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := Ordered(ctx, 1000, 2, func(w, i int) (int, error) { return i, nil }, func(i, r int) error {
		if n++; n == 5 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 5 {
		t.Errorf("cancelled after 5, got %v after %d", err, n)
	}
}
