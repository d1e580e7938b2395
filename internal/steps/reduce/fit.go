package reduce

import (
	"slices"
	"strconv"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
	"hass/internal/schedule"
)

// fit gives a network hardware as near to the layers' former hardware as their shapes allow. Engines keep their kinds
// where enough lanes remain. hw.Expand decides whether the result is valid.
func fit(n *intnet.Net, had map[string]hw.Layer) []hw.Layer {
	beats := make([]hw.Beat, len(n.Tensors)) // as written; for the input, as its first reader reads it
	layers := make([]hw.Layer, len(n.Layers))
	for i := range n.Layers {
		l := &n.Layers[i]
		hl := had[l.ID]
		in, out := n.Tensors[l.In[0]], n.Tensors[l.Out]
		if b := beats[l.In[0]]; b.Px > 0 {
			hl.InPx = b.Px
		}
		if l.Kind != intnet.KindConcat {
			hl.InCh = gcd(hl.InCh, in.C)
			for port, t := range l.In {
				if b := beats[t]; b.Ch > 0 && !nested(b.Ch, hl.InCh) {
					hl.InCh = gcd(hl.InCh, b.Ch)
				}
				if port > 0 {
					hl.InCh = gcd(hl.InCh, n.Tensors[t].C)
				}
			}
		}
		switch l.Kind {
		case intnet.KindConv:
			fitConv(n, l, &hl)
		case intnet.KindPool:
			hl.MCh = gcd(hl.MCh, in.C)
			if !nested(hl.MCh, hl.InCh) {
				hl.MCh = gcd(hl.MCh, hl.InCh)
			}
			hl.OutCh = hl.MCh
			hl.MTap = fitTaps(hl.MTap, l.Pool.Kernel)
			fitLines(n, l, &hl)
		case intnet.KindGlobalPool:
			hl.OutCh, hl.OutPx = hl.InCh, 1
		case intnet.KindConcat:
			hl.OutCh, hl.OutPx = gcd(hl.OutCh, out.C), hl.InPx
		case intnet.KindSlice:
			hl.InCh = gcd(hl.InCh, gcd(l.Slice.Start[2], out.C))
			hl.OutCh, hl.OutPx = hl.InCh, hl.InPx
		case intnet.KindAdd, intnet.KindMul, intnet.KindRequant, intnet.KindActivation, intnet.KindResize:
			hl.OutCh, hl.OutPx = hl.InCh, hl.InPx
		default:
			if l.Kind.Moves() {
				hl.InCh = gcd(hl.InCh, out.C)
				hl.OutCh, hl.OutPx = hl.InCh, hl.InPx
				break
			}
			panic("reduce: no hardware for kind " + string(l.Kind)) // settle has refused it
		}
		for port, t := range l.In {
			if beats[t].Px == 0 {
				beats[t] = hw.Beat{Px: hl.InPx, Ch: hw.PortCh(n, l, hl.InCh, port)}
			}
		}
		beats[l.Out] = hw.Beat{Px: hl.OutPx, Ch: hl.OutCh}
		if !hw.HasBuffer(n, l) {
			hl.BufferMem = memory.None
		}
		layers[i] = hl
	}
	return hw.WithBuffers(n, layers)
}

// fitConv fits lanes, engines and line buffer of a convolution.
func fitConv(n *intnet.Net, l *intnet.Layer, hl *hw.Layer) {
	c := l.Conv
	in := n.Tensors[l.In[0]]
	hl.MCh = gcd(hl.MCh, in.C/c.Groups)
	if n.Depthwise(l) {
		hl.MCh = gcd(hl.OutCh, in.C)
	}
	if !nested(hl.MCh, hl.InCh) {
		hl.MCh = gcd(hl.MCh, hl.InCh)
	}
	hl.OutCh = gcd(hl.OutCh, c.OutC/c.Groups)
	hl.Gang = gcd(hl.Gang, hl.OutCh)
	if n.Depthwise(l) {
		hl.OutCh, hl.Gang = hl.MCh, hl.MCh
	}
	hl.MTap = fitTaps(hl.MTap, c.Kernel)
	if !hl.Engine.Row().Static || !fitSchedule(l.Conv, hl) {
		fitEngine(hl, hw.EngineLanes(n, *l, *hl))
	}
	hl.Turns = hw.TurnsOf(n, l, *hl, hl.Turns)
	fitLines(n, l, hl)
}

// fitSchedule assigns the words of a scheduled engine's window to banks again; it returns false if the convolution cannot
// have such an engine.
func fitSchedule(c *intnet.Conv, hl *hw.Layer) bool {
	w := hw.ScheduleWeights(c)
	if c.Groups != 1 || w.Filters == 0 || w.Words == 0 {
		return false
	}
	hl.MTap, hl.MCh, hl.OutCh, hl.Gang = 1, 1, 1, 1
	hl.N = min(hl.N, w.Words)
	bank, err := schedule.Assign(w, hl.N)
	if err != nil {
		return false
	}
	hl.Scheduled.Chains = min(hl.Scheduled.Chains, w.Filters)
	hl.Scheduled.Places = hw.PlacesOf(bank)
	return true
}

// fitEngine gives an engine of m lanes its former number of multipliers, or the next lower legal number. A kind without a
// legal number for m lanes becomes banked, or dense if there is one lane.
func fitEngine(hl *hw.Layer, m int) {
	for _, kind := range []hw.EngineKind{hl.Engine, hw.Banked, hw.Dense} {
		if counts := kind.Row().Try(m); len(counts) > 0 {
			i := slices.IndexFunc(counts, func(n int) bool { return n > hl.N })
			if i < 0 {
				i = len(counts)
			}
			hl.Engine, hl.N, hl.Scheduled = kind, counts[max(0, i-1)], hw.Scheduled{}
			if kind == hw.Packed {
				hl.Packing.Deep = min(hl.Packing.Deep, hl.N)
			} else {
				hl.Packing = packing.Packing{}
			}
			return
		}
	}
	panic("reduce: no engine has " + strconv.Itoa(m) + " lanes")
}

// fitTaps is a number of taps per beat that the kernel allows; beats of whole rows stay beats of whole rows.
func fitTaps(taps int, kernel [2]int) int {
	if taps > kernel[1] || taps == kernel[1] {
		rows := max(1, taps/kernel[1])
		for kernel[0]%rows != 0 {
			rows--
		}
		return rows * kernel[1]
	}
	return gcd(taps, kernel[1])
}

// fitLines keeps a line buffer of full or minimum size, and bounds any other size by these two.
func fitLines(n *intnet.Net, l *intnet.Layer, hl *hw.Layer) {
	w := hw.WindowOf(n, *l, *hl)
	hl.LinePixels = min(max(hl.LinePixels, w.MinLinePixels()), w.FullLinePixels())
}

func nested(a, b int) bool { return max(a, b)%min(a, b) == 0 }

// gcd is the greatest common divisor; gcd(a, 0) is a.
func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return max(1, a)
}
