package fifo

import "hass/internal/intnet"

// The latency estimate, first input word accepted to last output word, of a pipeline
// whose slowest layer needs T cycles per image:
//
//	T + sum over the layers of the longest path of tail x cycles + pipeline latencies
//
// tail is the share of a layer's work that can only start once its last input pixel has
// arrived: 1 for a fully connected layer, about one row in H for a 3x3 convolution, one pixel
// for a global pool. The longest path is the one with the largest sum of tails; it depends on
// shapes alone. This is an estimate for a single image; hwsim measures the latency.

// Tails gives the weight of every layer's cycles, 0 off the longest path, and the pipeline
// latency of that path in cycles.
func Tails(net *intnet.Net, pixels []int) (tail []float64, pipeline int) {
	m := streams{net, pixels}
	n := len(net.Layers)
	own := make([]float64, n)
	hurry := Hurry(net)
	length := make([]float64, len(net.Tensors))
	by := make([]int, len(net.Tensors)) // layer that wrote the tensor on the longest path
	for t := range by {
		by[t] = -1
	}
	from := make([]int, n)
	for i, l := range net.Layers {
		own[i] = tailOf(m, i, hurry[i])
		best := l.In[0]
		for _, t := range l.In[1:] {
			if length[t] > length[best] {
				best = t
			}
		}
		from[i] = best
		length[l.Out], by[l.Out] = length[best]+own[i], i
	}
	end := net.Outputs[0]
	for _, t := range net.Outputs[1:] {
		if length[t] > length[end] {
			end = t
		}
	}
	tail = make([]float64, n)
	for t := end; by[t] >= 0; t = from[by[t]] {
		tail[by[t]] = own[by[t]]
		pipeline += Latency(net, &net.Layers[by[t]])
	}
	return tail, pipeline
}

// tailOf is the tail of one layer.
func tailOf(m streams, layer int, hurry float64) float64 {
	net := m.net
	if l := net.Layers[layer]; l.Kind == intnet.KindGlobalPool {
		in := net.Tensors[l.In[0]]
		return 1 / float64(in.H*in.W)
	}
	late, _ := delay(m, layer, hurry)
	return min(1/hurry, late)
}
