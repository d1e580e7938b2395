package hwsim

import (
	"context"
	"math/rand"
	"slices"
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/schedule"
	"hass/internal/test/hwtest"
)

// scheduledCase is a convolution with a scheduled engine of several chains, and an image.
func scheduledCase(t *testing.T) (*hw.Network, [][]int32) {
	t.Helper()
	rng := rand.New(rand.NewSource(3))
	f := fixed.Format{Bits: 8}
	b := hwtest.NewBuilder(rng, 5, 5, 4, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 9, Out: fixed.Format{Bits: 16, Signed: true}, WeightBits: 8, Density: 0.5, Shift: 5})
	l := &b.Net.Layers[0] // no value is clamped
	clear(l.Conv.Bias)
	l.Lo, l.Hi = b.Net.Tensors[1].Format.Min(), b.Net.Tensors[1].Format.Max()
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	bank, err := schedule.Assign(hw.ScheduleWeights(net.Layers[0].Conv), 4)
	if err != nil {
		t.Fatal(err)
	}
	hl := hw.Layer{InPx: 5, InCh: 1, OutPx: 5, OutCh: 1, MTap: 1, MCh: 1, Engine: hw.ScheduledEngine, N: 4, Gang: 1, GangDepth: 12, WeightMem: memory.BRAM,
		Scheduled: hw.Scheduled{Chains: 3, Field: 18, Places: hw.PlacesOf(bank)}}
	hl.LinePixels = hw.WindowOf(net, net.Layers[0], hl).FullLinePixels()
	n, err := hw.Expand(net, []hw.Layer{hl}, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := net.Tensors[0]
	image := make([]int32, in.H*in.W*in.C)
	for i := range image {
		image[i] = int32(1 + rng.Intn(200)) // no zeros, and no two alike for long
	}
	return n, [][]int32{image}
}

// TestScheduledMutants: a schedule whose rows do not match the weights gives other values, because the simulator multiplies the weights in
// the rows.
func TestScheduledMutants(t *testing.T) {
	n, images := scheduledCase(t)
	right := mustRun(t, n, images, Options{}).Outputs[0][0]
	row := func(p *schedule.Plan) *schedule.Row { // with weights in two banks at different addresses
		for k := range p.Chains {
			for r := range p.Chains[k] {
				if x := &p.Chains[k][r]; x.Weight[0] != 0 && x.Weight[1] != 0 && x.At[0] != x.At[1] {
					return x
				}
			}
		}
		t.Fatal("no row of two weights")
		return nil
	}
	for _, m := range []struct {
		name   string
		change func(p *schedule.Plan)
	}{
		{"two addresses exchanged", func(p *schedule.Plan) { x := row(p); x.At[0], x.At[1] = x.At[1], x.At[0] }},
		{"a row lost", func(p *schedule.Plan) { x := row(p); clear(x.Weight) }},
		{"a bit of a weight wrong", func(p *schedule.Plan) { row(p).Weight[1] ^= 1 << 5 }},
		{"two words exchanged", func(p *schedule.Plan) { p.Places[0], p.Places[5] = p.Places[5], p.Places[0] }},
	} {
		n, images := scheduledCase(t)
		m.change(n.Plans[0])
		r, err := Run(context.Background(), n, images, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(r.Outputs[0][0], right) {
			t.Errorf("%s: the same values", m.name)
		}
	}
}

// TestScheduledRate: a stream of images takes windows by phases of cycles an image, and a phase more until the last sums leave.
func TestScheduledRate(t *testing.T) {
	n, images := scheduledCase(t)
	m := n.ScheduledModule(0)
	many := slices.Repeat(images, 6)
	r := mustRun(t, n, many, Options{})
	for _, c := range r.PerImage {
		if c != int64(m.CyclesPerImage()) {
			t.Errorf("%d cycles an image, want %d windows of %d", c, m.Windows, m.Iterations)
		}
	}
	var end int64
	for _, p := range mustRun(t, n, many, Options{Finite: true}).Processes {
		if p.Kind == hw.ScheduledProc {
			end = p.Run.Busy
			if want := int64(6*m.CyclesPerImage() + m.Iterations); p.Run.Busy != want || p.Run.Iterations != want {
				t.Errorf("%d cycles of %d iterations, want %d", p.Run.Busy, p.Run.Iterations, want)
			}
		}
	}
	if end == 0 {
		t.Error("no scheduled engine")
	}
}
