package optimizer

import (
	"math"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// elastic knows by how much the FIFO into a layer must exceed the default for the network to
// run at full rate, by a rule that depends on shapes and stream widths alone.
// Windows take and give tensors at an even pace (hw.Window.AcceptPace), so that a FIFO
// into a layer with one input only evens out engines whose beats cost unequal
// cycles: marginPixels.
//
// Into a layer with two inputs, in tokens:
//
//	map x (latest arrival of the sibling branch - earliest of this one), if positive
//	+ the sibling's pipeline latencies, one token a cycle
//	+ marginPixels for each window of the sibling branch, at least once
//
// where arrivals are shares of an image's time after the point where the branches
// part. Token minima are measured afterwards, never assumed from this.
type elastic struct {
	net *intnet.Net
	at  map[[2]int]skip // by layer and port, layers with two inputs
}

// marginPixels is what FIFOs hold for engines of varying speed.
const marginPixels = 2

type skip struct {
	share   float64 // of the map
	cycles  int
	windows int
}

// tokens is the extra depth of the FIFO into a port at q channels per beat.
func (e *elastic) tokens(layer, port, q int) int {
	t := e.net.Tensors[e.net.Layers[layer].In[port]]
	beats := t.C / q
	all := t.H * ceilDiv(t.W, pixels) * beats
	s := e.at[[2]int{layer, port}]
	if s.share <= 0 {
		return marginPixels * beats // one input only, or the sibling always comes first
	}
	return int(math.Ceil(s.share*float64(all))) + e.margin(layer, port, q)
}

// margin is what the FIFO into a port of a two-input layer needs beyond the tokens that the
// sibling's delay makes wait.
func (e *elastic) margin(layer, port, q int) int {
	s := e.at[[2]int{layer, port}]
	return s.cycles + marginPixels*e.net.Tensors[e.net.Layers[layer].In[port]].C/q*max(1, s.windows)
}

// branch is how a tensor lies behind the point where branches part.
type branch struct {
	reached     bool
	late, early float64
	cycles      int
	windows     int
}

func newElastic(net *intnet.Net) *elastic {
	d := &elastic{net: net, at: map[[2]int]skip{}}
	dom := dominators(net)
	for i, l := range net.Layers {
		if len(l.In) < 2 {
			continue
		}
		// The last tensor that every path from the input to either port passes.
		from := -1
		for _, a := range dom[l.In[0]] {
			for _, b := range dom[l.In[1]] {
				if a == b {
					from = a
				}
			}
		}
		arrive := arrivals(net, from, i)
		for port := range l.In {
			own, sib := arrive[l.In[port]], arrive[l.In[1-port]]
			if !own.reached || !sib.reached {
				continue
			}
			d.at[[2]int{i, port}] = skip{share: sib.late - own.early, cycles: sib.cycles, windows: sib.windows}
		}
	}
	return d
}

// dominators gives for every tensor the tensors that all paths from the input pass, itself
// last, in the order of the path.
func dominators(net *intnet.Net) [][]int {
	dom := make([][]int, len(net.Tensors))
	dom[net.Input] = []int{net.Input}
	for _, l := range net.Layers {
		common := dom[l.In[0]]
		for _, t := range l.In[1:] {
			n := 0
			for n < len(common) && n < len(dom[t]) && common[n] == dom[t][n] {
				n++
			}
			common = common[:n]
		}
		dom[l.Out] = append(append([]int{}, common...), l.Out)
	}
	return dom
}

// arrivals follows tensor from through the layers before end.
func arrivals(net *intnet.Net, from, end int) []branch {
	at := make([]branch, len(net.Tensors))
	at[from].reached = true
	for i, l := range net.Layers[:end] {
		var b branch
		for _, t := range l.In {
			if a := at[t]; a.reached {
				if !b.reached {
					b = a
					continue
				}
				b.late, b.early = max(b.late, a.late), max(b.early, a.early)
				b.cycles, b.windows = max(b.cycles, a.cycles), max(b.windows, a.windows)
			}
		}
		if !b.reached || l.Out == from {
			continue
		}
		b.cycles += layerLatency(l.Kind)
		lag, ahead := delay(net, i)
		b.late, b.early = b.late+lag, b.early+ahead
		if l.Kind == intnet.KindConv || l.Kind == intnet.KindPool {
			b.windows++
		}
		at[l.Out] = b
	}
	return at
}

// layerLatency bounds the pipeline depth of a layer's modules in cycles, a fork and a
// converter at its input included.
func layerLatency(kind intnet.Kind) int {
	widest := hw.Layer{N: hw.MaxLanes}
	cycles := 2 + hw.Latency(lastProcess(kind), widest)
	switch kind {
	case intnet.KindConv:
		cycles += hw.Latency(hw.WindowProc, widest) + hw.Latency(hw.Fork, widest) + hw.Latency(hw.Engine, widest)
	case intnet.KindPool:
		cycles += hw.Latency(hw.WindowProc, widest)
	}
	return cycles
}

// fullWindow is the line buffer of a layer that has one, at full rate and in what does not
// depend on the hardware chosen.
func fullWindow(net *intnet.Net, layer int) (hw.Window, bool) {
	l := net.Layers[layer]
	if l.Kind != intnet.KindConv && l.Kind != intnet.KindPool {
		return hw.Window{}, false
	}
	win := hw.WindowOf(net, l, hw.Layer{InPx: pixels, OutPx: pixels, InCh: 1, OutCh: 1, MTap: 1, MCh: 1})
	win.LinePixels = win.FullLinePixels()
	return win, true
}

// delay is how much later than its even share of the image a layer's output comes at the
// latest and at the earliest, as shares of the image.
func delay(net *intnet.Net, layer int) (late, early float64) {
	if win, ok := fullWindow(net, layer); ok {
		early = float64(win.Lead()) / float64(win.H*win.RowPixels())
		return early + 1/float64(win.PixelGroups()), early
	}
	if l := net.Layers[layer]; l.Kind == intnet.KindGlobalPool {
		in := net.Tensors[l.In[0]]
		return 1, 1 - 1/float64(in.H*in.W)
	}
	return 0, 0
}
