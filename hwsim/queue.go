package hwsim

// urgency is the queue that a process is in.
type urgency int

const (
	idle urgency = iota
	later
	soon
)

// ring is a queue of processes, at most one entry each.
type ring struct {
	procs []*proc
	head  int
	n     int
}

func newRing(n int) ring { return ring{procs: make([]*proc, n)} }

func (r *ring) add(p *proc) {
	i := r.head + r.n
	if i >= len(r.procs) {
		i -= len(r.procs)
	}
	r.procs[i] = p
	r.n++
}

// take removes the first; nil if there is none.
func (r *ring) take() *proc {
	if r.n == 0 {
		return nil
	}
	p := r.procs[r.head]
	if r.head++; r.head == len(r.procs) {
		r.head = 0
	}
	r.n--
	return p
}

// wake queues p. A process that is queued for later may be moved to sooner.
func (s *sim) wake(p *proc, u urgency) {
	if p.queued >= u || p.ended {
		return
	}
	p.queued = u
	if u == soon {
		s.soon.add(p)
	} else if !p.waitsLater {
		p.waitsLater = true
		s.later.add(p)
	}
}

// wakeNeighbours queues the processes that waited for p's last reads and writes.
func (s *sim) wakeNeighbours(p *proc) {
	for _, f := range p.in {
		if q := f.from; q.wait == f {
			if n := f.room(); n >= f.enough {
				s.wake(q, soon)
			} else if n > 0 {
				s.wake(q, later)
			}
		}
	}
	for _, f := range p.out {
		s.wakeReader(f)
	}
}

// wakeReader queues f's reader if it waited for the present tokens.
func (s *sim) wakeReader(f *fifo) {
	if q := f.to; q.wait == f {
		if n := f.ready(); n >= f.enough {
			s.wake(q, soon)
		} else if n > 0 {
			s.wake(q, later)
		}
	}
}
