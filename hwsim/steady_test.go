package hwsim

import (
	"context"
	"errors"
	"math/rand"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
)

// bothWays simulates with and without skipping repetitions, compares the results, and returns the skipped amount.
func bothWays(t *testing.T, n *hw.Network, images [][]int32, opt Options) *steady {
	t.Helper()
	var results [2]*Result
	var errs [2]error
	var progress [2][]int
	st := &steady{}
	for i := range results {
		o := opt
		o.Progress = func(done, images int) { progress[i] = append(progress[i], done) }
		s, err := newSim(n, images, o)
		if err != nil {
			t.Fatal(err)
		}
		s.noSteady = i == 0
		results[i], errs[i] = s.simulate(context.Background())
		if s.steady != nil {
			st = s.steady
		}
	}
	if d := cmp.Diff(errs[0], errs[1]); d != "" {
		t.Fatalf("%d images, finite %v (-all simulated +steady):\n%s", len(images), opt.Finite, d)
	}
	if errs[0] != nil {
		return st
	}
	if st.skipped == 0 && !opt.Finite {
		// Images after the last one count with the part that was simulated.
		for _, r := range results {
			for i := range r.FIFOs {
				r.FIFOs[i].Most = 0
			}
		}
	}
	if !reflect.DeepEqual(results[0], results[1]) { // cmp takes longer than the simulation
		t.Fatalf("%d images, %d skipped, finite %v (-all simulated +steady):\n%s", len(images), st.skipped, opt.Finite,
			cmp.Diff(results[0], results[1], cmpopts.IgnoreUnexported(Result{})))
	}
	if d := cmp.Diff(progress[0], progress[1]); d != "" {
		t.Fatalf("%d images, %d skipped: progress (-all simulated +steady):\n%s", len(images), st.skipped, d)
	}
	return st
}

// randomDense is a random network whose engines are all dense, packed or scheduled: no beat's cycles depend on data.
func randomDense(t *testing.T, seed int64) (*hwtest.Case, *hw.Network) {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range c.Net.Layers {
		if l.Kind == intnet.KindConv && c.Layers[i].Engine.Skips() {
			c.Layers[i].Engine, c.Layers[i].N = hw.Dense, hw.EngineLanes(c.Net, l, c.Layers[i])
		}
	}
	n, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	return c, n
}

// TestSteadyRandom skips repetitions in random networks of dense and scheduled engines with small FIFOs.
func TestSteadyRandom(t *testing.T) {
	seeds := int64(200)
	if testing.Short() {
		seeds = 50
	}
	jumped, long := 0, 0
	periods := map[int]int{}
	for seed := range seeds {
		c, n := randomDense(t, seed)
		images := c.Images(40)
		for _, count := range []int{1 + int(seed)%4, 5 + int(seed)%9, 14 + int(seed)%26, 40} {
			for _, finite := range []bool{false, true} {
				st := bothWays(t, n, images[:count], Options{Finite: finite})
				periods[st.period]++
				if count == 40 {
					long++
					jumped += min(1, st.skipped)
				}
			}
		}
	}
	t.Logf("%d of %d runs of 40 images left some out; runs by period %v", jumped, long, periods)
	if jumped*10 < long*9 || len(periods) < 3 {
		t.Error("hardly any image was left out, or all periods are of one image")
	}
}

// TestTimeOnly checks that time without outputs is the time with them, and that values are made only where time
// needs them.
func TestTimeOnly(t *testing.T) {
	sparse := 0
	for seed := range int64(60) {
		c, n := randomDense(t, seed)
		if seed%2 == 1 {
			var err error
			if c, err = hwtest.New(seed); err != nil {
				t.Fatal(err)
			}
			if n, err = c.Network(); err != nil {
				t.Fatal(err)
			}
		}
		images := c.Images(1 + int(seed)%9)
		for _, opt := range []Options{{}, {Finite: true}, {Finite: true, Stall: 0.3, Seed: 5}} {
			want, err := Run(context.Background(), n, images, opt)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			want.Outputs, want.Skips = nil, nil
			for i := range want.Processes {
				want.Processes[i].Hist = nil
			}
			opt.TimeOnly = true
			s, err := newSim(n, images, opt)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.simulate(context.Background())
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Result{})); d != "" {
				t.Fatalf("seed %d, %+v (-with values +time only):\n%s", seed, opt, d)
			}
			if made := s.zeros.pushed > 0; made != s.varies() {
				t.Errorf("seed %d: values made %v, beats that vary %v", seed, made, s.varies())
			}
			if s.varies() {
				sparse++
			}
		}
	}
	if sparse == 0 {
		t.Error("no network had beats that vary")
	}
}

// TestSteadyNets checks how much of realistic networks is skipped.
func TestSteadyNets(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	b := hwtest.NewBuilder(rng, 16, 16, 1, s8)
	for range 2 {
		b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Out: s8, WeightBits: 8, Density: 0.7, Shift: 8})
		w := hwtest.Square(2, 1, 0)
		w.Stride = w.Kernel
		b.Pool(b.Last(), w, hwtest.Maximum, false, s8)
	}
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(4, 1, 0), OutC: 10, Out: s8, WeightBits: 8, Density: 0.7, Shift: 8})
	lenet, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	resnet, err := hwtest.ResNet8(rng, 8, 0.6)
	if err != nil {
		t.Fatal(err)
	}
	layers, depths, err := hwtest.UniformHW(resnet, hw.Dense, 4, 36, 16, 8)
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	for i := range 40 {
		counts = append(counts, i+1)
	}
	few := []int{1, 2, 3, 4, 5, 6, 12, 40}
	if testing.Short() {
		counts, few = few, []int{5, 30}
	}
	for _, tt := range []struct {
		name   string
		n      *hw.Network
		counts []int
		rest   int // images that may be simulated
	}{
		{"lenet", expand(t, lenet, hwtest.PlainHW(lenet), nil), counts, 8},
		{"resnet", expand(t, resnet, layers, depths), few, 6},
	} {
		var images [][]int32
		for range 40 {
			images = append(images, hwtest.Image(rng, tt.n.Net.Tensors[tt.n.Net.Input]))
		}
		for _, count := range tt.counts {
			for _, finite := range []bool{false, true} {
				if st := bothWays(t, tt.n, images[:count], Options{Finite: finite}); count-st.skipped > tt.rest {
					t.Errorf("%s: only %d of %d images left out, finite %v", tt.name, st.skipped, count, finite)
				}
			}
		}
	}
}

// TestSteadyOff checks that nothing is left out where beats depend on data, words are late or
// everything is recorded.
func TestSteadyOff(t *testing.T) {
	net := oneConv(t, 4, 4, 2, 2, hwtest.Square(3, 1, 1))
	images := make([][]int32, 20)
	for i := range images {
		images[i] = make([]int32, 4*4*2)
	}
	for _, tt := range []struct {
		kind hw.EngineKind
		opt  Options
		want bool
	}{
		{hw.Dense, Options{}, true},
		{hw.Dense, Options{Observe: &Observer{}}, false},
		{hw.Dense, Options{Stall: 0.1}, false},
		{hw.Banked, Options{}, false},
	} {
		layers := hwtest.PlainHW(net)
		if layers[0].Engine = tt.kind; tt.kind == hw.Banked {
			layers[0].N = 1
		}
		s, err := newSim(expand(t, net, layers, nil), images, tt.opt)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.simulate(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := s.steady != nil && s.steady.skipped > 0; got != tt.want {
			t.Errorf("%s %+v: left something out: %v, want %v", tt.kind, tt.opt, got, tt.want)
		}
	}
}

// TestSteadyDeadlock checks that a network with FIFOs that are too small stops at the same place.
func TestSteadyDeadlock(t *testing.T) {
	dead := 0
	for seed := range int64(120) {
		c, n := randomDense(t, seed)
		images := c.Images(12)
		for i := range n.Streams {
			st := &n.Streams[i]
			if st.Join < 0 || st.Depth < 2 {
				continue
			}
			depth := st.Depth
			st.Depth = depth / 2
			bothWays(t, n, images, Options{Finite: seed%2 == 0})
			var d *live.Deadlock
			if _, err := Run(context.Background(), n, images, Options{Finite: seed%2 == 0}); errors.As(err, &d) {
				dead++
			}
			st.Depth = depth
		}
	}
	if t.Logf("%d deadlocks", dead); dead < 10 {
		t.Errorf("%d deadlocks, want more", dead)
	}
}

// TestWindowWalk compares the ways to walk a window's schedule: step by step and in bursts, and from
// the start and from the same place in a later image.
func TestWindowWalk(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	bursts, skips := 0, 0
	for seed := range int64(200) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range n.Processes {
			if p.Window == nil {
				continue
			}
			const images, later = 9, 4
			one, burst := hw.NewWindowSchedule(*p.Window, images), hw.NewWindowSchedule(*p.Window, images)
			jump := rng.Intn(p.Window.OutBeats())
			for i := 0; ; i++ {
				if *one != *burst {
					t.Fatalf("seed %d %s: by steps %+v, in bursts %+v", seed, p.Name, one, burst)
				}
				accept, emit := burst.Accepts(), burst.Emits()
				if !accept && !emit {
					break
				}
				k := 1
				if emit && !accept {
					k = 1 + rng.Intn(burst.Burst())
					burst.Emit(k)
					bursts += k - 1
				} else {
					burst.Step(accept, emit)
				}
				for range k {
					a, e := one.Accepts(), one.Emits()
					if k > 1 && (a || !e) {
						t.Fatalf("seed %d %s: a burst accepts", seed, p.Name)
					}
					one.Step(a, e)
				}
				if i == jump && one.Image < 3 && one.InPixel < 4*p.Window.H*p.Window.RowPixels() {
					one.Skip(later)
					burst.Skip(later)
					skips++
				}
			}
			if one.Image != images || one.InPixel != images*p.Window.H*p.Window.RowPixels() {
				t.Fatalf("seed %d %s: ends at image %d, pixel %d", seed, p.Name, one.Image, one.InPixel)
			}
		}
	}
	if bursts == 0 || skips == 0 {
		t.Errorf("%d beats in bursts, %d skips", bursts, skips)
	}
}

// TestZeros compares the zero bitmaps of windows with their activations, for beats that span words.
func TestZeros(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	across := 0
	for range 200 {
		groups, mch := 1+rng.Intn(3), 1+rng.Intn(64)
		channels := mch * (1 + rng.Intn(5))
		g := hwtest.Square(3, 1+rng.Intn(2), 1)
		in := fixed.Format{Bits: []int{4, 16}[rng.Intn(2)], Signed: rng.Intn(2) == 0}
		w := hw.Window{H: 4, W: 5, C: groups * channels, Geom: g, InPx: 1, InCh: mch, OutPx: 1 + rng.Intn(2), MTap: 1, MCh: mch, Folds: groups, Groups: groups}
		if mch*3 <= hw.MaxLanes {
			w.MTap = 3
		}
		w.OH, w.OW = hwtest.OutSize(g, 0, w.H), hwtest.OutSize(g, 1, w.W)
		w.LinePixels = w.FullLinePixels()
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		s := newWindow(w, 1, intnet.Layer{Conv: &intnet.Conv{TauA: int64(rng.Intn(3))}}, in.Min())
		sub := subFor(intnet.Tensor{Format: in})
		row, active := make([]int16, 9*w.C), make([]uint64, groups*w.BeatsPerFold())
		beat := make([]int32, mch)
		for {
			accept, emit := s.sched.Accepts(), s.sched.Emits()
			if !accept && !emit {
				break
			}
			if accept {
				for i := range beat {
					beat[i] = int32(max(in.Min(), min(in.Max(), int64(rng.Intn(7)-3))))
					if rng.Intn(4) == 0 {
						beat[i] = int32([]int64{in.Min(), in.Max()}[rng.Intn(2)])
					}
				}
				s.accept(beat)
			}
			if emit && s.group != s.seen {
				s.place()
				for p := range w.OutPx {
					s.gather(p, row, sub)
					windowBits(&w, s.at[p*9:][:9], s.bits, s.words, active)
					i := 0
					for g := range groups {
						for tap := 0; tap < 9; tap += w.MTap {
							for ch := 0; ch < channels; ch += mch {
								var want uint64
								for lane := range w.MTap * mch {
									if int32(row[(g*9+tap+lane/mch)*channels+ch+lane%mch]) != -sub {
										want |= 1 << lane
									}
								}
								if active[i] != want {
									t.Fatalf("%+v: group %d tap %d channel %d: %b, want %b", w, g, tap, ch, active[i], want)
								}
								if first := g*channels + ch; first/64 != (first+mch-1)/64 {
									across++
								}
								i++
							}
						}
					}
				}
			}
			s.step(accept, emit)
		}
	}
	if across == 0 {
		t.Error("no beat lies across words")
	}
}

// BenchmarkSteady simulates 40 images of a ResNet-8 with few dense engines, with and without skipping
// repetitions: only timing, then values and timing.
func BenchmarkSteady(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	net, err := hwtest.ResNet8(rng, 16, 0.8)
	if err != nil {
		b.Fatal(err)
	}
	layers, depths, err := hwtest.UniformHW(net, hw.Dense, 1, 9, 4, 1)
	if err != nil {
		b.Fatal(err)
	}
	n, err := hw.Expand(net, layers, depths)
	if err != nil {
		b.Fatal(err)
	}
	images := make([][]int32, 40)
	for i := range images {
		images[i] = hwtest.Image(rng, net.Tensors[net.Input])
	}
	for _, what := range []string{"time", "both"} {
		for _, all := range []bool{true, false} {
			name := what + "/jump"
			if all {
				name = what + "/all"
			}
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					s, err := newSim(n, images, Options{})
					if err != nil {
						b.Fatal(err)
					}
					s.noSteady = all
					if what == "time" {
						err = s.run(context.Background())
					} else {
						_, err = s.simulate(context.Background())
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(images)), "ms/image")
			})
		}
	}
}
