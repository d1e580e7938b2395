package pnr

import (
	"fmt"
	"maps"
	"math/rand"

	"hass/codegen/project"
	"hass/codegen/rtl"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
	"hass/optimizer/cost"
	"hass/optimizer/cost/fit"
)

// NetworkModule takes the place of the module's name in the data file of whole networks; the
// parameters are the network's name.
const NetworkModule = "network"

// Network is a whole network to be routed: random weights, hardware of all kinds of engines.
type Network struct {
	Name string
	HW   *hw.Network
	top  string // its SystemVerilog
}

// uniform is a network of convolutions with equal engines.
type uniform struct {
	size, channels  int // of the map and of the convolutions
	layers          int
	bits            int
	kind            hw.EngineKind
	mch, n          int // channels of a beat, multipliers
	pout, gang      int // output lanes, lanes of a gang
	poolAndResidual bool
}

func (u *uniform) name() string {
	s := fmt.Sprintf("%dx conv 3x3 %d ch %dx%d %d bits %s %d->%d out %d gang %d", u.layers, u.channels, u.size, u.size, u.bits, u.kind, 9*u.mch, u.n, u.pout, u.gang)
	if u.poolAndResidual {
		s += " pool add"
	}
	return s
}

var uniforms = []uniform{
	{8, 4, 2, 8, hw.Dense, 1, 9, 1, 1, false},
	{12, 8, 2, 8, hw.Banked, 1, 3, 2, 2, true},
	{8, 8, 3, 8, hw.Dense, 1, 9, 2, 1, true},
	{16, 8, 2, 8, hw.Crossbar, 1, 3, 1, 1, false},
	{8, 8, 2, 8, hw.Elastic, 1, 3, 2, 2, false},
	{16, 8, 4, 8, hw.Dense, 1, 9, 1, 1, true},
	{8, 8, 2, 8, hw.Banked, 1, 3, 8, 8, true},
	{8, 4, 3, 16, hw.Banked, 1, 3, 2, 1, true},
	{8, 8, 2, 8, hw.Crossbar, 1, 3, 4, 2, true},
}

// randomNetworks are seeds of hwtest whose networks have several layers and fit the part.
var randomNetworks = []int64{5, 21, 33, 46}

// Networks are the whole networks to route, in that order.
func Networks() ([]Network, error) {
	var list []Network
	for i := range uniforms {
		u := &uniforms[i]
		net, layers, depths, err := u.build()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u.name(), err)
		}
		n, err := newNetwork(u.name(), net, layers, depths)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	for _, seed := range randomNetworks {
		c, err := hwtest.NewPlain(seed)
		if err != nil {
			return nil, err
		}
		n, err := newNetwork(fmt.Sprint("random ", seed), c.Net, c.Layers, c.Depths)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

func (u *uniform) build() (*intnet.Net, []hw.Layer, map[string]int, error) {
	f := fixed.Format{Bits: u.bits, Frac: u.bits / 2, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), u.size, u.size, 3, f)
	conv := func(in, k, c int) int {
		t := b.Conv(in, hwtest.ConvSpec{Window: hwtest.Square(k, 1, k/2), OutC: c, Out: f, WeightBits: u.bits, Density: 0.5, Shift: u.bits + 1})
		l := &b.Net.Layers[len(b.Net.Layers)-1]
		l.Lo, l.Hi = 0, f.Max()
		return t
	}
	x := conv(b.Last(), 3, u.channels)
	for i := range u.layers - 1 {
		y := conv(x, 3, u.channels)
		if u.poolAndResidual && i == 0 {
			y = b.Pool(b.Add(y, x, f), hwtest.Square(2, 2, 0), hwtest.Maximum, false, f)
		}
		x = y
	}
	conv(b.GlobalPool(x, hwtest.Mean, f), 1, 10)
	net, err := b.Done()
	if err != nil {
		return nil, nil, nil, err
	}
	layers, depths, err := hwtest.UniformHW(net, u.kind, u.mch, u.n, u.pout, u.gang)
	return net, layers, depths, err
}

// window is the window of a k by k convolution with all taps in one beat.
func (u *uniform) window(k int) (hw.WindowParams, error) {
	f := fixed.Format{Bits: u.bits, Frac: u.bits / 2, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), u.size, u.size, u.channels, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(k, 1, k/2), OutC: u.channels, Out: f, WeightBits: u.bits, Density: 0.5, Shift: u.bits + 1})
	net, err := b.Done()
	if err != nil {
		return hw.WindowParams{}, err
	}
	layers, _, err := hwtest.UniformHW(net, u.kind, u.mch, u.n, u.pout, u.gang)
	if err != nil {
		return hw.WindowParams{}, err
	}
	points, err := fit.PointsOf(&design.Design{Net: net, Layers: layers})
	if err != nil {
		return hw.WindowParams{}, err
	}
	for _, p := range points {
		if w, ok := p.Module.(hw.WindowParams); ok {
			return w, nil
		}
	}
	return hw.WindowParams{}, fmt.Errorf("a convolution of %d by %d without a window", k, k)
}

func newNetwork(name string, net *intnet.Net, layers []hw.Layer, depths map[string]int) (Network, error) {
	d := &design.Design{Target: limits.RTL, Net: net, Layers: layers}
	for stream, depth := range depths {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: stream, Depth: depth})
	}
	p, err := project.New(d, nil)
	if err != nil {
		return Network{}, fmt.Errorf("%s: %w", name, err)
	}
	text, err := rtl.Top(p)
	if err != nil {
		return Network{}, fmt.Errorf("%s: %w", name, err)
	}
	return Network{name, p.HW, string(text)}, nil
}

// library is the library with the network's top added.
func (n *Network) library(l Library) Library {
	all := maps.Clone(l)
	all[project.TopName] = n.top
	return all
}

// Used is the network's resource use by the cost model.
func (n *Network) Used() design.Resources {
	return cost.New(n.HW.Net, design.Family7, nil).Total(n.HW).Resources()
}

// noStats selects the top without counters, as in designs.
var noStats = []hw.Param{{Name: "STATS", Value: "0"}}

// networkJobs are the jobs of whole networks.
func networkJobs(l Library, networks []Network) (jobs []Job, err error) {
	for i := range networks {
		n := &networks[i]
		all := n.library(l)
		h, err := all.Hash(project.TopName)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, Job{Module: NetworkModule, Params: n.Name, Hash: h, source: Source{all, project.TopName, noStats, false}})
	}
	return jobs, nil
}
