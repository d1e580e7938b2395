package fit

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hass/internal/hw"
	"hass/optimizer/cost/utilisation"
)

// engine is a row of the table. Crossbars of 64 lanes are not in it: synthesis takes more than a quarter of an hour, and the
// optimizer never has them.
type engine struct {
	bits int
	kind hw.EngineKind
	m, n int
}

var engines = []engine{
	{16, hw.Dense, 9, 9}, {16, hw.Banked, 9, 3}, {16, hw.Elastic, 9, 3}, {16, hw.Crossbar, 9, 3},
	{8, hw.Dense, 9, 9}, {8, hw.Banked, 9, 3}, {8, hw.Elastic, 9, 3}, {8, hw.Crossbar, 9, 3},
	{16, hw.Dense, 16, 16}, {16, hw.Banked, 16, 8}, {16, hw.Elastic, 16, 8}, {16, hw.Crossbar, 16, 8},
	{16, hw.Banked, 16, 4}, {16, hw.Elastic, 16, 4}, {16, hw.Crossbar, 16, 4},
	{16, hw.Dense, 64, 64}, {16, hw.Banked, 64, 16}, {16, hw.Elastic, 64, 16},
	{16, hw.Banked, 64, 8}, {16, hw.Elastic, 64, 8},
}

// sumParams are the parameters of hass_sum.
type sumParams struct {
	N    int `rtl:"N"`
	Bits int `rtl:"BITS"`
}

func (sumParams) ModuleName() string { return "hass_sum" }

var (
	tableDensities = []float64{0.1, 0.25, 0.5}
	tableGangs     = []int{1, 4, 16}
)

// queue is the depth of the FIFO before engines that skip zeros, in beats.
const queue = 24

// points are the modules of an engine with one lane, with their numbers. An engine that skips zeros has hass_ahead in addition to the
// lane. An elastic engine has a lane for each bank, the sum of the banks in the join, and a FIFO of accumulators for each bank but
// one; one such FIFO is needed for every lane of any engine.
func (e engine) points() (points []Point, times []int) {
	m, n, banks := e.m, e.n, 1
	if e.kind == hw.Elastic {
		m, n, banks = m/n, 1, n
	}
	acc := 2*e.bits + 8
	points = []Point{{Plain: m > 16, Module: hw.LaneParams{Kind: e.kind.Row().Lane, M: m, N: n, XBits: e.bits, XSigned: true, WBits: e.bits, Acc: acc}}}
	times = []int{banks}
	if e.kind.Skips() {
		points = append(points, Point{Module: hw.AheadParams{Kind: e.kind.Row().Lane, M: m, N: n, Gang: 1, Px: 1, Queue: queue}})
		times = append(times, banks)
	}
	if banks > 1 {
		depth := hw.DefaultDepth(hw.Latency(hw.Engine, hw.Layer{Engine: e.kind, N: e.n}))
		points = append(points, Point{Module: sumParams{banks, acc}}, Point{Module: hw.FIFOParams{Width: acc, Depth: depth}})
		times = append(times, 1, banks-1)
	}
	return points, times
}

// cycles is the mean number of cycles that a gang of such engines takes for a beat whose pairs are both not 0 with
// the given probability, each on its own.
func (e engine) cycles(gang int, density float64) float64 {
	const beats = 20_000
	rng := rand.New(rand.NewSource(1))
	banks, m, n := 1, e.m, e.n
	if e.kind == hw.Elastic {
		banks, m, n = e.n, e.m/e.n, 1
	}
	// Each bank goes on by itself, but a beat is given to all at once: it waits for room in the FIFO of the slowest.
	const depth = 16 // places of the queue that are not in hass_ahead's pipeline, or fewer
	ready, read := make([]int, banks), make([][depth]int, banks)
	write := 0
	for k := range beats {
		write++
		for b := range banks {
			write = max(write, read[b][k%depth]+1)
		}
		for b := range banks {
			most := 0
			for range gang {
				pairs := uint64(0)
				for i := range m {
					if rng.Float64() < density {
						pairs |= 1 << i
					}
				}
				most = max(most, hw.BeatCost(e.kind, m, n, pairs))
			}
			at := max(ready[b], write)
			read[b][k%depth] = at
			ready[b] = at + most
		}
	}
	return float64(slices.Max(ready)) / beats
}

// TestEngineTable writes the table of engine kinds into the file that HASS_ENGINE_TABLE names: area of one lane
// of each by yosys, and the cycles of a beat.
func TestEngineTable(t *testing.T) {
	file := os.Getenv("HASS_ENGINE_TABLE")
	if file == "" {
		t.Skip("skipped: set HASS_ENGINE_TABLE to the file to be written (make engine-table)")
	}
	ctx := context.Background()
	version, err := Version(ctx)
	if err != nil {
		t.Fatal(err)
	}
	y := &Yosys{Dir: t.TempDir()}
	var s strings.Builder
	fmt.Fprintf(&s, "An engine of one lane (`hass_lane`, and `hass_ahead` where zeros are skipped), %s on %s: `synth_xilinx -family xc7 %s`, with -abc9 up to 16 lanes. ", version, time.Now().UTC().Format(time.DateOnly), Flags)
	fmt.Fprintf(&s, "LUT per DSP saved is against the dense lane of as many pairs. Cycles per beat are means (`hw.BeatCost`, 20,000 seeded beats), "+
		"at densities of pairs of which both factors are not 0 and for gangs of so many lanes, which take as long as the slowest. "+
		"An elastic lane is counted with the sum of its banks and their FIFOs of accumulators, of which others need one; the FIFOs before its banks hold what that of a gang holds, 16 beats.\n\n")
	fmt.Fprintf(&s, "| bits | engine | LUT | FF | DSP | DSP saved | LUT per DSP saved |")
	line := "|---|---|---|---|---|---|---|"
	for _, d := range tableDensities {
		for i, g := range tableGangs {
			if i == 0 {
				fmt.Fprintf(&s, " %g: gang of %d |", d, g)
			} else {
				fmt.Fprintf(&s, " %d |", g)
			}
			line += "---|"
		}
	}
	fmt.Fprintf(&s, "\n%s\n", line)
	var dense utilisation.Counts
	for _, e := range engines {
		start := time.Now()
		limited, stop := context.WithTimeout(ctx, 15*time.Minute)
		points, times := e.points()
		counts, _, err := y.Run(limited, points)
		stop()
		fmt.Fprintf(&s, "| %d | %s ", e.bits, e.kind)
		if e.kind == hw.Dense {
			fmt.Fprintf(&s, "%d |", e.m)
		} else {
			fmt.Fprintf(&s, "%d->%d |", e.m, e.n)
		}
		if err != nil {
			t.Errorf("%v: %v", e, err)
			fmt.Fprintf(&s, " not synthesised | | | | |")
		} else {
			var c utilisation.Counts
			for i, n := range times {
				c = c.Plus(counts[i], n)
			}
			if e.kind == hw.Dense {
				dense = c
			}
			fmt.Fprintf(&s, " %d | %d | %d |", c.LUT, c.FF, c.DSP)
			if saved := dense.DSP - c.DSP; saved > 0 {
				fmt.Fprintf(&s, " %d | %.0f |", saved, float64(c.LUT-dense.LUT)/float64(saved))
			} else {
				fmt.Fprintf(&s, " | |")
			}
			t.Logf("%v: %+v in %.0f s", e, c, time.Since(start).Seconds())
		}
		for _, d := range tableDensities {
			for _, g := range tableGangs {
				fmt.Fprintf(&s, " %.2f |", e.cycles(g, d))
			}
		}
		fmt.Fprintln(&s)
		if err := os.WriteFile(file, []byte(s.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
