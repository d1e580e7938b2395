// Package ledger passes the cycles of beats from the value simulation, which computes them, to the timing simulation, which uses
// them.
//
// It takes the costs of an engine's image and gives them back, in the order of the images, between two goroutines. It bounds the
// memory, and does not interpret the costs.
package ledger

import "sync"

// Ledger holds the cycles of beats by engine and image of the stream, for those engines
// whose beats may take more than one cycle.
type Ledger struct {
	mu    sync.Mutex
	moved *sync.Cond
	// images is the number of images in one pass of the values. The stream repeats them. If the
	// costs of all fit, they are kept; otherwise each is dropped after use and the values are
	// computed again.
	images int
	keep   bool
	costs  [][][]uint8 // by process; of the images from first on
	first  []int       // by process
	held   int         // bytes
	budget int         // bytes held before the values must wait for the time
	asked  bool        // the time is waiting for costs
	last   bool        // the time needs no more after this pass
	off    bool        // nothing is needed any more
}

// New makes an empty ledger. The values pass over the images; an image has perImage costs of all processes together, of one byte each. A
// ledger keeps the costs of all images if budget bytes are enough.
func New(processes, images, perImage, budget int) *Ledger {
	l := &Ledger{
		images: images, keep: perImage*images <= budget, budget: budget,
		costs: make([][][]uint8, processes), first: make([]int, processes),
	}
	l.moved = sync.NewCond(&l.mu)
	return l
}

// Put adds the costs of an engine's next image.
func (l *Ledger) Put(process int, costs []uint8) {
	l.mu.Lock()
	l.costs[process] = append(l.costs[process], costs)
	l.held += len(costs)
	l.moved.Broadcast()
	l.mu.Unlock()
}

// Get waits for the costs of an engine's image. Images must be requested in order.
func (l *Ledger) Get(process, image int) []uint8 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keep {
		image %= l.images
	}
	for {
		c, i := l.costs[process], image-l.first[process]
		if i < len(c) {
			costs := c[i]
			if !l.keep { // the earlier ones have been used
				for _, old := range c[:i] {
					l.held -= len(old)
				}
				l.costs[process], l.first[process] = c[i:], image
				l.moved.Broadcast()
			}
			return costs
		}
		l.asked = true
		l.moved.Broadcast()
		l.moved.Wait()
		l.asked = false
	}
}

// Wanted waits until the values of one more image are needed; it returns false if none are.
func (l *Ledger) Wanted(made int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.off || (l.keep || l.last) && made >= l.images:
			return false
		case l.keep || l.last || l.asked || l.held < l.budget:
			return true
		}
		l.moved.Wait()
	}
}

// End says that no more costs will be requested, and with off that the values are not
// needed either.
func (l *Ledger) End(off bool) {
	l.mu.Lock()
	l.last, l.off = true, off
	l.moved.Broadcast()
	l.mu.Unlock()
}

// IsOff reports whether to stop in the middle of an image.
func (l *Ledger) IsOff() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.off
}
