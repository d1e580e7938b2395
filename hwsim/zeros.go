package hwsim

import (
	"hass/internal/hw"
	"hass/internal/intnet"
)

// zeros finds the cycles of beats from the integer network alone, for runs that need only the time. The cycles depend only on
// the zeros of tensors.
type zeros struct {
	exec    *intnet.Exec
	images  [][]int32
	layers  []zeroLayer
	engines []*engine // by process
	pushed  int
}

// zeroLayer is a convolution with beats that vary.
type zeroLayer struct {
	w       hw.Window
	input   int   // tensor
	tau     int32 // activations of smaller magnitude are 0
	engines []*engine
	bits    []uint64 // [pixel of the input][word]: non-zero channels
	words   int
	at      []int    // place in bits of every tap of a pixel of the output
	active  []uint64 // [group][pixel][bitmap]
	maps    int
	planes  *planes
}

// newZeros prepares passes over images. put receives the costs of an engine's image.
func newZeros(n *hw.Network, images [][]int32, put func(process int, costs []uint8)) (*zeros, error) {
	exec, err := intnet.New(n.Net)
	if err != nil {
		return nil, err
	}
	z := &zeros{exec: exec, images: images, engines: make([]*engine, len(n.Processes))}
	for i := range n.Processes {
		p := &n.Processes[i]
		if p.Kind != hw.WindowProc || n.Net.Layers[p.Layer].Conv == nil {
			continue
		}
		nl, w := n.Net.Layers[p.Layer], *p.Window
		l := zeroLayer{w: w, input: nl.In[0], tau: int32(nl.Conv.TauA), words: (w.C + 63) / 64, maps: bitmaps(w)}
		for _, e := range addEngines(z.engines, n, p, countNothing, put) {
			if e.worst > 1 {
				l.engines = append(l.engines, e)
			}
		}
		if len(l.engines) == 0 {
			continue
		}
		l.bits = make([]uint64, w.H*w.W*l.words)
		l.at = make([]int, w.Geom.Kernel[0]*w.Geom.Kernel[1])
		l.active = make([]uint64, min(sliceGroups, w.PixelGroups())*w.OutPx*l.maps)
		l.planes = newPlanes(w.OutPx, l.maps, bitmapLanes(w))
		z.layers = append(z.layers, l)
	}
	return z, nil
}

// push computes the costs of one more image of the stream, which repeats the images. It stops early if off returns true.
func (z *zeros) push(off func() bool) error {
	if _, err := z.exec.Run(z.images[z.pushed%len(z.images)]); err != nil {
		return err
	}
	z.pushed++
	for i := range z.layers {
		if off() {
			break
		}
		l := &z.layers[i]
		l.image(z.exec.Tensor(l.input))
	}
	return nil
}

// image counts the pairs of all beats of an image.
func (l *zeroLayer) image(x []int32) {
	w := &l.w
	for i := range w.H * w.W {
		setBits(l.bits[i*l.words:][:l.words], x[i*w.C:][:w.C], 0, l.tau)
	}
	groups := w.PixelGroups()
	perRow := groups / w.OH
	for g := range groups {
		k := g % sliceGroups
		for p := range w.OutPx {
			l.place(g/perRow, g%perRow*w.OutPx+p)
			windowBits(w, l.at, l.bits, l.words, l.active[(k*w.OutPx+p)*l.maps:][:l.maps])
		}
		if k == sliceGroups-1 || g == groups-1 {
			l.planes.fill(l.active, k+1)
			for _, e := range l.engines {
				e.take(l.planes)
			}
		}
	}
}

// place finds the taps of a pixel of the output; -1 outside the map, and for a pixel beyond the row.
func (l *zeroLayer) place(oy, ox int) {
	w := &l.w
	g := w.Geom
	i := 0
	for kh := range g.Kernel[0] {
		y := oy*g.Stride[0] - g.Pads[0] + kh*g.Dilation[0]
		for kw := range g.Kernel[1] {
			x := ox*g.Stride[1] - g.Pads[1] + kw*g.Dilation[1]
			if l.at[i] = -1; ox < w.OW && y >= 0 && y < w.H && x >= 0 && x < w.W {
				l.at[i] = (y*w.W + x) * l.words
			}
			i++
		}
	}
}

// setBits sets the bits of the channels from first on whose values v are not 0 and not below tau in magnitude.
func setBits(bits []uint64, v []int32, first int, tau int32) {
	if first == 0 {
		clear(bits)
	}
	for i, v := range v {
		if v < tau && v > -tau {
			continue
		}
		c := first + i
		bits[c>>6] |= uint64(uint32(v|-v)>>31) << (c & 63)
	}
}

// bitmaps is the number of zero bitmaps of a pixel's window: one per beat of a fold for each group of channels or, if each lane
// has its own channel, one per beat and lane.
func bitmaps(w hw.Window) int {
	n := w.Groups * w.BeatsPerFold()
	if w.Channelwise {
		n *= w.MCh
	}
	return n
}

// bitmapLanes is the lanes of a bitmap.
func bitmapLanes(w hw.Window) int {
	if w.Channelwise {
		return w.MTap
	}
	return w.MTap * w.MCh
}

// windowBits writes the zero bitmaps of a pixel's window. at is the place in bits of each tap, negative if there is none.
func windowBits(w *hw.Window, at []int, bits []uint64, words int, active []uint64) {
	taps, channels, mch := len(at), w.FoldChannels(), w.MCh
	i := 0
	if w.Channelwise {
		for ch := 0; ch < w.C; ch += mch {
			for tap := 0; tap < taps; tap += w.MTap {
				for c := ch; c < ch+mch; c++ {
					var beat uint64
					for t, o := range at[tap:][:w.MTap] {
						if o >= 0 {
							beat |= bits[o+c>>6] >> (c & 63) & 1 << t
						}
					}
					active[i] = beat
					i++
				}
			}
		}
		return
	}
	lanes := ^uint64(0) >> (64 - mch)
	for first := 0; first < w.C; first += channels {
		for tap := 0; tap < taps; tap += w.MTap {
			at := at[tap:][:w.MTap]
			for ch := first; ch < first+channels; ch += mch {
				var beat uint64
				shift := 0
				for _, o := range at {
					if o >= 0 {
						o += ch >> 6
						x := bits[o] >> (ch & 63)
						if ch&63+mch > 64 {
							x |= bits[o+1] << (64 - ch&63)
						}
						beat |= x & lanes << shift
					}
					shift += mch
				}
				active[i] = beat
				i++
			}
		}
	}
}
