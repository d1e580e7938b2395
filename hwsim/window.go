package hwsim

import (
	"hass/internal/hw"
	"hass/internal/intnet"
)

// window is the state of a line buffer.
type window struct {
	sched *hw.WindowSchedule
	// buf is the circular memory: Rows x RowPixels pixels of C channels.
	buf    []int32
	pixels int // Rows x RowPixels
	slot   int // place in the memory of the pixel to be accepted next, in pixels
	tau    int32
	pad    int32 // value outside the map
	// off is, for the current group, the place in buf of each (pixel, tap), or one of
	// the marks below.
	off   []int
	group int // group off was made for, counted over all images; -1 before the first
	seen  int // groups emitted so far
}

const (
	offMap  = -1 // outside the map
	offTail = -2 // pixel beyond the row
)

// maxBuffer bounds a line buffer's values; above it Run refuses the network.
const maxBuffer = 1 << 28

func newWindow(w hw.Window, images int, l intnet.Layer, min int64) *window {
	s := &window{sched: hw.NewWindowSchedule(w, images), group: -1}
	s.pixels = w.Rows() * w.RowPixels()
	s.buf = make([]int32, s.pixels*w.C)
	s.off = make([]int, w.OutPx*w.Geom.Kernel[0]*w.Geom.Kernel[1])
	if l.Conv != nil {
		s.tau = int32(l.Conv.TauA)
	} else if l.Pool.Max {
		s.pad = int32(min)
	}
	return s
}

// accept stores a beat of InPx x InCh activations at the schedule's input position.
func (s *window) accept(beat []int32) {
	w := s.sched
	for p := range w.InPx {
		slot := s.slot + p
		if slot >= s.pixels {
			slot -= s.pixels
		}
		dst := s.buf[slot*w.C+w.InChan:][:w.InCh]
		copy(dst, beat[p*w.InCh:])
		if s.tau > 0 {
			for i, v := range dst {
				if v < s.tau && v > -s.tau {
					dst[i] = 0
				}
			}
		}
	}
	if w.InChan+w.InCh == w.C {
		if s.slot += w.InPx; s.slot >= s.pixels {
			s.slot -= s.pixels
		}
	}
}

// place finds the taps of the schedule's current group in the memory.
func (s *window) place() {
	w := s.sched
	row := w.RowPixels()
	g := w.Geom
	i := 0
	for p := range w.OutPx {
		ox := w.GX*w.OutPx + p
		for kh := range g.Kernel[0] {
			y := w.OY*g.Stride[0] - g.Pads[0] + kh*g.Dilation[0]
			line := 0
			if y >= 0 {
				line = (w.Image*w.H + y) * row % s.pixels
			}
			for kw := range g.Kernel[1] {
				x := ox*g.Stride[1] - g.Pads[1] + kw*g.Dilation[1]
				switch {
				case ox >= w.OW:
					s.off[i] = offTail
				case y < 0 || y >= w.H || x < 0 || x >= w.W:
					s.off[i] = offMap
				default:
					s.off[i] = (line + x) * w.C
				}
				i++
			}
		}
	}
	s.group = s.seen
}

// emit writes the schedule's current window beat: Px x MTap x MCh lanes, and the bitmaps
// of its non-zero lanes if nz is not nil: one per pixel or, channelwise, one of the taps per pixel and channel.
func (s *window) emit(beat []int32, nz []uint64) {
	w := s.sched
	if s.group != s.seen {
		s.place()
	}
	taps, mch := w.Geom.Kernel[0]*w.Geom.Kernel[1], w.MCh
	m := w.MTap * mch
	for p := range w.OutPx {
		off := s.off[p*taps+w.Tap:][:w.MTap]
		dst := beat[p*m:][:m]
		if mch == 1 {
			for t, o := range off {
				switch {
				case o >= 0:
					dst[t] = s.buf[o+w.Chan]
				case o == offMap:
					dst[t] = s.pad
				default:
					dst[t] = 0
				}
			}
		} else {
			for t, o := range off {
				d := dst[t*mch:][:mch]
				switch {
				case o >= 0:
					copy(d, s.buf[o+w.Chan:])
				case o == offMap:
					for i := range d {
						d[i] = s.pad
					}
				default:
					clear(d)
				}
			}
		}
		switch {
		case nz == nil:
		case w.Channelwise:
			for c := range mch {
				var bits uint64
				for t := range w.MTap {
					bits |= nonzero(dst[t*mch+c]) << t
				}
				nz[p*mch+c] = bits
			}
		default:
			var bits uint64
			for i, v := range dst {
				bits |= nonzero(v) << i
			}
			nz[p] = bits
		}
	}
}

// nonzero is 1 if v is not 0: the sign of v | -v tells without a branch.
func nonzero(v int32) uint64 { return uint64(uint32(v|-v) >> 31) }

// step moves the schedule and tells whether this iteration emitted the last beat of an image.
func (s *window) step(accept, emit bool) (imageDone bool) {
	w := s.sched
	image, oy, gx := w.Image, w.OY, w.GX
	w.Step(accept, emit)
	if w.GX != gx || w.OY != oy || w.Image != image {
		s.seen++
	}
	return w.Image != image
}
