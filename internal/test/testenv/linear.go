package testenv

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Linear fails the test if work grows faster than its size. prepare makes the work of size n; only
// the work is measured, in CPU time: four times at n, and once at 4n. A quadratic step would take four
// times as long there; two and a half times are allowed. Because other work on the machine disturbs the
// measurement, the test fails only if that is so in every one of several attempts. Work that takes
// less than 20 ms at 4n is too short to judge, and passes.
func Linear(t *testing.T, n int, prepare func(n int) (work func())) {
	t.Helper()
	const attempts = 8
	// Four of the small and one of the large are as much work if it is linear, and long enough for the clock's ticks.
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
		panic(err) // it fails for a bad argument only
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
