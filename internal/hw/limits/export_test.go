package limits

import "hass/internal/hw"

// Of is what the processes and FIFOs of a network need at most.
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
