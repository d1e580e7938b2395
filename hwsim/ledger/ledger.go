// Package ledger passes the cycles of beats from the values of a simulation, which find them, to its time, which asks for them.
//
// It takes the costs of an engine's image and gives them back, in the order of the images; two goroutines share it. It bounds what
// is held, and never looks at what the costs mean.
package ledger

import "sync"

// Ledger holds the cycles of the beats of those engines whose beats may take more than one,
// by engine and image of the stream, between the values, which fill it, and the time, which
// asks for it.
type Ledger struct {
	mu    sync.Mutex
	moved *sync.Cond
	// images is the number of images in one pass of the values. The stream repeats them: if the
	// costs of all are kept, so does the reader; else each is dropped after use and the
	// values are made again.
	images int
	keep   bool
	costs  [][][]uint8 // by process; of the images from first on
	first  []int       // by process
	held   int         // bytes
	budget int         // bytes held before the values wait for the time
	asked  bool        // the time waits for costs
	last   bool        // the time needs no more: the first pass is the last
	off    bool        // nothing is wanted any more
}

// New makes an empty ledger. The values pass over the images; of an image all processes together have perImage costs, of one byte each. A
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

// Get waits for the costs of an engine's image. Images are asked for in order.
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
			if !l.keep { // those before have been used
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

// Wanted waits until the values of one more image should be made; false if none.
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

// End tells that no more costs will be asked for, and if off that the values are not needed
// either.
func (l *Ledger) End(off bool) {
	l.mu.Lock()
	l.last, l.off = true, off
	l.moved.Broadcast()
	l.mu.Unlock()
}

// IsOff tells whether to stop in the middle of an image.
func (l *Ledger) IsOff() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.off
}
