package hw

import (
	"fmt"
	"math/bits"

	"hass/internal/fixed"
	"hass/internal/intnet"
)

// Window is the line buffer of a layer. It takes the input stream pixel by pixel and
// replays, for each group of OutPx output pixels, the K*K*C window in beats of MTap x
// MCh lanes: Folds times (conv), or once per channel group with all taps of a group
// together (Channelwise, for pools and depthwise convolutions). With Groups, each fold
// gets only the channels of its own group. Padding is generated on the fly and costs no
// cycles.
//
// Input pixels are counted along a stream of images whose rows are padded to RowPixels,
// a multiple of InPx. Let virt be the (possibly negative) index of the upper left pixel
// of the current output group's unclipped window. An iteration accepts an input beat if
// its last pixel lies before virt + LinePixels and the input is not ahead of its pace
// (AcceptPace). It emits a beat if an earlier iteration has accepted the last pixel
// that its window needs and, if the window has more input than output beats, the output
// is not ahead of the pace or the iteration does not accept. It reads before it writes,
// and a read blocks: the pace keeps a window from waiting for pixels that it does not
// need yet while beats could leave.
type Window struct {
	H, W, C     int
	OH, OW      int
	Geom        intnet.Window
	InPx, InCh  int
	OutPx       int
	MTap, MCh   int
	Folds       int
	Groups      int // of channels; divides Folds. 1 if Channelwise
	Channelwise bool
	LinePixels  int
	// Whole is set for a scheduled engine's window whose input and output beats are whole rows of one
	// channel: its memory consists of such rows.
	Whole bool
}

// extent is the dilated kernel size along dimension d.
func extent(g intnet.Window, d int) int { return (g.Kernel[d]-1)*g.Dilation[d] + 1 }

// RowPixels is the length of an input row in the stream, tail pixels included.
func (w Window) RowPixels() int { return fixed.CeilDiv(w.W, w.InPx) * w.InPx }

// PixelGroups is the number of output pixel groups per image.
func (w Window) PixelGroups() int { return w.OH * fixed.CeilDiv(w.OW, w.OutPx) }

// FoldChannels is the number of channels of one fold.
func (w Window) FoldChannels() int { return w.C / w.Groups }

// firstChannel is the first channel of a fold.
func (w Window) firstChannel(fold int) int { return fold / (w.Folds / w.Groups) * w.FoldChannels() }

// BeatsPerFold is the number of beats of one window (all taps, all channels of a fold).
func (w Window) BeatsPerFold() int {
	return w.Geom.Kernel[0] * w.Geom.Kernel[1] / w.MTap * (w.FoldChannels() / w.MCh)
}

// BeatsPerGroup is the number of beats emitted for one output pixel group.
func (w Window) BeatsPerGroup() int { return w.Folds * w.BeatsPerFold() }

// InBeats is the number of input beats per image.
func (w Window) InBeats() int { return w.H * fixed.CeilDiv(w.W, w.InPx) * (w.C / w.InCh) }

// OutBeats is the number of beats emitted per image.
func (w Window) OutBeats() int { return w.PixelGroups() * w.BeatsPerGroup() }

// virt is the stream index, within its image, of the upper left pixel of the unclipped window of group (oy,
// gx). Pixels before it may be overwritten. A window beyond the right edge, which occurs if the padding is
// wider than the kernel, frees no more than its row, and one below the map no more than the image: the
// windows of the next row, or of the next image, start there.
func (w Window) virt(oy, gx int) int {
	row := w.RowPixels()
	y := oy*w.Geom.Stride[0] - w.Geom.Pads[0]
	if y > w.H {
		return w.H * row
	}
	x := min(row, gx*w.OutPx*w.Geom.Stride[1]-w.Geom.Pads[1])
	return min(w.H*row, y*row+x)
}

// need is the stream index, within its image, of the last pixel that the window of
// group (oy, gx) uses. It is negative if the window lies above the map: no pixel
// of the image is needed.
func (w Window) need(oy, gx int) int {
	row := min(w.H-1, oy*w.Geom.Stride[0]-w.Geom.Pads[0]+extent(w.Geom, 0)-1)
	ox := min(w.OW-1, gx*w.OutPx+w.OutPx-1)
	col := min(w.W-1, ox*w.Geom.Stride[1]-w.Geom.Pads[1]+extent(w.Geom, 1)-1)
	return row*w.RowPixels() + col
}

// needBeats is the number of groups of InPx pixels that need covers; it is negative if not even all of the
// previous image is needed.
func (w Window) needBeats(oy, gx int) int {
	n := w.need(oy, gx) + w.InPx
	if n < 0 {
		n -= w.InPx - 1 // round down
	}
	return n / w.InPx
}

// MinLinePixels is the least capacity with which the window makes progress.
func (w Window) MinLinePixels() int {
	return (extent(w.Geom, 0)-1)*w.RowPixels() + (w.OutPx-1)*w.Geom.Stride[1] + extent(w.Geom, 1) + w.InPx - 1
}

// Lead is the number of input pixels by which the input runs ahead of the output at an
// even pace: the largest excess of an output group's need over its even share of the
// image, max over p of need(p)+1 - p*image/groups, in groups of InPx. It is the window's
// delay, whatever the rate.
func (w Window) Lead() int { return w.lead() * w.InPx }

func (w Window) lead() int {
	image, groups := w.H*w.RowPixels()/w.InPx, w.PixelGroups()
	perRow := fixed.CeilDiv(w.OW, w.OutPx)
	lead := 0
	for p := range groups {
		lead = max(lead, w.needBeats(p/perRow, p%perRow)-p*image/groups)
	}
	return lead
}

// AcceptPace is the even pace of the input as integer counters: with a input beats
// accepted and e window beats emitted so far, an iteration may accept while
//
//	start + e*perEmit - a*perAccept > 0
//
// that is, while a < lead + (e+1) * InBeats/OutBeats, with lead in beats.
func (w Window) AcceptPace() (start, perEmit, perAccept int) {
	in, out := w.InBeats(), w.OutBeats()
	g := GCD(in, out)
	in, out = in/g, out/g
	return in + w.lead()*(w.C/w.InCh)*out, in, out
}

// PaceBits is the width of a signed counter that always holds start + e*perEmit - a*perAccept - 1 of
// AcceptPace. The counter is least when perAccept is subtracted from 1, and greatest when the output is
// as far ahead as the pixels that it needs allow.
func (w Window) PaceBits() int {
	start, perEmit, perAccept := w.AcceptPace()
	perRow, parts := fixed.CeilDiv(w.OW, w.OutPx), w.C/w.InCh
	most := start
	for p := range w.PixelGroups() {
		accepted := w.needBeats(p/perRow, p%perRow) * parts
		most = max(most, start+(p+1)*w.BeatsPerGroup()*perEmit-accepted*perAccept)
	}
	return bits.Len(uint(max(most, perAccept, perEmit))) + 1
}

// GCD is the greatest common divisor of two numbers, at least one of which is not 0.
func GCD(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// FullLinePixels is the least capacity that never holds the input back from its pace, so
// that the window does not wait for pixels at the start of a row or an image in a stream
// of images.
func (w Window) FullLinePixels() int {
	image, groups := w.H*w.RowPixels()/w.InPx, w.PixelGroups()
	perRow := fixed.CeilDiv(w.OW, w.OutPx)
	lead := w.lead()
	capacity := w.MinLinePixels()
	for p := range groups {
		pace := lead + ((p+1)*image+groups-1)/groups
		capacity = max(capacity, pace*w.InPx-w.virt(p/perRow, p%perRow))
	}
	return capacity
}

// Banks is the number of row and column banks of the line buffer with which all
// lanes of a beat can be read, and all pixels of an input beat written, in one
// cycle. A bank is addressed by (row mod rows)*... + column mod cols.
func (w Window) Banks() (rows, cols int) {
	kw := w.Geom.Kernel[1]
	taps := w.MTap // taps along a row
	rows = 1
	if w.MTap > kw {
		rows, taps = w.MTap/kw, kw
	}
	if rows > 1 && w.Geom.Dilation[0] > 1 {
		// Dilated rows of one beat are Dilation apart: use one bank for every row of the span.
		rows = (rows-1)*w.Geom.Dilation[0] + 1
	}
	span := (w.OutPx-1)*w.Geom.Stride[1] + (taps-1)*w.Geom.Dilation[1] + 1
	return rows, max(span, w.InPx)
}

// Rows is the number of rows the line buffer stores: enough for LinePixels, and a
// multiple of its row banks.
func (w Window) Rows() int {
	rows, _ := w.Banks()
	return fixed.CeilDiv(fixed.CeilDiv(w.LinePixels, w.RowPixels()), rows) * rows
}

// Lanes is the number of channels in one word of the line buffer.
func (w Window) Lanes() int { return max(w.InCh, w.MCh) }

// Validate reports whether the parameters give a working line buffer.
func (w Window) Validate() error {
	k := w.Geom.Kernel
	for d := range 2 {
		if k[d] < 1 || w.Geom.Stride[d] < 1 || w.Geom.Dilation[d] < 1 {
			return fmt.Errorf("kernel, stride and dilation must be at least 1")
		}
		if w.Geom.Pads[d] < 0 || w.Geom.Pads[d+2] < 0 {
			return fmt.Errorf("pads %v must not be negative", w.Geom.Pads)
		}
	}
	switch {
	case w.MTap < 1 || w.MTap <= k[1] && k[1]%w.MTap != 0 || w.MTap > k[1] && (w.MTap%k[1] != 0 || k[0]%(w.MTap/k[1]) != 0):
		return fmt.Errorf("m_tap %d is neither a divisor of a kernel row nor whole rows that divide the %dx%d kernel", w.MTap, k[0], k[1])
	case w.Groups < 1 || w.C%w.Groups != 0 || w.Folds%w.Groups != 0 || w.Channelwise && w.Groups != 1:
		return fmt.Errorf("%d groups do not divide %d channels and %d folds", w.Groups, w.C, w.Folds)
	case w.MCh < 1 || w.FoldChannels()%w.MCh != 0:
		return fmt.Errorf("m_ch %d does not divide %d channels", w.MCh, w.FoldChannels())
	case w.MTap*w.MCh > MaxLanes && !w.Channelwise:
		return fmt.Errorf("%d lanes per beat, more than %d", w.MTap*w.MCh, MaxLanes)
	case w.InCh < 1 || w.C%w.InCh != 0:
		return fmt.Errorf("in_ch %d does not divide %d channels", w.InCh, w.C)
	case max(w.InCh, w.MCh)%min(w.InCh, w.MCh) != 0:
		return fmt.Errorf("in_ch %d and m_ch %d: one must divide the other", w.InCh, w.MCh)
	case w.InPx < 1 || w.OutPx < 1:
		return fmt.Errorf("pixels per beat must be at least 1")
	case w.InPx > 1 && w.InPx%w.Geom.Stride[1] != 0:
		return fmt.Errorf("in_px %d: the stride %d must divide it", w.InPx, w.Geom.Stride[1])
	case w.LinePixels < w.MinLinePixels():
		return fmt.Errorf("line_pixels %d is below the minimum %d", w.LinePixels, w.MinLinePixels())
	}
	return nil
}

// index is the width of an index of n entries, at least one bit.
func index(n int) int { return max(1, bits.Len(uint(n-1))) }

// WindowSchedule steps a Window through a number of images. Its
// exported fields are the window's position before the next iteration.
type WindowSchedule struct {
	Window
	Images int

	// Input side: the pixel index, within the whole stream, of the next
	// input beat, and its first channel.
	InPixel, InChan int
	// Output side: image, output row, pixel group of the row, emitted beats of the group.
	Image, OY, GX, Beat int

	limit int // InPixel may be accepted while InPixel+InPx <= limit
	need  int // the group may be emitted once InPixel > need

	credit             int // the pace allows an input beat while this is above 0
	perEmit, perAccept int

	// Figures of the window that every step uses.
	image  int // pixels of the stream per image
	total  int // pixels of the stream
	perRow int // pixel groups
	beats  int // of a group
}

// NewWindowSchedule starts at the first image.
func NewWindowSchedule(w Window, images int) *WindowSchedule {
	s := &WindowSchedule{Window: w, Images: images}
	s.credit, s.perEmit, s.perAccept = w.AcceptPace()
	s.image, s.perRow = w.H*w.RowPixels(), fixed.CeilDiv(w.OW, w.OutPx)
	s.total = images * s.image
	s.beats = w.BeatsPerGroup()
	s.place()
	return s
}

// place derives the accept limit and the emit condition of the current group.
func (s *WindowSchedule) place() {
	base := s.Image * s.image
	s.limit = base + s.virt(s.OY, s.GX) + s.LinePixels
	s.need = base + s.Window.need(s.OY, s.GX)
}

// Accepts reports whether the next iteration reads an input beat.
func (s *WindowSchedule) Accepts() bool {
	return s.InPixel < s.total && (s.Image == s.Images || s.credit > 0 && s.InPixel+s.InPx <= s.limit)
}

// Emits reports whether the next iteration writes a window beat. A window that has more input
// than output beats does not run ahead of its input: a burst of beats, written faster than the
// layer behind can take them, would block the input, which has no time to catch up.
func (s *WindowSchedule) Emits() bool {
	if s.Image >= s.Images || s.InPixel <= s.need {
		return false
	}
	ahead := s.perEmit > s.perAccept && s.credit > s.perEmit
	return !ahead || !s.Accepts()
}

// Step performs an iteration; accept and emit are the results of Accepts and Emits.
func (s *WindowSchedule) Step(accept, emit bool) {
	if accept {
		s.credit -= s.perAccept
		if s.InChan += s.InCh; s.InChan == s.C {
			s.InChan = 0
			s.InPixel += s.InPx
		}
	}
	if !emit {
		return
	}
	s.credit += s.perEmit
	if s.Beat++; s.Beat == s.beats {
		s.nextGroup()
	}
}

// Place is the first tap and the first channel of the next beat.
func (s *WindowSchedule) Place() (tap, ch int) {
	taps, channels := s.Geom.Kernel[0]*s.Geom.Kernel[1]/s.MTap, s.FoldChannels()/s.MCh
	if s.Channelwise {
		// Taps are innermost, channel groups outermost.
		return s.Beat % taps * s.MTap, s.Beat / taps * s.MCh
	}
	// Channel groups are innermost, then tap groups, then folds.
	fold, at := s.Beat/(taps*channels), s.Beat%(taps*channels)
	return at / channels * s.MTap, s.firstChannel(fold) + at%channels*s.MCh
}

// nextGroup moves to the first beat of the next group.
func (s *WindowSchedule) nextGroup() {
	s.Beat = 0
	if s.GX++; s.GX == s.perRow {
		s.GX = 0
		if s.OY++; s.OY == s.OH {
			s.OY = 0
			s.Image++
		}
	}
	s.place()
}

// Burst is the number of consecutive iterations within the current group that emit and do not accept.
// The next iteration must be of that kind.
func (s *WindowSchedule) Burst() int {
	n := s.beats - s.Beat
	if s.InPixel < s.total && s.InPixel+s.InPx <= s.limit { // the pace holds the input back
		n = min(n, (s.perEmit-s.credit)/s.perEmit)
	}
	return n
}

// Emit performs n of the iterations that Burst returned.
func (s *WindowSchedule) Emit(n int) {
	s.credit += n * s.perEmit
	if s.Beat += n; s.Beat == s.beats {
		s.nextGroup()
	}
}

// Skip moves to the same place a number of images later.
func (s *WindowSchedule) Skip(images int) {
	s.InPixel += images * s.image
	s.Image += images
	s.place()
}

// Next implements Schedule.
func (s *WindowSchedule) Next() (Step, bool) {
	a, e := s.Accepts(), s.Emits()
	if !a && !e {
		return Step{}, false
	}
	s.Step(a, e)
	var st Step
	if a {
		st.Reads = 1
	}
	if e {
		st.Writes = 1
	}
	return st, true
}

// Position implements Schedule: input beats accepted and output beats emitted so far.
func (s *WindowSchedule) Position() (counts, perImage [2]int) {
	in := s.InPixel/s.InPx*(s.C/s.InCh) + s.InChan/s.InCh
	group := (s.Image*s.OH+s.OY)*s.perRow + s.GX
	return [2]int{in, group*s.beats + s.Beat}, [2]int{s.InBeats(), s.OutBeats()}
}
