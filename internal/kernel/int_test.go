package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// int16s are random numbers with many extremes.
func int16s(r *rand.Rand, n int, lowest int) []int16 {
	v := make([]int16, n)
	for i := range v {
		switch r.IntN(4) {
		case 0:
			v[i] = math.MaxInt16
		case 1:
			v[i] = int16(lowest)
		default:
			v[i] = int16(lowest + r.IntN(math.MaxInt16-lowest+1))
		}
	}
	return v
}

// eachWay runs f with and without assembly.
func eachWay(f func(on bool)) {
	for _, on := range []bool{true, false} {
		before := Enable(on)
		f(on)
		Enable(before)
	}
}

// TestIntTile compares with the plain sum: runs of one pair with any values, and runs
// of four pairs with weights that are a quarter as large.
func TestIntTile(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 60 {
		x := int16s(r, 400, math.MinInt16)
		var runs []Run
		total := 0
		small := r.IntN(2) == 0
		for range 1 + r.IntN(5) {
			run := Run{Off: r.IntN(100), Pairs: 1}
			if small {
				run.Pairs = 1 + r.IntN(4)
			}
			total += run.Pairs
			runs = append(runs, run)
		}
		w := int16s(r, total*2*IntCols, -math.MaxInt16)
		if small {
			for i := range w {
				w[i] /= 4
			}
		}
		var base [Rows]int
		for i := range base {
			base[i] = r.IntN(200)
		}
		start := make([]int64, Rows*IntCols)
		for i := range start {
			start[i] = r.Int64N(1<<50) - 1<<49
		}
		want := append([]int64(nil), start...)
		at := 0
		for _, run := range runs {
			for i := range 2 * run.Pairs {
				for p := range Rows {
					for f := range IntCols {
						want[p*IntCols+f] += int64(x[base[p]+run.Off+i]) * int64(w[at+i/2*2*IntCols+2*f+i%2])
					}
				}
			}
			at += run.Pairs * 2 * IntCols
		}
		eachWay(func(on bool) {
			got := append([]int64(nil), start...)
			IntTile(got, x, &base, w, runs)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("assembly %v (-want +got):\n%s", on, diff)
			}
		})
	}
}

func TestIntTaps(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	for range 60 {
		pixels, step, pairs := 1+r.IntN(9), 16+r.IntN(20), 1+r.IntN(6)
		var off []int
		for range 2 * pairs {
			off = append(off, r.IntN(300))
		}
		x := int16s(r, 300+pixels*step+IntCols, math.MinInt16)
		w := int16s(r, pairs*2*IntCols, -math.MaxInt16)
		runs := make([]int, pairs)
		for i := range runs {
			runs[i] = 1
		}
		if r.IntN(2) == 0 {
			for i := range w {
				w[i] /= 8
			}
			runs = []int{pairs}
		}
		want := make([]int64, pixels*IntCols)
		for p := range pixels {
			for i, o := range off {
				for c := range IntCols {
					want[p*IntCols+c] += int64(x[p*step+o+c]) * int64(w[i/2*2*IntCols+2*TapPlace(c)+i%2])
				}
			}
		}
		eachWay(func(on bool) {
			got := make([]int64, pixels*IntCols)
			IntTaps(got, pixels, x, step, off, w, runs)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("assembly %v (-want +got):\n%s", on, diff)
			}
		})
	}
}

func TestRequant16(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	bads, even, odd := 0, 0, 0
	for range 400 {
		rows, stride := r.IntN(5), IntCols+r.IntN(4)
		limit := int64(1) << (1 + r.IntN(61))
		var half, shift [IntCols]int64
		var ties *[IntCols]int64
		if r.IntN(2) == 0 {
			ties = new([IntCols]int64)
		}
		for j := range shift {
			if shift[j] = int64(r.IntN(63)); shift[j] > 0 {
				half[j] = 1 << (shift[j] - 1)
			}
			if half[j] > limit/2 {
				half[j], shift[j] = 0, 0
			}
			if ties != nil && shift[j] > 0 {
				ties[j] = 1
			}
		}
		acc := make([]int64, rows*IntCols)
		for i := range acc {
			acc[i] = r.Int64N(limit) - limit/2
			switch r.IntN(12) {
			case 0:
				acc[i] = -limit
			case 1:
				acc[i] = limit - 1 - half[i%IntCols]
			case 2: // a tie
				acc[i] = half[i%IntCols]
			case 3: // a tie, its quotient even or odd
				if s := shift[i%IntCols]; s < 50 {
					if tie := int64(r.IntN(9)-4)<<s + half[i%IntCols]; tie >= -limit && tie < limit {
						acc[i] = tie
					}
				}
			}
			if acc[i]+half[i%IntCols] >= limit {
				acc[i] = 0
			}
		}
		if r.IntN(4) == 0 && rows > 0 {
			acc[r.IntN(len(acc))] = -limit - 1
		}
		if r.IntN(4) == 0 && rows > 0 {
			j := r.IntN(len(acc))
			acc[j] = limit - half[j%IntCols]
		}
		lo := -int64(r.IntN(40000))
		hi := lo + int64(r.IntN(70000))
		var bad bool
		size := max(0, (rows-1)*stride+IntCols)
		want := make([]int32, size)
		for i, a := range acc {
			j := i % IntCols
			bad = bad || a < -limit || a+half[j] >= limit
			q := (a + half[j]) >> shift[j]
			if rest := a - a>>shift[j]<<shift[j]; ties != nil && half[j] > 0 && rest == half[j] { // between two, of which q is the upper
				even += int(1 - q&1)
				odd += int(q & 1)
				if q&1 != 0 {
					q--
				}
			}
			want[i/IntCols*stride+j] = int32(min(max(q, lo), hi))
		}
		if bad {
			bads++
		}
		eachWay(func(on bool) {
			got := make([]int32, size)
			gotBad := Requant16(got, stride, rows, acc, &half, &shift, ties, lo, hi, limit)
			if diff := cmp.Diff(want, got); diff != "" || bad != gotBad {
				t.Fatalf("assembly %v, limit %d: bad %v, want %v (-want +got):\n%s", on, limit, gotBad, bad, diff)
			}
		})
	}
	if bads == 0 || bads == 400 {
		t.Errorf("%d of 400 cases overflow", bads)
	}
	if even == 0 || odd == 0 {
		t.Errorf("%d ties below an even number and %d below an odd one: both must occur", even, odd)
	}
}

func TestNarrow(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for n := range 70 {
		x := make([]int32, n)
		for i := range x {
			x[i] = int32(r.IntN(1<<17) - 1<<16)
		}
		for _, c := range [][2]int32{{0, 0}, {300, 0}, {1 << 16, 0}, {5, 32768}, {0, 32768}} {
			want := make([]int16, n)
			for i, v := range x {
				if v < c[0] && -v < c[0] {
					v = 0
				}
				want[i] = int16(min(max(v-c[1], -32768), 32767))
			}
			eachWay(func(on bool) {
				got := make([]int16, n)
				Narrow(got, x, c[0], c[1])
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("assembly %v, tau %d, sub %d (-want +got):\n%s", on, c[0], c[1], diff)
				}
			})
		}
	}
}

func BenchmarkIntTile(b *testing.B) {
	const pairs = 128
	x, w, acc := make([]int16, Rows*pairs*2), make([]int16, pairs*2*IntCols), make([]int64, Rows*IntCols)
	var base [Rows]int
	for i := range base {
		base[i] = i * pairs * 2
	}
	for _, cut := range []int{pairs, 16, 4, 1} {
		var runs []Run
		for i := 0; i < pairs; i += cut {
			runs = append(runs, Run{2 * i, cut})
		}
		b.Run(fmt.Sprintf("pairs=%d", cut), func(b *testing.B) {
			for b.Loop() {
				IntTile(acc, x, &base, w, runs)
			}
			b.ReportMetric(2*pairs*Rows*IntCols*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
