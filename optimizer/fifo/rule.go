package fifo

import (
	"math"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// Rule gives the additional depth, beyond the default, that the FIFO into a layer needs
// for the network to run at full rate. It depends on shapes and stream widths alone.
// Windows take and give tensors at an even pace (hw.Window.AcceptPace), so a FIFO into a
// layer with one input only evens out engines whose beats take unequal cycles:
// marginPixels.
//
// Into a layer with several inputs, the additional depth in tokens is:
//
//	map x (latest arrival of the other branches - earliest of this one), if positive
//	+ the other branches' pipeline latencies, one token a cycle
//	+ marginPixels for each window of the other branches, at least once
//
// where arrivals are shares of an image's time after the point where the branches part. A
// layer that reads or writes rows in bursts also needs the depth of a burst. Token minima are
// always measured afterwards, not derived from this rule.
//
// A branch that computes one pixel from a whole map, such as squeeze-excite, arrives more than a map
// late, and every further layer of the branch delays it by the layer's own time. These layers therefore
// have to hurry: their cycles are multiplied by Hurry, so that each takes no more than that part of an
// image's time.
type Rule struct {
	streams
	at     map[[2]int]skip // by layer and port, layers with several inputs
	writer []int           // by tensor: the layer that writes it, -1 for the input

	// Hurry is the factor by which each layer must be faster than the whole network, 1 for most.
	Hurry []float64
}

// marginPixels is the number of pixels in FIFOs that even out engines of varying speed.
const marginPixels = 2

// wide is the number of pixels per beat from which on one pixel group serves as margin, including the default depth: layers of whole rows
// have dense and scheduled engines, whose pace is even. (Measured: without a margin a pruned ResNet-50 on U250 took 14 % more cycles than
// its slowest layer, with one pixel group the same cycles.) The number of channels is often a power of two, and a few more tokens would
// double the block RAM.
const wide = 17

// marginTokens is the margin of a tensor in tokens of q channels.
func (e *Rule) marginTokens(tensor, q int) int {
	tokens := e.net.Tensors[tensor].C / q
	if e.px(tensor) >= wide {
		return max(0, tokens-ShiftDepth)
	}
	return marginPixels * tokens
}

// HurryWindow and HurryOther are the factors by which a layer of one pixel on a branch
// must be faster than the whole network: a layer with a window, and a layer with as many
// cycles as channels.
const (
	HurryWindow = 4
	HurryOther  = 16
)

// Hurry gives the factor of every layer.
func Hurry(net *intnet.Net) []float64 {
	f := make([]float64, len(net.Layers))
	meets := make([]bool, len(net.Tensors)) // a layer with several inputs and more than one pixel follows
	for i := len(net.Layers) - 1; i >= 0; i-- {
		l := &net.Layers[i]
		out := &net.Tensors[l.Out]
		f[i] = 1
		if meets[l.Out] && out.H == 1 && out.W == 1 {
			switch l.Kind {
			case intnet.KindConv, intnet.KindPool:
				f[i] = HurryWindow
			case intnet.KindGlobalPool:
			default:
				f[i] = HurryOther
			}
		}
		for _, t := range l.In {
			meets[t] = meets[t] || meets[l.Out] || len(l.In) > 1 && (out.H > 1 || out.W > 1)
		}
	}
	return f
}

// skip describes how the branch into a port meets the others.
type skip struct {
	share   float64 // of the map
	cycles  int
	windows int
}

// Tokens is the additional depth of the FIFO into a port at q channels per beat.
func (e *Rule) Tokens(layer, port, q int) int {
	from := e.net.Layers[layer].In[port]
	t := e.net.Tensors[from]
	beats := t.C / q
	px := e.px(from)
	all := t.H * fixed.CeilDiv(t.W, px) * beats
	burst := 0
	if k := e.net.Layers[layer].Kind; hw.ProcessKind(k).Moves() && k != intnet.KindSlice {
		burst = all / t.H // a row waits while the previous rows are written
	}
	if w := e.writer[from]; w >= 0 {
		if k := e.net.Layers[w].Kind; hw.ProcessKind(k).Moves() && k != intnet.KindZeroInsert {
			late, early := delay(e.streams, w, e.Hurry[w])
			burst += int(math.Ceil((late - early) * float64(all)))
		}
	}
	s := e.at[[2]int{layer, port}]
	if s.share <= 0 {
		return burst + e.marginTokens(from, q) // one input only, or the others always arrive first
	}
	return burst + int(math.Ceil(s.share*float64(all))) + e.margin(layer, port, q)
}

// maps bounds, in maps, the number of tokens that a live network can need to hold before a port.
func (e *Rule) maps(layer, port int) int {
	return 3 + int(math.Ceil(max(0, e.at[[2]int{layer, port}].share)))
}

// margin is the depth that the FIFO into a port of a layer of several inputs needs beyond the
// tokens that wait for the other branches.
func (e *Rule) margin(layer, port, q int) int {
	s := e.at[[2]int{layer, port}]
	return s.cycles + e.marginTokens(e.net.Layers[layer].In[port], q)*max(1, s.windows)
}

// branch is the position of a tensor behind the point where branches part.
type branch struct {
	reached     bool
	late, early float64
	cycles      int
	windows     int
}

// New is the rule of a network; pixels are the pixels per beat of its streams, by tensor, and nil is one.
func New(net *intnet.Net, pixels []int) *Rule {
	d := &Rule{streams: streams{net, pixels}, at: map[[2]int]skip{}, Hurry: Hurry(net), writer: make([]int, len(net.Tensors))}
	for t := range d.writer {
		d.writer[t] = -1
	}
	dom := dominators(net)
	for i, l := range net.Layers {
		d.writer[l.Out] = i
		if len(l.In) < 2 {
			continue
		}
		// The last tensor that every path from the input to the layer passes.
		from := dom[l.Out][len(dom[l.Out])-2]
		arrive := d.arrivals(from, i)
		for port := range l.In {
			own, k := arrive[l.In[port]], skip{share: math.Inf(-1)}
			for other, t := range l.In {
				if b := arrive[t]; other != port {
					k.share = max(k.share, b.late-own.early)
					k.cycles, k.windows = max(k.cycles, b.cycles), max(k.windows, b.windows)
				}
			}
			d.at[[2]int{i, port}] = k
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

// arrivals follows the branches from tensor from through the layers before end.
func (e *Rule) arrivals(from, end int) []branch {
	net := e.net
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
		b.cycles += Latency(net, &net.Layers[i])
		lag, ahead := delay(e.streams, i, e.Hurry[i])
		b.late, b.early = b.late+lag, b.early+ahead
		if l.Kind == intnet.KindConv || l.Kind == intnet.KindPool {
			b.windows++
		}
		at[l.Out] = b
	}
	return at
}

// Latency bounds the pipeline latency of a layer's modules in cycles, including
// a fork and a converter at its input.
func Latency(net *intnet.Net, l *intnet.Layer) int {
	widest := hw.Layer{N: hw.MaxLanes, Engine: hw.Crossbar, OutPx: 1, OutCh: 2 * hw.MaxLanes, Gang: hw.MaxLanes}
	cycles := 2 + hw.LayerLatency(net, l, widest)
	switch l.Kind {
	case intnet.KindConv:
		cycles += hw.Latency(hw.WindowProc, widest) + hw.Latency(hw.Fork, widest) + hw.Latency(hw.Engine, widest)
	case intnet.KindPool:
		cycles += hw.Latency(hw.WindowProc, hw.Layer{})
	}
	return cycles
}

// fullWindow is the line buffer at full rate of a layer that has one, in the parameters
// that do not depend on the hardware choice.
func fullWindow(m streams, layer int) (hw.Window, bool) {
	net := m.net
	l := net.Layers[layer]
	if l.Kind != intnet.KindConv && l.Kind != intnet.KindPool {
		return hw.Window{}, false
	}
	in, out := m.layerPx(layer)
	win := hw.WindowOf(net, l, hw.Layer{InPx: in, OutPx: out, InCh: 1, OutCh: 1, MTap: 1, MCh: 1})
	win.LinePixels = win.FullLinePixels()
	return win, true
}

// delay is the largest and the least delay of a layer's output against an even pace, as
// shares of the image's time. hurry is the layer's factor.
func delay(m streams, layer int, hurry float64) (late, early float64) {
	net := m.net
	l := &net.Layers[layer]
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	switch l.Kind {
	case intnet.KindConv, intnet.KindPool:
		win, _ := fullWindow(m, layer)
		if early = float64(win.Lead()) / float64(win.H*win.RowPixels()); hurry > 1 && in.H == 1 && in.W == 1 {
			early = 0 // only the layer's own time
		}
		return early + 1/(hurry*float64(win.PixelGroups())), early
	case intnet.KindGlobalPool:
		return 1, 1 - 1/float64(in.H*in.W)
	case intnet.KindSlice:
		s := l.Slice
		late, early = 0, 1
		for y := range out.H {
			for x := range out.W {
				at := float64((s.Start[0]+y*s.Step[0])*in.W+s.Start[1]+x*s.Step[1]+1) / float64(in.H*in.W)
				k, n := float64(y*out.W+x), float64(out.H*out.W)
				late, early = max(late, at-k/n), min(early, at-(k+1)/n)
			}
		}
		return late, early
	case intnet.KindResize:
		late, early = 0, 1
		for y := range out.H {
			at, n := float64(l.Resize.Rows.Last(y)+1)/float64(in.H), float64(out.H)
			late, early = max(late, at-float64(y)/n), min(early, at-float64(y+1)/n)
		}
		return late, early
	case intnet.KindAdd, intnet.KindMul, intnet.KindRequant, intnet.KindActivation, intnet.KindConcat, intnet.KindZeroInsert:
		if hurry > 1 {
			return 1 / hurry, 0
		}
		return 0, 0
	}
	if l.Kind.Moves() {
		return moveDelay(net, l)
	}
	panic("fifo: no delay of a layer of kind " + string(l.Kind))
}

// moveDelay is delay of a layer that moves pixels, from its iterations.
func moveDelay(net *intnet.Net, l *intnet.Layer) (late, early float64) {
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	reads, writes := float64(in.H*in.W*in.C), float64(out.H*out.W*out.C)
	read, written := 0, 0
	late, early = 0, 1
	hw.MoveSteps(net, l, hw.Beat{Px: 1, Ch: 1}, func(count int, r, w uint64) {
		for range count {
			read += int(r)
			if w > 0 {
				at := float64(read) / reads
				late, early = max(late, at-float64(written)/writes), min(early, at-float64(written+1)/writes)
				written++
			}
		}
	})
	return late, early
}

// streams are a network's tensors with their pixels per beat.
type streams struct {
	net    *intnet.Net
	pixels []int // by tensor; nil is one
}

func (s streams) px(t int) int {
	if s.pixels == nil {
		return 1
	}
	return s.pixels[t]
}

// layerPx is the pixels per beat that layer i reads and writes.
func (s streams) layerPx(i int) (in, out int) {
	l := &s.net.Layers[i]
	return s.px(l.In[0]), s.px(l.Out)
}
