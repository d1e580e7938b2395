// Package place says at which layer each process of a network lies.
//
// It takes a network of processes and gives a layer for each: the assignment of layers to the regions of a device, its price and the
// constraints that are generated from it all follow it.
package place

import "hass/internal/hw"

// Layers are the layers at which the processes lie. A fork or a converter of widths between layers lies with the layer in front of it; the
// source lies with the first layer.
func Layers(n *hw.Network) []int {
	place := make([]int, len(n.Processes))
	var of func(i, depth int) int
	of = func(i, depth int) int {
		switch p := &n.Processes[i]; {
		case p.Layer >= 0:
			return p.Layer
		case len(p.In) == 0 || depth > len(n.Processes):
			return 0
		default:
			return of(n.Streams[p.In[0]].From, depth+1)
		}
	}
	for i := range place {
		place[i] = of(i, 0)
	}
	return place
}

// Streams are the layers at which the FIFOs of the streams lie, given those of the processes: a FIFO lies with its reader.
func Streams(n *hw.Network, place []int) []int {
	list := make([]int, len(n.Streams))
	for i := range list {
		list[i] = place[n.Streams[i].To]
	}
	return list
}
