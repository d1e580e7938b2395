package hwsim

import (
	"math"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/kernel"
)

// window is the state of a line buffer.
type window struct {
	sched *hw.WindowSchedule
	// buf is the circular memory: Rows x RowPixels pixels of C channels.
	buf    []int32
	pixels int // Rows x RowPixels
	slot   int // place in the memory of the next accepted pixel, in pixels
	tau    int32
	pad    int32 // value outside the map
	// off is, for the current group, the place in buf of each (pixel, tap), or one of the marks below.
	off []int
	// bits holds the non-zero channels of each pixel of the memory, words words for each; at is
	// the place in it of each (pixel, tap), negative if there is none. Only for a convolution.
	bits  []uint64
	words int
	at    []int
	group int // the group of off, counted over all images; -1 before the first
	seen  int // groups emitted so far
	// oldest is the first pixel, by its place in the stream, of the current group's
	// window. stale reports that the memory has lost it, which never happens if the
	// line buffer is large enough.
	oldest int
	stale  bool
}

const (
	offMap  = -1 // outside the map
	offTail = -2 // pixel beyond the row
)

func newWindow(w hw.Window, images int, l intnet.Layer, min int64) *window {
	s := &window{sched: hw.NewWindowSchedule(w, images), group: -1, oldest: math.MaxInt}
	s.pixels = w.Rows() * w.RowPixels()
	s.buf = make([]int32, s.pixels*w.C)
	s.off = make([]int, w.OutPx*w.Geom.Kernel[0]*w.Geom.Kernel[1])
	if l.Conv != nil {
		s.tau = int32(l.Conv.TauA)
		s.words = (w.C + 63) / 64
		s.bits, s.at = make([]uint64, s.pixels*s.words), make([]int, len(s.off))
	} else if l.Pool.Max {
		s.pad = int32(min)
	}
	return s
}

// accept stores a beat of InPx x InCh activations at the schedule's input position.
func (s *window) accept(beat []int32) {
	w := s.sched
	if w.InPixel+w.InPx-s.pixels > s.oldest {
		s.stale = true
	}
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
		if s.words > 0 {
			setBits(s.bits[slot*s.words:][:s.words], dst, w.InChan, 0)
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
	s.oldest = math.MaxInt
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
				at := -1
				switch {
				case ox >= w.OW:
					s.off[i] = offTail
				case y < 0 || y >= w.H || x < 0 || x >= w.W:
					s.off[i] = offMap
				default:
					s.off[i] = (line + x) * w.C
					at = (line + x) * s.words
					s.oldest = min(s.oldest, (w.Image*w.H+y)*row+x)
				}
				if s.words > 0 {
					s.at[i] = at
				}
				i++
			}
		}
	}
	s.group = s.seen
}

// emit writes the schedule's current window beat: Px x MTap x MCh lanes.
func (s *window) emit(beat []int32) {
	w := s.sched
	if s.group != s.seen {
		s.place()
	}
	taps, mch := w.Geom.Kernel[0]*w.Geom.Kernel[1], w.MCh
	m := w.MTap * mch
	tap, ch := w.Place()
	for p := range w.OutPx {
		off := s.off[p*taps+tap:][:w.MTap]
		dst := beat[p*m:][:m]
		for t, o := range off {
			d := dst[t*mch:][:mch]
			switch {
			case o >= 0:
				copy(d, s.buf[o+ch:])
			case o == offMap:
				for i := range d {
					d[i] = s.pad
				}
			default:
				clear(d)
			}
		}
	}
}

// gather writes the whole window of pixel p of the schedule's current group, which place has found:
// the channels of each tap, for each of the groups of channels, minus sub.
func (s *window) gather(p int, row []int16, sub int32) {
	w := s.sched
	taps, channels := w.Geom.Kernel[0]*w.Geom.Kernel[1], w.FoldChannels()
	for g := range w.Groups {
		for _, o := range s.off[p*taps:][:taps] {
			dst := row[:channels]
			row = row[channels:]
			switch {
			case o < 0: // the padding of a convolution is 0
				for i := range dst {
					dst[i] = int16(-sub)
				}
			case channels < kernel.IntCols:
				for i, v := range s.buf[o+g*channels:][:channels] {
					dst[i] = int16(v - sub)
				}
			default:
				kernel.Narrow(dst, s.buf[o+g*channels:][:channels], 0, sub)
			}
		}
	}
}

// burst is step for n iterations that emit, none beyond the group.
func (s *window) burst(n int) (groupDone bool) {
	w := s.sched
	image, oy, gx := w.Image, w.OY, w.GX
	w.Emit(n)
	return s.groupDone(image, oy, gx)
}

// step advances the schedule and reports whether this iteration emitted the last beat of a group.
func (s *window) step(accept, emit bool) (groupDone bool) {
	w := s.sched
	image, oy, gx := w.Image, w.OY, w.GX
	w.Step(accept, emit)
	return s.groupDone(image, oy, gx)
}

// groupDone reports whether the schedule has left a group.
func (s *window) groupDone(image, oy, gx int) bool {
	w := s.sched
	if w.GX != gx || w.OY != oy || w.Image != image {
		s.seen++
		s.oldest, s.stale = math.MaxInt, false
		return true
	}
	return false
}
