// Package widths lists the numbers of channels per beat that are worth trying.
//
// It takes an integer network; it gives the widths in which layers can read and write, with a selection where there are too many. It
// does not price hardware and knows no budget.
package widths

import (
	"slices"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// maxConcatWidths bounds the input widths tried for each output width of a concat.
const maxConcatWidths = 5

// Divisors are the divisors of n in ascending order.
func Divisors(n int) []int {
	var d []int
	for i := 1; i <= n; i++ {
		if n%i == 0 {
			d = append(d, i)
		}
	}
	return d
}

// Thin keeps at most most of the ascending values, first and last among them.
func Thin(d []int, most int) []int {
	if len(d) <= most {
		return d
	}
	if most == 1 {
		return d[:1]
	}
	out := make([]int, most)
	for i := range out {
		out[i] = d[i*(len(d)-1)/(most-1)]
	}
	return out
}

// maxStates bounds the number of combinations of widths of tensors that are live at once.
const maxStates = 4096

// ThinLive leaves fewer widths for tensors that are live at the same time as many others.
func ThinLive(net *intnet.Net, w [][]int, most int) {
	for _, live := range Live(net) {
		for most := most - 1; most >= 1; most-- {
			states := 1
			for _, t := range live {
				if states *= len(w[t]); states > maxStates {
					break
				}
			}
			if states <= maxStates {
				break
			}
			for _, t := range live {
				w[t] = Thin(w[t], most)
			}
		}
	}
}

// Out gives the widths in which layer i can write.
func Out(net *intnet.Net, i int) []int {
	l := &net.Layers[i]
	c := net.Tensors[l.Out].C
	switch l.Kind {
	case intnet.KindConv:
		if !net.Depthwise(l) {
			c /= l.Conv.Groups
		}
	case intnet.KindSlice:
		c = hw.GCD(hw.GCD(c, l.Slice.Start[2]), net.Tensors[l.In[0]].C)
	default:
		if l.Kind.Moves() { // keeps its beat
			c = hw.GCD(c, net.Tensors[l.In[0]].C)
		}
	}
	return Divisors(c)
}

// Live gives, before every layer and after the last, the tensors that are
// written and still to be read, in ascending order. The input counts as written by
// its first reader, whose width it takes.
func Live(net *intnet.Net) [][]int {
	n := len(net.Layers)
	first, last := make([]int, len(net.Tensors)), make([]int, len(net.Tensors))
	for t := range first {
		first[t], last[t] = -1, -1
	}
	for i, l := range net.Layers {
		first[l.Out] = i
		for _, t := range l.In {
			last[t] = i
			if t == net.Input && first[t] < 0 {
				first[t] = i
			}
		}
	}
	live := make([][]int, n+1)
	for i := range live {
		for t := range net.Tensors {
			if first[t] >= 0 && first[t] < i && last[t] >= i {
				live[i] = append(live[i], t)
			}
		}
	}
	return live
}

// Concat gives the values of InCh that are worth trying for a concat that writes ch channels per beat. These are the
// values with which it reads about as many channels per iteration as it writes (more than half and less than twice as
// many), and the next value on each side if there is none. It never reads more than all inputs whole.
func Concat(net *intnet.Net, l *intnet.Layer, ch int) []int {
	var ins []int
	most := 0
	for _, t := range l.In {
		ins = append(ins, Divisors(net.Tensors[t].C)...)
		most = max(most, net.Tensors[t].C)
	}
	slices.Sort(ins)
	ins = slices.Compact(ins)
	low, _ := slices.BinarySearch(ins, min(ch/2+1, most))
	high, _ := slices.BinarySearch(ins, 2*ch)
	if low >= high {
		low, high = max(0, high-1), min(len(ins), high+1)
	}
	return Thin(ins[low:high], maxConcatWidths)
}

// Taps gives the values of MTap that Window.Validate accepts.
func Taps(k [2]int) []int {
	taps := Divisors(k[1])
	for _, rows := range Divisors(k[0]) {
		if rows > 1 {
			taps = append(taps, rows*k[1])
		}
	}
	return taps
}

// Fit reports whether streams of a and b channels per beat can be connected: a converter needs whole beats.
func Fit(a, b int) bool { return max(a, b)%min(a, b) == 0 }
