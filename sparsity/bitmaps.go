package sparsity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"hass/internal/intnet"
)

// Bitmaps says which weights and activations are non-zero, one bit each.
type Bitmaps struct {
	Images     int         // images whose activations are held
	Population int         // images from which they were chosen; LayerBits.Pairs counts all of these
	Layers     []LayerBits // convolutions, in the order of the integer network
}

// LayerBits holds the bits of one convolution.
type LayerBits struct {
	OutC, KH, KW, GroupC int // weights are [OutC][KH][KW][GroupC]
	H, W, C              int // input map; GroupC divides C

	// Pairs is the number of products with both factors non-zero over all images
	// of the population. An Estimator corrects its sample by it.
	Pairs int64

	Weights Bits // 1 = non-zero
	// Acts holds the input activations as the engines see them, |x| < TauA read as 0:
	// [image][H][W][C].
	Acts Bits
}

func (l *LayerBits) weightCount() int { return l.OutC * l.KH * l.KW * l.GroupC }
func (l *LayerBits) imageCount() int  { return l.H * l.W * l.C }

// newLayerBits gives the bits of the weights and room for the activations.
func newLayerBits(net *intnet.Net, l *intnet.Layer, images int) LayerBits {
	in, c := &net.Tensors[l.In[0]], l.Conv
	b := LayerBits{OutC: c.OutC, KH: c.Kernel[0], KW: c.Kernel[1], GroupC: in.C / c.Groups, H: in.H, W: in.W, C: in.C}
	b.Weights = NewBits(b.weightCount())
	for i, w := range c.Weights {
		if w != 0 {
			b.Weights.Set(i)
		}
	}
	b.Acts = NewBits(images * b.imageCount())
	return b
}

// actBits is the bits of one image's input activations under a threshold.
func actBits(x []int32, tauA int64) Bits {
	b := NewBits(len(x))
	for i, v := range x {
		if v != 0 && int64(max(v, -v)) >= tauA {
			b.Set(i)
		}
	}
	return b
}

// setImage records the result of actBits for one image.
func (l *LayerBits) setImage(image int, b Bits) {
	n := l.imageCount()
	for i := 0; i < n; i += 64 {
		l.Acts.put(image*n+i, b[i/64])
	}
}

// NewBitmaps builds the bitmaps of a network for images given as input(i, t),
// the value of tensor t (NHWC) for image i. These images are the whole population.
func NewBitmaps(net *intnet.Net, images int, input func(image, tensor int) []int32) *Bitmaps {
	b := &Bitmaps{Images: images, Population: images}
	for i := range net.Layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv {
			lb, count := newLayerBits(net, l, images), newCounter(net, l)
			for k := range images {
				x := input(k, l.In[0])
				lb.setImage(k, actBits(x, l.Conv.TauA))
				lb.Pairs += count.add(x)
			}
			b.Layers = append(b.Layers, lb)
		}
	}
	return b
}

// The bitmaps side file, little endian:
//
//	magic    8 bytes "HASSBIT\n"
//	version  uint32
//	images   uint32
//	population uint32
//	convs    uint32
//	per convolution: OutC, KH, KW, GroupC, H, W, C, uint32 each; Pairs, uint64
//	per convolution: the weights' bits, then the activations' bits of all images,
//	                 each padded with zero bits to a whole byte, lowest bit first
//
// Nothing follows the last byte.
const (
	bitmapsMagic   = "HASSBIT\n"
	bitmapsVersion = 1
	bitmapsHeader  = 8 + 4*4
	bitmapsLayer   = 7*4 + 8
)

// Encode gives the bytes of the bitmaps side file.
func (b *Bitmaps) Encode() []byte {
	out := append([]byte(nil), bitmapsMagic...)
	for _, v := range []int{bitmapsVersion, b.Images, b.Population, len(b.Layers)} {
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	for i := range b.Layers {
		l := &b.Layers[i]
		for _, v := range []int{l.OutC, l.KH, l.KW, l.GroupC, l.H, l.W, l.C} {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		}
		out = binary.LittleEndian.AppendUint64(out, uint64(l.Pairs))
	}
	for i := range b.Layers {
		l := &b.Layers[i]
		out = l.Weights.appendBytes(out, l.weightCount())
		out = l.Acts.appendBytes(out, b.Images*l.imageCount())
	}
	return out
}

// DecodeBitmaps reads a bitmaps side file. It allocates memory only after checking
// the sizes in the header against the file's length.
func DecodeBitmaps(data []byte) (*Bitmaps, error) {
	b, err := decodeBitmaps(data)
	if err != nil {
		return nil, fmt.Errorf("bad bitmaps file: %w", err)
	}
	return b, nil
}

func decodeBitmaps(data []byte) (*Bitmaps, error) {
	if len(data) < bitmapsHeader || string(data[:8]) != bitmapsMagic {
		return nil, errors.New("it does not start as one")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	if v := u32(8); v != bitmapsVersion {
		return nil, fmt.Errorf("version %d, but this program reads version %d: write the profile again", v, bitmapsVersion)
	}
	images, population, layers := uint64(u32(12)), uint64(u32(16)), uint64(u32(20))
	if images < 1 || population < images {
		return nil, fmt.Errorf("%d images out of %d", images, population)
	}
	if layers > uint64(len(data)-bitmapsHeader)/bitmapsLayer {
		return nil, fmt.Errorf("%d convolutions do not fit in %d bytes", layers, len(data))
	}
	b := &Bitmaps{Images: int(images), Population: int(population)}
	limit := uint64(len(data)) * 8 // no bit string can be longer than this
	// product is limit+1 or more if the true product is beyond limit.
	product := func(v ...uint64) uint64 {
		p := uint64(1)
		for _, f := range v {
			if f != 0 && p > limit/f {
				return math.MaxUint64
			}
			p *= f
		}
		return p
	}
	at, rest := bitmapsHeader, uint64(len(data)-bitmapsHeader)-layers*bitmapsLayer
	for i := range int(layers) {
		var d [7]uint64
		for k := range d {
			d[k] = uint64(u32(at))
			at += 4
			if d[k] == 0 {
				return nil, fmt.Errorf("convolution %d: a dimension is 0", i)
			}
		}
		if d[6]%d[3] != 0 {
			return nil, fmt.Errorf("convolution %d: %d channels in groups of %d", i, d[6], d[3])
		}
		w, a := product(d[0], d[1], d[2], d[3]), product(images, d[4], d[5], d[6])
		if w > limit || a > limit || (w+7)/8+(a+7)/8 > rest {
			return nil, fmt.Errorf("convolution %d: its bits do not fit in %d bytes: the file was cut short or changed", i, len(data))
		}
		rest -= (w+7)/8 + (a+7)/8
		pairs := binary.LittleEndian.Uint64(data[at:])
		at += 8
		if pairs > math.MaxInt64 {
			return nil, fmt.Errorf("convolution %d: its number of pairs is absurd", i)
		}
		b.Layers = append(b.Layers, LayerBits{Pairs: int64(pairs), OutC: int(d[0]), KH: int(d[1]), KW: int(d[2]), GroupC: int(d[3]), H: int(d[4]), W: int(d[5]), C: int(d[6])})
	}
	if rest != 0 {
		return nil, fmt.Errorf("%d bytes after the last convolution", rest)
	}
	for i := range b.Layers {
		l := &b.Layers[i]
		for _, s := range []struct {
			bits *Bits
			n    int
		}{{&l.Weights, l.weightCount()}, {&l.Acts, b.Images * l.imageCount()}} {
			ok := true
			if s.n > 0 {
				*s.bits, ok = bitsOf(data[at:], s.n)
			}
			if !ok {
				return nil, fmt.Errorf("convolution %d: the last byte has bits beyond the end", i)
			}
			at += (s.n + 7) / 8
		}
	}
	return b, nil
}

// check says whether the bitmaps belong to the network.
func (b *Bitmaps) check(net *intnet.Net) error {
	k := 0
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		if k == len(b.Layers) {
			return fmt.Errorf("bitmaps of zeros hold %d convolutions, the network has more", len(b.Layers))
		}
		lb, in := &b.Layers[k], &net.Tensors[l.In[0]]
		have := [7]int{lb.OutC, lb.KH, lb.KW, lb.GroupC, lb.H, lb.W, lb.C}
		want := [7]int{l.Conv.OutC, l.Conv.Kernel[0], l.Conv.Kernel[1], in.C / l.Conv.Groups, in.H, in.W, in.C}
		if have != want {
			return fmt.Errorf("layer %q: bitmaps of zeros are of another network (weights and map %v, not %v)", l.Name, have, want)
		}
		k++
	}
	if k < len(b.Layers) {
		return fmt.Errorf("bitmaps of zeros hold %d convolutions, the network has %d", len(b.Layers), k)
	}
	return nil
}
