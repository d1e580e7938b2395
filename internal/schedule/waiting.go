package schedule

// Waiting is the number of sums of each chain that are stored at once at most. A window takes the given number of iterations; a sum can be
// read some cycles (latency) after its last row, in the order of the filters, one every turns cycles. A chain that ends many short
// filters, while another chain is busy with a long filter before them in the order, must store their sums until they are due. If its
// FIFO were full, the engine, all of whose chains advance together, would wait for itself. The depths also suffice for the engine not to
// wait for the pipelines behind it.
func (p *Plan) Waiting(iterations, latency, turns int) []int {
	type sum struct{ written, read int }
	chains := make([][]sum, len(p.Chains)) // by chain, for two consecutive windows
	last := -turns
	for window := range 2 {
		next := make([]int, len(p.Chains)) // row
		for _, c := range p.Chain {
			for !p.Chains[c][next[c]].Last {
				next[c]++
			}
			at := window*iterations + next[c]
			next[c]++
			last = max(last+turns, at+latency)
			chains[c] = append(chains[c], sum{at, last})
		}
	}
	most := make([]int, len(chains))
	for c, sums := range chains {
		first := 0 // the first that has not been read
		for i, s := range sums {
			for first < i && sums[first].read < s.written {
				first++
			}
			most[c] = max(most[c], i-first+1)
		}
	}
	return most
}
