package sparsity

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"hass/internal/intnet"
)

// group is a sampled output pixel group: OutPx pixels of one row.
type group struct {
	oy, ox int // first pixel
}

// sampleGroups chooses n of the oh x ceil(ow/px) pixel groups of an image, in
// raster order. Every group is equally likely, so means need no weights. The
// choice is a systematic sample (fixed step, seeded start) of the groups ordered
// by how much of their windows lies outside the map: interior and every kind of
// border are therefore hit in proportion.
func sampleGroups(rng *rand.Rand, c *intnet.Conv, h, w, oh, ow, px, n int) []group {
	perRow := (ow + px - 1) / px
	total := oh * perRow
	rows, cols := clipClasses(c, 0, h, oh), clipClasses(c, 1, w, ow)
	all := make([]int, total)
	for i := range all {
		all[i] = i
	}
	// The class of a group's columns is that of its first and its last pixel.
	class := func(i int) (r, a, b int) {
		ox := i % perRow * px
		return rows[i/perRow], cols[ox], cols[min(ox+px, ow)-1]
	}
	slices.SortStableFunc(all, func(i, j int) int {
		ri, ai, bi := class(i)
		rj, aj, bj := class(j)
		return cmp.Or(cmp.Compare(ri, rj), cmp.Compare(ai, aj), cmp.Compare(bi, bj))
	})
	n = min(n, total)
	step := float64(total) / float64(n)
	start := rng.Float64() * step
	picked := make([]int, n)
	for i := range picked {
		picked[i] = all[min(int(math.Floor(start+float64(i)*step)), total-1)]
	}
	slices.Sort(picked)
	groups := make([]group, n)
	for i, p := range picked {
		groups[i] = group{p / perRow, p % perRow * px}
	}
	return groups
}

// clipClasses numbers, for every output position along dimension d, how many taps
// fall off the near and the far end of the map.
func clipClasses(c *intnet.Conv, d, size, out int) []int {
	k := c.Kernel[d]
	class := make([]int, out)
	for o := range class {
		near, far := 0, 0
		for t := range k {
			switch i := o*c.Stride[d] - c.Pads[d] + t*c.Dilation[d]; {
			case i < 0:
				near++
			case i >= size:
				far++
			}
		}
		class[o] = near*(k+1) + far
	}
	return class
}

// survey turns the figures of sampled images into an estimate of the mean.
type survey struct {
	pairs      []float64 // pairs in the sampled pixels of each image, scaled to the image
	mean       float64   // pairs per image over the whole population
	population float64   // images in it
}

// interval is the mean of y over images like those of the population, and the half width of its 95 % confidence interval. Images are the clusters (beats of one
// pixel and pixels of one image are correlated, images are not). Pairs, known exactly for the population, are the auxiliary variable of a linear regression
// estimate (W. Cochran, Sampling Techniques, 1977, chapter 7): it corrects for sampled images or pixels that have more or fewer pairs than the population. The half
// width includes the regression's residuals and the uncertainty of the population itself as a sample of all images. If all images have nearly the same number of
// pairs, the population can lie far beyond the spread of the sample; the line is then extrapolated only if it fits well. With fewer than three images there is no
// regression. With one image there is no spread: the half width is then 0 and has no meaning.
func (s *survey) interval(y []float64) (mean, half float64) {
	n := float64(len(y))
	my, mx := 0.0, 0.0
	for i := range y {
		my, mx = my+y[i], mx+s.pairs[i]
	}
	my, mx = my/n, mx/n
	var syy, sxx, sxy float64
	for i := range y {
		dx, dy := s.pairs[i]-mx, y[i]-my
		syy, sxx, sxy = syy+dy*dy, sxx+dx*dx, sxy+dx*dy
	}
	if n < 2 {
		return my, 0
	}
	t1 := student975(len(y) - 1)
	variance := syy / (n - 1)
	if n < 3 || sxx <= 1e-12*mx*mx*n {
		return my, t1 * math.Sqrt(variance/n)
	}
	slope := sxy / sxx
	residual := max(0, syy-slope*sxy) / (n - 2)
	dx := s.mean - mx
	t2 := student975(len(y) - 2)
	mean, half = my+slope*dx, math.Sqrt(t2*t2*residual*(1/n+dx*dx/sxx)+t1*t1*variance/s.population)
	if plain := t1 * math.Sqrt(variance/n); dx*dx > sxx && half > plain {
		return my, plain
	}
	return mean, half
}

// student975 is the 97.5 % quantile of Student's distribution with v degrees of
// freedom: the table to 10, beyond it the Cornish-Fisher expansion (Abramowitz
// and Stegun 26.7.5), good to 1e-3.
func student975(v int) float64 {
	table := [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228}
	if v <= len(table) {
		return table[v-1]
	}
	const x = 1.959964
	n := float64(v)
	const x2 = x * x
	return x + x*(x2+1)/(4*n) + x*(5*x2*x2+16*x2+3)/(96*n*n) + x*(3*x2*x2*x2+19*x2*x2+17*x2-15)/(384*n*n*n)
}
