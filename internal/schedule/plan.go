package schedule

import (
	"fmt"
	"hass/internal/fixed"
	"slices"
)

// Field is the room for the products of a row if two pixels share a multiplier: the sum of a row's products of one pixel must fit
// Bits bits with sign, for any activations from Lo to Hi. If Bits is 0, each pixel has its own multiplier, and any row fits.
type Field struct {
	Bits   int
	Lo, Hi int64 // of an activation; Lo <= 0 <= Hi
}

// fits tells whether the field has room for a row whose positive weights sum to pos and whose negative ones sum to -neg.
func (f *Field) fits(pos, neg int64) bool {
	if f.Bits == 0 {
		return true
	}
	limit := int64(1) << (f.Bits - 1)
	return pos*f.Hi-neg*f.Lo < limit && neg*f.Hi-pos*f.Lo <= limit
}

// Place is the storage place of a word of the window: a bank, and an address in it.
type Place struct{ Bank, At int }

// Row has one weight for each bank and the address of its activation there. A weight of 0 is a bubble.
type Row struct {
	Weight []int16 // by bank
	At     []int   // by bank
	Last   bool    // it ends its filter
}

// Plan is the schedule of a layer.
type Plan struct {
	Banks  int
	Depth  int     // addresses of a bank
	Places []Place // by word
	Chain  []int   // by filter: the chain that computes it
	// Chains are the rows of every chain: its filters in order, each a run of at least one row that ends with a Last.
	Chains [][]Row
	Rows   int // rows of the longest chain
	// Weights is the number of weights that are not 0, Split the number of rows that only the Field made necessary.
	Weights, Split int
}

// Config has the parameters of a plan.
type Config struct {
	Banks, Chains int
	Field         Field
}

// New makes the schedule of weights whose words have the given banks (Assign). It refuses more chains than filters, banks that do not
// exist or have no word, and single weights whose products do not fit the field.
func New(w *Weights, bank []int, c Config) (*Plan, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	switch {
	case c.Banks < 1 || c.Banks > MaxBanks:
		return nil, fmt.Errorf("schedule: %d banks; want 1 to %d", c.Banks, MaxBanks)
	case c.Chains < 1 || c.Chains > w.Filters:
		return nil, fmt.Errorf("schedule: %d chains of %d filters", c.Chains, w.Filters)
	case len(bank) != w.Words:
		return nil, fmt.Errorf("schedule: places of %d words, not of %d", len(bank), w.Words)
	case c.Field.Lo > 0 || c.Field.Hi < 0:
		return nil, fmt.Errorf("schedule: activations from %d to %d have no 0", c.Field.Lo, c.Field.Hi)
	}
	p := &Plan{Banks: c.Banks, Places: make([]Place, w.Words), Chains: make([][]Row, c.Chains)}
	next := make([]int, c.Banks)
	for i, b := range bank {
		if b < 0 || b >= c.Banks {
			return nil, fmt.Errorf("schedule: word %d is in bank %d of %d", i, b, c.Banks)
		}
		p.Places[i] = Place{b, next[b]}
		next[b]++
	}
	if slices.Contains(next, 0) {
		return nil, fmt.Errorf("schedule: a bank of %d has no word: there are %d", c.Banks, w.Words)
	}
	p.Depth = slices.Max(next)
	filters, rows := make([][]Row, w.Filters), make([]int, w.Filters)
	for f := range w.Filters {
		list, least, err := p.filter(w.W[f*w.Words:][:w.Words], &c.Field)
		if err != nil {
			return nil, fmt.Errorf("schedule: filter %d: %w", f, err)
		}
		filters[f], rows[f] = list, len(list)
		p.Split += len(list) - least
	}
	p.Chain, p.Rows = Deal(rows, c.Chains)
	for f, k := range p.Chain {
		p.Chains[k] = append(p.Chains[k], filters[f]...)
	}
	return p, nil
}

// Deal gives every filter in turn a chain: the least loaded one so far, the first one of several. rows are the rows of each filter,
// longest is the number of rows of the longest chain.
func Deal(rows []int, chains int) (chain []int, longest int) {
	chain, load := make([]int, len(rows)), make([]int, chains)
	for f, n := range rows {
		k := 0
		for i := range load {
			if load[i] < load[k] {
				k = i
			}
		}
		chain[f] = k
		load[k] += n
	}
	return chain, slices.Max(load)
}

// item is a weight and the address of its word.
type item struct {
	w  int16
	at int
}

// filter gives the rows of one filter, and the number of rows that its fullest bank needs.
func (p *Plan) filter(weights []int16, field *Field) (rows []Row, least int, err error) {
	banks := make([][]item, p.Banks)
	var pos, neg int64
	for i, v := range weights {
		if v == 0 {
			continue
		}
		p.Weights++
		at := p.Places[i]
		banks[at.Bank] = append(banks[at.Bank], item{v, at.At})
		up, down := parts(v)
		if !field.fits(up, down) {
			return nil, 0, fmt.Errorf("weight %d: its products do not fit %d bits", v, field.Bits)
		}
		pos, neg = pos+up, neg+down
	}
	least, total := 1, 0
	order := make([]int, p.Banks) // fullest bank first
	for b := range banks {
		order[b] = b
		least, total = max(least, len(banks[b])), total+len(banks[b])
		// The largest weights come first, so that the sums of rows even out; equal weights keep the order of the words.
		slices.SortStableFunc(banks[b], func(x, y item) int { return magnitude(y.w) - magnitude(x.w) })
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(banks[b]) - len(banks[a]) })
	n := least
	for !field.fits(fixed.CeilDiv(pos, int64(n)), fixed.CeilDiv(neg, int64(n))) { // not even the mean fits
		n++
	}
	for {
		if rows = p.fill(banks, order, n, field); rows != nil {
			return rows, least, nil
		}
		if n >= total { // impossible: a row for every weight is enough
			return nil, 0, fmt.Errorf("%d rows do not hold %d weights", n, total)
		}
		n = min(n+1+n/64, total)
	}
}

func magnitude(v int16) int { return max(int(v), -int(v)) }

// parts are the amounts that a weight adds to the positive and to the negative sum of its row.
func parts(v int16) (pos, neg int64) { return max(0, int64(v)), max(0, -int64(v)) }

// fill puts a filter's weights into n rows, bank by bank; nil if a row does not fit the field. In each bank, the positive weights, the
// largest first, go to the rows with the smallest positive sums. Then the negative weights go to the remaining rows with the smallest
// negative sums. If activations have both signs, both sums share a limit, so the smallest total of both decides.
func (p *Plan) fill(banks [][]item, order []int, n int, field *Field) []Row {
	rows := make([]Row, n)
	weights, places := make([]int16, n*p.Banks), make([]int, n*p.Banks)
	for r := range rows {
		rows[r].Weight, rows[r].At = weights[r*p.Banks:][:p.Banks:p.Banks], places[r*p.Banks:][:p.Banks:p.Banks]
	}
	pos, neg := make([]int64, n), make([]int64, n)
	all, sum := make([]int, n), make([]int64, n)
	for _, b := range order {
		free := all
		for r := range free {
			free[r] = r
		}
		for _, positive := range []bool{true, false} {
			for r := range sum {
				switch {
				case field.Lo < 0:
					sum[r] = pos[r] + neg[r]
				case positive:
					sum[r] = pos[r]
				default:
					sum[r] = neg[r]
				}
			}
			slices.SortStableFunc(free, func(x, y int) int { return int(sum[x] - sum[y]) })
			k := 0
			for _, it := range banks[b] {
				if it.w > 0 != positive {
					continue
				}
				r := free[k]
				k++
				rows[r].Weight[b], rows[r].At[b] = it.w, it.at
				up, down := parts(it.w)
				pos[r], neg[r] = pos[r]+up, neg[r]+down
			}
			free = free[k:]
		}
	}
	for r := range rows {
		if !field.fits(pos[r], neg[r]) {
			return nil
		}
	}
	rows[n-1].Last = true
	return rows
}

// Efficiency is the share of multiplications in the rows of all chains that have a weight, when all chains take as long as the longest.
func (p *Plan) Efficiency() float64 {
	return float64(p.Weights) / float64(p.Rows*p.Banks*len(p.Chains))
}

// Filters gives the weights of the rows at their words again, so that a reader can check a schedule against the weights from which it
// was made.
func (p *Plan) Filters() *Weights {
	w := &Weights{Filters: len(p.Chain), Words: len(p.Places)}
	w.W = make([]int16, w.Filters*w.Words)
	word := make([]int, p.Banks*p.Depth)
	for i, at := range p.Places {
		word[at.Bank*p.Depth+at.At] = i
	}
	next := make([]int, len(p.Chains)) // row of each chain
	for f, k := range p.Chain {
		for last := false; !last && next[k] < len(p.Chains[k]); next[k]++ {
			row := &p.Chains[k][next[k]]
			for b, v := range row.Weight {
				if v != 0 {
					w.W[f*w.Words+word[b*p.Depth+row.At[b]]] += v
				}
			}
			last = row.Last
		}
	}
	return w
}
