package acceptance

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"hass/frontend"
	"hass/hwsim"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/quant"
	"hass/optimizer/cost"
	"hass/optimizer/fifo"
	"hass/optimizer/scheduled"
	"hass/sparsity"
)

// TestScheduledNetwork gives every convolution of the pruned ResNet-50 at 8 bits a scheduled engine, all streams whole rows, for a target
// of cycles an image (HASS_SCHEDULED_TARGET, 54,000), and simulates real images: bit-exact, and at the rate of the slowest layer. The choice of banks and
// chains is the cheapest of a few by the cost model; no optimizer has traded one layer against another.
func TestScheduledNetwork(t *testing.T) {
	a := newAcceptance(t)
	if os.Getenv("HASS_SCHEDULED_NETWORK") == "" {
		t.Skip("skipped: schedules of all layers of ResNet-50 take minutes (set HASS_SCHEDULED_NETWORK)")
	}
	target := 54000
	if s := os.Getenv("HASS_SCHEDULED_TARGET"); s != "" {
		var err error
		if target, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	const images = 3
	ctx := context.Background()
	path := a.path("resnet50_pruned/model.onnx.gz")
	g, err := frontend.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(filepath.Join(filepath.Dir(path), "calib.toml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := sparsity.Measure(ctx, g, set.Limit(images), sparsity.Options{Bits: 8, GoldenImages: images})
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Lower(g, &p.Profile.Spec)
	if err != nil {
		t.Fatal(err)
	}
	in := net.Tensors[net.Input]
	golden := slices.Collect(slices.Chunk(p.Golden.I32, in.H*in.W*in.C))

	start := time.Now()
	layers := scheduledHardware(t, net, target)
	pixels := make([]int, len(net.Tensors))
	for i, l := range net.Layers {
		for _, x := range l.In {
			pixels[x] = layers[i].InPx
		}
		pixels[l.Out] = layers[i].OutPx
	}
	n, fifos, err := fifo.Size(ctx, net, layers, fifo.New(net, pixels))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("hardware and FIFOs in %.0f s: %d processes, %d FIFOs", time.Since(start).Seconds(), len(n.Processes), len(fifos))
	slowest, weights, places := 0, 0, 0
	for i, plan := range n.Plans {
		if plan != nil {
			m := n.ScheduledModule(i)
			slowest = max(slowest, m.CyclesPerImage())
			weights += plan.Weights * m.Windows * m.Px
			places += m.CyclesPerImage() * m.Chains * m.Banks * m.Px
			t.Logf("%s: %d px, %d banks, %d chains, %d rows of %d words in %d windows, %d cycles, %.1f %% full", net.Layers[i].ID, m.Px, m.Banks, m.Chains, m.Rows, m.Beats, m.Windows, m.CyclesPerImage(), 100*plan.Efficiency())
		}
	}
	m := cost.New(net, design.FamilyUSPlus, nil)
	parts, streams, io := m.Network(n)
	var all design.Vec
	for _, v := range parts {
		all = all.Add(v)
	}
	t.Logf("layers %+v, streams %+v, all %+v", all.Resources(), streams.Resources(), all.Add(streams).Add(io).Resources())
	start = time.Now()
	r, err := hwsim.Run(ctx, n, golden, hwsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := intnet.New(net)
	if err != nil {
		t.Fatal(err)
	}
	for k := range golden {
		want, err := x.Run(golden[k])
		if err != nil {
			t.Fatal(err)
		}
		for o := range want {
			if !slices.Equal(want[o], r.Outputs[k][o]) {
				t.Errorf("image %d: the simulator's output %d is not the integer network's", k, o)
			}
		}
	}
	t.Logf("slowest layer %d cycles; simulated %v, mean %.1f, latency of the first %d, in %.0f s; %.1f %% of the product slots of a period have a weight",
		slowest, r.PerImage, r.CyclesPerImage, r.Latency, time.Since(start).Seconds(), 100*float64(weights)/float64(places))
	if math.Abs(r.CyclesPerImage/float64(slowest)-1) > 0.05 {
		t.Errorf("%.1f cycles an image, the slowest layer takes %d", r.CyclesPerImage, slowest)
	}
}

// scheduledHardware is hardware of whole rows with scheduled engines for a target of cycles.
func scheduledHardware(t *testing.T, net *intnet.Net, target int) []hw.Layer {
	t.Helper()
	// A beat of the port, and of a row of its 64 channels, has at most half a row of the largest maps.
	px := func(x int) int {
		w := net.Tensors[x].W
		if w > 100 {
			w /= 2
		}
		if w > 100 {
			w = 112
		}
		return w
	}
	menu := scheduled.NewMenu(net, design.FamilyUSPlus)
	var layers []hw.Layer
	for i := range net.Layers {
		l := &net.Layers[i]
		hl := hw.Layer{InPx: px(l.In[0]), InCh: 1, OutPx: px(l.Out), OutCh: 1}
		switch l.Kind {
		case intnet.KindConv:
			layers = append(layers, cheapest(t, menu, net, i, hl, target))
			continue
		case intnet.KindPool:
			hl.MTap, hl.MCh = l.Pool.Kernel[0]*l.Pool.Kernel[1], 1
			hl.LinePixels = hw.WindowOf(net, *l, hl).FullLinePixels()
		}
		layers = append(layers, hl)
	}
	return layers
}

// cheapest is the cheapest of the scheduled engines of a layer that reach the target, by shares of a U250.
func cheapest(t *testing.T, m *scheduled.Menu, net *intnet.Net, i int, hl hw.Layer, target int) hw.Layer {
	t.Helper()
	hl.GangDepth, hl.WeightMem = 12, memory.BRAM
	list, err := m.Choices(i, hl, target)
	if err != nil {
		t.Fatal(err)
	}
	l := &net.Layers[i]
	var best hw.Layer
	least := math.Inf(1)
	for k := range 2 * len(list) {
		c := list[k/2]
		if k%2 > 0 {
			c.WeightMem = memory.URAM
		}
		plan, err := hw.PlanOf(net, l, c)
		if err != nil {
			t.Fatal(err)
		}
		r, err := cost.ModuleCost(hw.ScheduledOf(net, l, c, plan.Rows), design.FamilyUSPlus)
		if err != nil {
			t.Fatal(err)
		}
		if price := float64(r.DSP)/12288 + float64(r.LUT)/1_100_000 + float64(r.BRAM18)/2500 + float64(r.URAM)/1200; price < least {
			best, least = c, price
		}
	}
	if math.IsInf(least, 1) {
		t.Fatalf("layer %s: no scheduled engine takes %d cycles", l.ID, target)
	}
	return best
}
