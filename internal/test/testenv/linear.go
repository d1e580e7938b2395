package testenv

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Linear fails the test if work grows faster than its size. prepare makes the work of size n; only the
// work is measured, in CPU time: four runs of size n, and one of size 4n. For linear work both take the
// same time, for quadratic work the second takes four times as long; two and a half times are allowed.
// Other work on the machine disturbs the measurement, so the test fails only if several attempts all
// exceed the limit. Work that takes less than 20 ms at size 4n is too short to judge, and passes.
func Linear(t *testing.T, n int, prepare func(n int) (work func())) {
	t.Helper()
	const attempts = 8
	// Four small runs are as much work as a large one if the work is linear, and are long enough for the resolution of the clock.
	small, large := time.Duration(1<<62), time.Duration(1<<62)
	for range attempts {
		works := [4]func(){prepare(n), prepare(n), prepare(n), prepare(n)}
		small = min(small, cpuTime(func() {
			for _, work := range works {
				work()
			}
		}))
		large = min(large, cpuTime(prepare(4*n)))
		if large < 20*time.Millisecond || large < small*5/2 {
			return
		}
	}
	t.Errorf("%v for four of size %d, %v for one of %d: that is not linear", small, n, large, 4*n)
}

// cpuTime is the CPU time of this process during f.
func cpuTime(f func()) time.Duration {
	runtime.GC()
	start := spent()
	f()
	return spent() - start
}

func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // fails only for a bad argument
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
