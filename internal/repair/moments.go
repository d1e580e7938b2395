package repair

import (
	"context"
	"math"
	"math/rand/v2"

	"hass/internal/graph"
	"hass/internal/kernel"
	"hass/internal/workers"
)

const (
	// samplePixels is the number of output pixels of an image from which the moments of a layer are taken, spread over the
	// map; a layer with many inputs takes more.
	samplePixels = 128
	// batchSamples are summed up in float32 before they are added to the moments in float64.
	batchSamples = 512
)

// samples are inputs of one group of a layer in the repaired network, x, and its outputs in the original network, y: one row for
// every pixel.
type samples struct{ x, y matrix }

// sampler takes samples of a convolution.
type sampler struct {
	op         graph.Conv
	in, out    graph.Shape
	cg, fg     int // channels and filters of a group
	inputs     int // of one output
	pixels     int // of one image
	seed, size uint64
}

// newSampler makes a sampler that takes at least `least` samples of an image, if the image has as many.
func newSampler(op graph.Conv, in, out graph.Shape, seed uint64, least int) *sampler {
	s := &sampler{op: op, in: in, out: out, cg: in[1] / op.Groups, fg: out[1] / op.Groups, seed: seed, size: uint64(out[2] * out[3])}
	s.inputs = s.cg * op.Kernel[0] * op.Kernel[1]
	s.pixels = min(max(samplePixels, least), out[2]*out[3])
	return s
}

// take gives the samples of image i, by group: one pixel from each of several equal parts of the map. Without outputs y, samples have none.
func (s *sampler) take(i int, x, y []float32) []samples {
	r := rand.New(rand.NewPCG(s.seed, uint64(i)))
	list := make([]samples, s.op.Groups)
	for g := range list {
		list[g].x = newMatrix(s.pixels, s.inputs)
		if y != nil {
			list[g].y = newMatrix(s.pixels, s.fg)
		}
	}
	h, w := s.in[2], s.in[3]
	for k := range s.pixels {
		from, to := uint64(k)*s.size/uint64(s.pixels), uint64(k+1)*s.size/uint64(s.pixels)
		at := int(from + r.Uint64N(to-from))
		oh, ow := at/s.out[3], at%s.out[3]
		for g := range list {
			row, n := list[g].x.row(k), 0
			for c := range s.cg {
				plane := x[(g*s.cg+c)*h*w:][:h*w]
				for kh := range s.op.Kernel[0] {
					ih := oh*s.op.Stride[0] + kh*s.op.Dilation[0] - s.op.Pads[0]
					for kw := range s.op.Kernel[1] {
						iw := ow*s.op.Stride[1] + kw*s.op.Dilation[1] - s.op.Pads[1]
						if ih >= 0 && ih < h && iw >= 0 && iw < w {
							row[n] = plane[ih*w+iw]
						}
						n++
					}
				}
			}
			if y == nil {
				continue
			}
			out := list[g].y.row(k)
			for f := range out {
				out[f] = y[(g*s.fg+f)*int(s.size)+at]
			}
		}
	}
	return list
}

// gram sums up the samples of one group: second moments of the inputs, and cross moments of outputs and inputs, about a point near
// their means.
type gram struct {
	inputs, outputs int
	n               int       // samples
	shift           []float32 // inputs, then outputs; nil before the first batch
	sum             []float64 // of the samples minus shift
	second          []float64 // [inputs][inputs+outputs], the lower triangle empty
	batch           []samples
	waiting         int
}

func newGram(inputs, outputs int) *gram {
	return &gram{inputs: inputs, outputs: outputs, sum: make([]float64, inputs+outputs), second: make([]float64, inputs*(inputs+outputs))}
}

// add adds samples.
func (m *gram) add(ctx context.Context, s samples) error {
	m.batch = append(m.batch, s)
	if m.waiting += s.x.rows; m.waiting < batchSamples {
		return nil
	}
	return m.flush(ctx)
}

// flush sums up the batch.
func (m *gram) flush(ctx context.Context) error {
	if m.waiting == 0 {
		return nil
	}
	all, at := newMatrix(m.waiting, m.inputs+m.outputs), 0
	for _, s := range m.batch {
		for r := range s.x.rows {
			copy(all.row(at), s.x.row(r))
			if m.outputs > 0 {
				copy(all.row(at)[m.inputs:], s.y.row(r))
			}
			at++
		}
	}
	m.batch, m.waiting = nil, 0
	if m.shift == nil {
		m.shift = means(all)
	}
	for r := range all.rows {
		row := all.row(r)
		for i, v := range m.shift {
			row[i] -= v
			m.sum[i] += float64(row[i])
		}
	}
	m.n += all.rows
	p := newPanels(all)
	const n = kernel.Rows
	return workers.Ordered(ctx, (m.inputs+n-1)/n, 0, func(_, i int) (struct{}, error) {
		first := i * n
		left := make([]float32, n*all.rows) // [all.rows][n]
		for k := range all.rows {
			copy(left[k*n:][:n], all.row(k)[first:min(first+n, m.inputs)])
		}
		// Skip the columns left of the diagonal.
		skip := first / kernel.Cols * kernel.Cols
		tileRows(left, panels{p.rows, p.cols - skip, p.v[skip*p.rows:]}, func(r, c int, sums []float32) {
			if first+r >= m.inputs {
				return
			}
			to := m.second[(first+r)*(m.inputs+m.outputs):][:m.inputs+m.outputs]
			for k, v := range sums[:min(len(sums), len(to)-skip-c)] {
				to[skip+c+k] += float64(v)
			}
		})
		return struct{}{}, nil
	}, nil)
}

// means are the means of the columns, 0 where they are not finite.
func means(m matrix) []float32 {
	sum := make([]float64, m.cols)
	for r := range m.rows {
		for c, v := range m.row(r) {
			sum[c] += float64(v)
		}
	}
	list := make([]float32, m.cols)
	for c, v := range sum {
		if v = v / float64(m.rows); !math.IsNaN(v) && !math.IsInf(v, 0) {
			list[c] = float32(v)
		}
	}
	return list
}

// covariances are the moments about the means: of the inputs, [inputs][inputs], and of outputs and inputs, [outputs][inputs]. ok is
// false if they are not finite.
func (m *gram) covariances() (h, t []float64, ok bool) {
	n := float64(m.n)
	all := m.inputs + m.outputs
	h, t = make([]float64, m.inputs*m.inputs), make([]float64, m.outputs*m.inputs)
	ok = true
	for i := range m.inputs {
		for j := i; j < all; j++ {
			v := m.second[i*all+j]/n - float64(m.sum[i]/n*m.sum[j]/n)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				ok = false
			}
			if j < m.inputs {
				h[i*m.inputs+j], h[j*m.inputs+i] = v, v
			} else {
				t[(j-m.inputs)*m.inputs+i] = v
			}
		}
	}
	return h, t, ok
}
