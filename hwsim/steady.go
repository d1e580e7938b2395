package hwsim

import (
	"slices"

	"hass/internal/hw"
)

// If no beat depends on data, the stream of images becomes periodic: from some image on every d
// images take the same T cycles, in every process and FIFO. The following time need not be simulated;
// it equals that of d images earlier, T cycles later (jump). This is exact, not an estimate.
//
// To detect the period, the state of the simulation is recorded at cuts: the source stops after whole images,
// and the processes proceed as far as they can without more input. Their final positions do not depend on the
// order in which they ran (Kahn), so cuts can be compared. If the processes are at the same positions as at an
// earlier cut, d images before, their future instants are maxima of sums of the instants in the state. If all
// of these are T cycles later than at the earlier cut, so is the future.
//
// An instant only counts in a state as far as it can delay anything: a token may have been
// readable, or a slot free, for long, but its process cannot use it before it is ready. The
// rates of fast processes settle long before their traces in deep FIFOs have disappeared.

const (
	mostShots = 8       // cuts kept, hence the longest period that can be found
	mostState = 1 << 22 // numbers in all cuts kept
)

// steady detects the period of a run.
type steady struct {
	every   int     // images from cut to cut
	size    int     // upper bound on the numbers in a cut
	keep    int     // number of cuts to compare with
	shots   []*shot // the last ones
	period  int     // images, once it is known
	skipped int     // images not simulated in time
}

// shot is a cut.
type shot struct {
	images int   // sent by the source
	now    int64 // cycle of the source
	// state holds for each process its position, relative to images, and when it is ready; for each
	// FIFO its tokens, its high-water mark and the relevant instants, relative to now.
	state []int64
	count []counters // by process
}

// watch makes the source stop for cuts if a period may be found and would save time.
func (s *sim) watch() {
	s.hold = -1
	if s.noSteady || s.opt.Observe != nil || s.opt.Stall > 0 || s.varies() {
		return
	}
	size, tokens := 0, 0
	for i, f := range s.fifos {
		size += f.depth
		tokens += s.n.Streams[i].Tokens
	}
	// A cut must cost less than the images between cuts.
	every := max(1, size/(4*tokens))
	size += 2*len(s.fifos) + 6*len(s.procs)
	st := &steady{every: every, size: size, keep: min(mostState/size, mostShots)}
	if st.keep == 0 || st.every >= s.images {
		return
	}
	s.steady, s.hold = st, st.every
	if s.periods(st.every) == 0 {
		s.hold = -1
	}
}

// held reports whether p is the source and has sent all images up to the next cut.
func (s *sim) held(p *proc) bool { return p.kind == hw.Source && p.image == s.hold }

// cut is called when no process can proceed. It returns false if the held source is not the reason.
func (s *sim) cut() bool {
	var source *proc
	for _, p := range s.procs {
		if s.held(p) {
			source = p
		}
	}
	if source == nil {
		return false
	}
	st := s.steady
	s.hold += st.every
	now := s.shot(source)
	for i := len(st.shots) - 1; i >= 0; i-- {
		if before := st.shots[i]; slices.Equal(before.state, now.state) {
			s.jump(before, now)
			s.hold = -1
			break
		}
	}
	if s.hold >= 0 && s.periods(st.every) == 0 {
		s.hold = -1
	}
	if s.hold < 0 {
		st.shots = nil
	} else {
		if len(st.shots) == st.keep {
			st.shots = slices.Delete(st.shots, 0, 1)
		}
		st.shots = append(st.shots, now)
	}
	s.wake(source, soon)
	return true
}

// from is the first cycle in which p may read or write again.
func (p *proc) from() int64 {
	if p.live {
		return p.t
	}
	return p.ready
}

// shot takes a cut.
func (s *sim) shot(source *proc) *shot {
	c := &shot{images: source.image, now: source.from(), state: make([]int64, 0, s.steady.size), count: make([]counters, len(s.procs))}
	add := func(v ...int64) { c.state = append(c.state, v...) }
	for i, p := range s.procs {
		if p.live && !p.computed && p.reads == p.step.Reads {
			p.live = false // it has only waited
		}
		c.count[i] = p.count.clone()
		switch add(p.from() - c.now); {
		case !p.live:
			add(0, 0, 0)
		case !p.computed:
			add(1, int64(p.reads), int64(p.writes))
		default:
			add(2, int64(p.reads), int64(p.writes))
		}
		if p.window != nil {
			at, per := p.window.Position()
			add(int64(at[0]-c.images*per[0]), int64(at[1]-c.images*per[1]))
		} else {
			add(int64(p.image-c.images), int64(p.left))
		}
	}
	for _, f := range s.fifos {
		add(int64(f.ready()), int64(f.most))
		free := f.from.from()
		for n := f.wr - f.depth; n < f.rd; n++ { // slots that no token has used are free
			t := free
			if n >= 0 {
				t = max(t, f.time[n&f.mask]+1)
			}
			add(t - c.now)
		}
		taken := f.to.from()
		for n := f.rd; n < f.wr; n++ {
			add(max(taken, f.time[n&f.mask]) - c.now)
		}
	}
	return c
}

// periods is the number of periods of d images that can be skipped, such that no process reaches the
// end of the stream meanwhile and at least one image leaves after them.
func (s *sim) periods(d int) int {
	m := s.images - 1 - s.completed()
	for _, p := range s.procs {
		m = min(m, s.stream-1-p.begun())
	}
	return max(m, 0) / d
}

// begun is the number of images that p has started to read or write.
func (p *proc) begun() int {
	if w := p.window; w != nil {
		at, per := w.Position()
		return max((at[0]+per[0]-1)/per[0], (at[1]+per[1]-1)/per[1])
	}
	if p.live || p.left != p.pattern.perImage {
		return p.image + 1
	}
	return p.image
}

// jump advances the whole simulation, which is at cut b, by as many periods as possible. The period
// was simulated from cut a to b.
func (s *sim) jump(a, b *shot) {
	d, cycles := b.images-a.images, b.now-a.now
	m := s.periods(d)
	if m == 0 {
		return
	}
	images, shift := m*d, int64(m)*cycles
	for i, p := range s.procs {
		period := p.count.since(a.count[i])
		period.end = cycles
		repeat := func(instants []int64, from int) {
			for k := from; k < min(from+images, s.images); k++ {
				instants[k] = instants[k-d] + cycles
			}
		}
		switch p.kind {
		case hw.Source:
			repeat(s.firstIn, p.begun())
		case hw.Sink:
			repeat(s.firstOut[i], p.begun())
			repeat(s.lastOut[i], p.image)
		}
		for k := len(p.done); k < min(p.image+images, s.images); k++ {
			c := p.done[k-d].clone()
			c.add(period, 1)
			if p.done = append(p.done, c); len(p.done) == s.images {
				s.working--
			}
		}
		p.count.add(period, int64(m))
		p.image += images
		if p.window != nil {
			p.window.Skip(images)
		}
		p.ready += shift
		p.t += shift
	}
	for _, f := range s.fifos {
		for n := max(0, f.wr-f.depth); n < f.wr; n++ {
			f.time[n&f.mask] += shift
		}
	}
	s.steady.period, s.steady.skipped = d, images
	s.progress()
}

// since is the difference from c0.
func (c counters) since(c0 counters) counters {
	c = c.clone()
	c.add(c0, -1)
	return c
}

// add adds n times d.
func (c *counters) add(d counters, n int64) {
	c.iterations += n * d.iterations
	c.end += n * d.end
	c.busy += n * d.busy
	for i := range d.starved {
		c.starved[i] += n * d.starved[i]
	}
	for i := range d.blocked {
		c.blocked[i] += n * d.blocked[i]
	}
}
