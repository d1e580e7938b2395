package optimizer

import (
	"context"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
	"hass/internal/test/testenv"
	"hass/optimizer/cost"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/target"
	"hass/optimizer/widths"
)

var bigBudget = design.Vec{1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30}

func testProblem(t *testing.T, net *intnet.Net, budget design.Vec) *problem {
	t.Helper()
	m := derive.Pricing{Model: cost.New(net, design.FamilyUSPlus, nil)}
	widths, err := widthsOf(m, limits.Both, maxWidths, nil)
	if err != nil {
		t.Fatal(err)
	}
	sp := &space{model: m, target: limits.Both, engines: hw.MaxGangs, est: meanEst{net, 0.4}, engine: design.EngineAuto, budget: budget, widths: widths, hurry: fifo.Hurry(net), clocks: derive.NewPaths(limits.Both), limit: derive.AnyPath}
	sets, err := sp.all(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProblem(net, m, sp.clocks, sets, widths, budget)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// small are networks of at most four layers, with few enough choices to try them all.
func small() map[string]*intnet.Net {
	nets := map[string]*intnet.Net{}
	b := newBuild(6, 6, 2)
	nets["one"] = b.done(b.conv(0, 4, 3, 1, true))
	b = newBuild(6, 6, 2)
	nets["chain"] = b.done(b.conv(b.conv(0, 3, 1, 1, false), 2, 1, 1, false))
	b = newBuild(6, 4, 2)
	nets["residual"] = b.done(b.Add(b.conv(b.conv(0, 2, 1, 1, false), 2, 1, 1, false), 0))
	b = newBuild(4, 4, 2)
	nets["four"] = b.done(b.conv(b.globalAvg(b.maxPool(b.conv(0, 2, 1, 1, false), 2)), 3, 1, 1, false))
	b = newBuild(4, 4, 2)
	nets["depthwise"] = b.done(b.conv(b.depthwise(0, 3), 3, 1, 1, false))
	b = newBuild(4, 4, 2)
	nets["gate"] = b.done(b.mul(0, b.conv(b.globalAvg(0), 2, 1, 1, false)))
	b = newBuild(4, 3, 2)
	nets["concat"] = b.done(b.concat(b.conv(0, 4, 1, 1, false), 0, 0))
	return nets
}

// everyDesign calls visit with every design of the test's own enumeration: each layer's
// hardware from nested loops over the parameters, checked by hw.Expand, priced as a
// whole network. It shares with the search the cost formulas and the rule for
// joins' FIFOs and for the input widths of concats, but neither its enumeration, pruning, decomposition nor solver.
func everyDesign(t *testing.T, net *intnet.Net, est CycleEstimator, family string, visit func(layers []hw.Layer, cycles, latency float64, total design.Vec)) int {
	m := derive.Pricing{Model: cost.New(net, family, nil)}
	hurry := fifo.Hurry(net)
	var lists [][]hw.Layer
	var cycles [][]float64
	for i, l := range net.Layers {
		in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
		var hl []hw.Layer
		var cy []float64
		if l.Kind == intnet.KindConcat {
			for q := 1; q <= out.C; q++ {
				for p := 1; p <= out.C; p++ {
					if h := (hw.Layer{InPx: 1, InCh: q, OutPx: 1, OutCh: p}); out.C%p == 0 && slices.Contains(widths.Concat(net, &l, p), q) {
						hl, cy = append(hl, h), append(cy, float64(out.H*out.W*hw.ConcatSteps(net, &l, q, p)))
					}
				}
			}
			lists, cycles = append(lists, hl), append(cycles, cy)
			continue
		}
		for q := 1; q <= in.C; q++ {
			for p := 1; p <= out.C; p++ {
				if in.C%q != 0 || out.C%p != 0 {
					continue
				}
				base := hw.Layer{InPx: 1, InCh: q, OutPx: 1, OutCh: p}
				inBeats := float64(in.H * in.W * in.C / q)
				if l.Kind != intnet.KindConv && l.Kind != intnet.KindPool {
					if p == q && slices.Contains(widths.Out(net, i), p) {
						hl, cy = append(hl, base), append(cy, max(inBeats, float64(out.H*out.W*out.C/p)))
					}
					continue
				}
				k := 1
				if l.Conv != nil {
					k = l.Conv.Kernel[0]
				} else {
					k = l.Pool.Kernel[0]
				}
				for tap := 1; tap <= k*k; tap++ {
					for ch := 1; ch <= in.C; ch++ {
						h := base
						h.MTap, h.MCh = tap, ch
						h.LinePixels = 1 << 20
						win := hw.WindowOf(net, l, h)
						if depthwise := net.Depthwise(&l); win.Validate() != nil || depthwise && ch != p {
							continue
						}
						h.LinePixels = win.FullLinePixels()
						gate := hurry[i] > 1
						if gate {
							h.LinePixels = win.MinLinePixels()
						}
						win = hw.WindowOf(net, l, h)
						if l.Kind == intnet.KindPool {
							if ch == p {
								hl, cy = append(hl, h), append(cy, max(inBeats, float64(win.OutBeats())))
							}
							continue
						}
						for _, mem := range memory.Kinds {
							for _, kind := range hw.LaneEngines() {
								lanes := hw.EngineLanes(net, l, h)
								for n := 1; n <= lanes; n++ {
									for gang := 1; gang <= p; gang++ {
										one := !kind.Skips() || kind.Row().Apart || net.Depthwise(&l) // gang
										if p%gang != 0 || one && gang != p || !kind.Skips() != (n == lanes) || !kind.Row().Legal(lanes, n) ||
											kind == hw.Crossbar && (lanes > 16 || !strings.Contains(" 2 3 4 6 8 ", fmt.Sprintf(" %d ", n))) {
											continue
										}
										h.Engine, h.N, h.Gang, h.WeightMem, h.GangDepth, h.Packing = kind, n, gang, mem, engineDepth(kind), packing.Packing{}
										if !derive.Pack(design.EngineAuto, net, &l, &h, family) {
											continue
										}
										c, _, err := est.Conv(i, h)
										if err != nil {
											t.Fatal(err)
										}
										c = max(c, float64(win.OutBeats()))
										if gate {
											c += inBeats
										}
										hl, cy = append(hl, h), append(cy, hurry[i]*max(c, inBeats))
									}
								}
							}
						}
					}
				}
			}
		}
		lists, cycles = append(lists, hl), append(cycles, cy)
	}
	extra := fifo.New(net, nil)
	tail, pipeline := fifo.Tails(net, nil)
	// The network's cost is per layer and per stream; networks of equal stream widths share the latter.
	streamCost := map[string]*design.Vec{}
	layerCost := make([][]design.Vec, len(lists))
	for i := range lists {
		for _, h := range lists[i] {
			layerCost[i] = append(layerCost[i], m.Layer(i, h))
		}
	}
	count := 0
	layers := make([]hw.Layer, len(net.Layers))
	var rec func(i int, slow, lat float64, cost design.Vec)
	rec = func(i int, slow, lat float64, cost design.Vec) {
		if i == len(layers) {
			key := ""
			for _, h := range layers {
				key += fmt.Sprint(h.InCh, h.OutCh, h.MTap, h.MCh, h.Engine, h.N, h.Gang, h.GangDepth, ";")
			}
			sc, ok := streamCost[key]
			if !ok {
				if n, err := hw.Expand(net, layers, nil); err == nil {
					extra.Apply(n)
					_, fifos, io := m.Network(n)
					v := fifos.Add(io)
					sc = &v
				}
				streamCost[key] = sc
			}
			if sc != nil {
				count++
				visit(layers, slow, slow+lat+float64(pipeline), cost.Add(*sc))
			}
			return
		}
		for k, h := range lists[i] {
			layers[i] = h
			rec(i+1, max(slow, cycles[i][k]), lat+tail[i]*cycles[i][k], cost.Add(layerCost[i][k]))
		}
	}
	rec(0, 0, 0, design.Vec{})
	return count
}

// TestBruteForce proves the search equal to trying every design, under random budgets:
// the best rate, the least even share at that rate, and the best latency.
func TestBruteForce(t *testing.T) {
	ctx := context.Background()
	for name, net := range small() {
		est := meanEst{net, 0.4}
		var all [][]float64 // cycles, latency
		var costs []design.Vec
		n := everyDesign(t, net, est, design.FamilyUSPlus, func(_ []hw.Layer, c, l float64, v design.Vec) {
			all, costs = append(all, []float64{c, l}), append(costs, v)
		})
		p := testProblem(t, net, bigBudget)
		rng := rand.New(rand.NewSource(7))
		feasible := 0
		for trial := range 25 {
			// A budget just above some design's cost in most resources.
			budget := costs[rng.Intn(len(costs))]
			other := costs[rng.Intn(len(costs))]
			for r := range budget {
				budget[r] = max(1, (budget[r]+other[r])/2+rng.Intn(3))
			}
			best, even, quick := math.Inf(1), math.Inf(1), math.Inf(1)
			p.setBudget(budget)
			for k, v := range costs {
				if !v.Within(budget) {
					continue
				}
				sh := p.share(v)
				f := dot((*[design.NumResources]float64)(&target.EvenPrice), &sh)
				if all[k][0] < best {
					best, even = all[k][0], f
				} else if all[k][0] == best {
					even = min(even, f)
				}
				quick = min(quick, all[k][1])
			}
			r, err := p.fastest(ctx, 1<<40, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if math.IsInf(best, 1) {
				if r.x != nil {
					t.Errorf("%s, budget %v: a design of %v cycles; brute force finds none", name, budget, r.cycles)
				}
				continue
			}
			feasible++
			if r.x == nil || r.cycles != best || r.bound != best {
				t.Errorf("%s, trial %d, budget %v: %v cycles, bound %v; brute force %v", name, trial, budget, r.cycles, r.bound, best)
				continue
			}
			x, value, bound, err := p.minimum(ctx, r.cycles, r.x, target.EvenPrice, nil, 1<<40)
			if err != nil {
				t.Fatal(err)
			}
			total, ok := p.total(x)
			if !ok || !total.Within(budget) || p.cycles(x) != best {
				t.Errorf("%s: the design of least share has %v cycles and costs %v of %v", name, p.cycles(x), total, budget)
			}
			if math.Abs(value-even) > 1e-6*even || bound > even*(1+1e-6) {
				t.Errorf("%s, budget %v: least share %v, bound %v; brute force %v", name, budget, value, bound, even)
			}
			x, low, err := p.quickest(ctx, r, 1<<40)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.latencyOf(x); math.Abs(got-quick) > 1e-6*quick || low > quick*(1+1e-9) {
				t.Errorf("%s, budget %v: latency %v, bound %v; brute force %v", name, budget, got, low, quick)
			}
			if total, ok := p.total(x); !ok || !total.Within(budget) {
				t.Errorf("%s: the quickest design costs %v of %v", name, total, budget)
			}
		}
		t.Logf("%s: %d designs, %d of 25 budgets feasible", name, n, feasible)
		if feasible < 5 {
			t.Errorf("%s: only %d budgets were feasible", name, feasible)
		}
	}
}

// TestRough checks that the choices which a rough model leaves are few and hardly worse than all.
func TestRough(t *testing.T) {
	testenv.Long(t)
	ctx := context.Background()
	for _, density := range []float64{0.2, 0.6} {
		net := resnet8()
		budget := design.Vec{300, 60000, 120000, 300, 0, 30000}
		s, err := newSpace(&Input{Net: net, Platform: design.Platform{Family: design.FamilyUSPlus}, Target: limits.Both, Est: meanEst{net, density}, Engine: design.EngineAuto}, budget, hw.MaxGangs)
		if err != nil {
			t.Fatal(err)
		}
		search := func() (rate, int) {
			p, err := s.problem(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if s.near != nil {
				p.beamWidth = wideBeam // as newSearchProblem does
			}
			r, err := p.fastest(ctx, 100_000, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, l := range p.layers {
				for _, c := range l.classes {
					n += len(c.opts)
				}
			}
			return r, n
		}
		all, many := search()
		if s.near, err = s.focus(ctx, &derive.Clocking{Target: limits.Both, Platform: design.Platform{Family: design.FamilyUSPlus, ClockMHz: 1000}}, true, 0); err != nil {
			t.Fatal(err)
		}
		some, few := search()
		t.Logf("density %v: %.0f cycles of %d choices, %.0f of %d", density, all.cycles, many, some.cycles, few)
		if some.x == nil || some.cycles > 1.04*all.cycles || few > many/3 {
			t.Errorf("density %v: %v cycles of %d choices; all %d give %v", density, some.cycles, few, many, all.cycles)
		}
	}
}
