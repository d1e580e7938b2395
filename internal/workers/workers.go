// Package workers spreads independent jobs (images, layers) over the cores.
//
// It takes the number of jobs and a function, and delivers the results one by
// one in the order of the jobs. So a caller's sums are the same for any number
// of workers. It holds at most a few results per worker at once. It never
// reorders or drops results, and starts no new job after an error.
package workers

import (
	"context"
	"runtime"
)

// Ordered calls job(worker, i) for i = 0..n-1 on up to workers goroutines
// (GOMAXPROCS if workers <= 0) and done(i, result) in the order of i on the
// calling goroutine. worker, in 0..workers-1, lets a job use per-worker scratch
// memory: no two jobs with the same number run at once. A nil done drops the
// results.
//
// The returned error is the error of the lowest i that failed, or of ctx. When Ordered
// returns, all its goroutines have ended.
func Ordered[R any](ctx context.Context, n, workers int, job func(worker, i int) (R, error), done func(i int, r R) error) error {
	workers = Count(n, workers)
	if n <= 0 {
		return ctx.Err()
	}
	type result struct {
		r   R
		err error
	}
	depth := 4 * workers // jobs in flight: bounds memory and evens out jobs of different length
	jobs := make(chan int, depth)
	slots := make([]chan result, depth)
	for i := range slots {
		slots[i] = make(chan result, 1)
	}
	ended := make(chan struct{}, workers) // room for all workers, so that a job that panics ends the process and does not block
	for w := range workers {
		go func() {
			defer func() { ended <- struct{}{} }()
			for i := range jobs {
				r, err := job(w, i)
				slots[i%depth] <- result{r, err}
			}
		}()
	}
	sent := 0
	err := func() error {
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			for ; sent < n && sent < i+depth; sent++ {
				jobs <- sent
			}
			res := <-slots[i%depth]
			if res.err != nil {
				return res.err
			}
			if done == nil {
				continue
			}
			if err := done(i, res.r); err != nil {
				return err
			}
		}
		return nil
	}()
	close(jobs)
	if err != nil {
		for range jobs { // jobs that no worker has taken yet
		}
	}
	for range workers {
		<-ended
	}
	return err
}

// Count is the number of workers that Ordered uses for n jobs.
func Count(n, workers int) int {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return max(1, min(workers, n))
}
