package limits

import "hass/internal/hw"

// Of gives the largest demand of the processes and FIFOs of a network.
func Of(n *hw.Network) (all Demand) {
	merge := func(d Demand) {
		for k, need := range d {
			all.need(Limit(k), need)
		}
	}
	for i := range n.Processes {
		merge(processDemand(n, i))
	}
	for i := range n.Streams {
		merge(streamDemand(n, i))
	}
	merge(wholeDemand(n))
	return all
}
