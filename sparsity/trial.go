package sparsity

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// ImageZeros are the zeros of a network on one image: the bits of every convolution's input and the number of
// pairs there.
type ImageZeros struct {
	acts  []Bits
	pairs []int64
}

// PairCounter counts, for one network, the products with both factors non-zero. It is read-only and may be used
// by several goroutines.
type PairCounter struct {
	net   *intnet.Net
	convs []*intnet.Layer
	layer []int // their numbers
	// at is, by convolution, the number of output channels with a non-zero weight, [tap][C].
	at [][]int64
}

// NewPairCounter prepares the convolutions of a network.
func NewPairCounter(net *intnet.Net) *PairCounter {
	p := &PairCounter{net: net}
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		p.convs, p.layer = append(p.convs, l), append(p.layer, i)
		p.at = append(p.at, weightsAt(l, net.Tensors[l.In[0]].C))
	}
	return p
}

// Image records the zeros of the image that x has just evaluated from layer first on. x is an executor of the counter's network, or
// of one with the same activations. The zeros of earlier layers are taken from before, the same image's zeros in a network that is
// equal up to there.
func (p *PairCounter) Image(x *intnet.Exec, first int, before *ImageZeros) *ImageZeros {
	z := &ImageZeros{}
	for k, l := range p.convs {
		if p.layer[k] < first {
			z.acts, z.pairs = append(z.acts, before.acts[k]), append(z.pairs, before.pairs[k])
			continue
		}
		v := x.Tensor(l.In[0])
		z.acts = append(z.acts, actBits(v, l.Conv.TauA))
		z.pairs = append(z.pairs, countPairs(p.net, l, v, p.at[k]))
	}
	return z
}

// Bitmaps combines images into the bitmaps of a network; they are the whole population.
func (p *PairCounter) Bitmaps(images []*ImageZeros) *Bitmaps {
	b := &Bitmaps{Images: len(images), Population: len(images)}
	for k, l := range p.convs {
		lb := newLayerBits(p.net, l, len(images))
		for i, z := range images {
			lb.setImage(i, z.acts[k])
			lb.Pairs += z.pairs[k]
		}
		b.Layers = append(b.Layers, lb)
	}
	return b
}

// PairDensity is the share of all MACs whose factors are both non-zero.
func (b *Bitmaps) PairDensity(net *intnet.Net) float64 {
	var pairs, macs int64
	k := 0
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		out := net.Tensors[l.Out]
		pairs += b.Layers[k].Pairs
		macs += int64(out.H*out.W) * int64(net.WeightCount(l)) * int64(b.Population)
		k++
	}
	if macs == 0 {
		return 0
	}
	return share(pairs, macs)
}

// weightsAt counts, by tap and input channel, the output channels with a non-zero weight there.
func weightsAt(l *intnet.Layer, channels int) []int64 {
	c := l.Conv
	taps, groupC := c.Kernel[0]*c.Kernel[1], channels/c.Groups
	at := make([]int64, taps*channels)
	for o := range c.OutC {
		base := o / (c.OutC / c.Groups) * groupC
		for t := range taps {
			row := at[t*channels+base:][:groupC]
			for ch, w := range c.Weights[(o*taps+t)*groupC:][:groupC] {
				if w != 0 {
					row[ch]++
				}
			}
		}
	}
	return at
}

// countPairs counts the pairs of one image: over taps and input channels, the non-zero activations that the tap
// meets times the non-zero weights there. Sums along rows are shared by the taps of a column.
func countPairs(net *intnet.Net, l *intnet.Layer, x []int32, at []int64) int64 {
	c, in, out := l.Conv, &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	C := in.C
	nonzero := make([]int32, in.W*C)
	cols := make([]int32, c.Kernel[1]*C)
	tau := int32(max(1, min(c.TauA, 1<<30)))
	total := int64(0)
	for iy := range in.H {
		used := false
		for i, v := range x[iy*in.W*C:][:in.W*C] {
			nonzero[i] = 0
			if v >= tau || v <= -tau {
				nonzero[i] = 1
			}
		}
		for kh := range c.Kernel[0] {
			y := iy + c.Pads[0] - kh*c.Dilation[0]
			if y < 0 || y%c.Stride[0] != 0 || y/c.Stride[0] >= out.H {
				continue
			}
			if !used {
				used = true
				clear(cols)
				for kw := range c.Kernel[1] {
					sums := cols[kw*C:][:C]
					for ox := range out.W {
						ix := ox*c.Stride[1] - c.Pads[1] + kw*c.Dilation[1]
						if ix < 0 || ix >= in.W {
							continue
						}
						for ch, n := range nonzero[ix*C:][:C] {
							sums[ch] += n
						}
					}
				}
			}
			row := at[kh*len(cols):][:len(cols)]
			for i, n := range cols {
				total += int64(n) * row[i]
			}
		}
	}
	return total
}

// Cache keeps an estimator's answers by the zeros on which they depend, for estimators of networks that
// differ in few layers. It may be shared by estimators of one structure of network and used
// concurrently.
type Cache struct {
	mu     sync.Mutex
	layers map[[sha256.Size]byte]map[answerKey]*answer
	// timings hold results that depend on the hardware alone.
	timings sync.Map // from timingKey to timing
}

type timingKey struct {
	layer int
	l     hw.Layer
}

// cacheLayers bounds the number of states of layers that are kept.
const cacheLayers = 4096

// NewCache is an empty cache.
func NewCache() *Cache { return &Cache{layers: map[[sha256.Size]byte]map[answerKey]*answer{}} }

// answers is the part of the cache for one convolution's zeros and the options of the estimator.
func (c *Cache) answers(conv *convBits, o EstimatorOptions) map[answerKey]*answer {
	h := sha256.New()
	word := func(v uint64) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	for _, v := range []int64{int64(conv.layer), o.Seed, int64(o.Pixels), int64(o.Pairs), int64(conv.images), int64(conv.population), conv.bits.Pairs} {
		word(uint64(v))
	}
	buf := make([]byte, 0, 1<<16)
	for _, bits := range []Bits{conv.bits.Weights, conv.bits.Acts} {
		word(uint64(len(bits)))
		for _, w := range bits {
			if buf = binary.LittleEndian.AppendUint64(buf, w); len(buf) == cap(buf) {
				h.Write(buf)
				buf = buf[:0]
			}
		}
		h.Write(buf)
		buf = buf[:0]
	}
	var key [sha256.Size]byte
	h.Sum(key[:0])
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.layers[key]
	if m == nil {
		if len(c.layers) >= cacheLayers {
			clear(c.layers)
		}
		m = map[answerKey]*answer{}
		c.layers[key] = m
	}
	return m
}
