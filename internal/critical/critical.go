// Package critical describes what the interval between images was made of.
//
// It holds the critical cycle of a run, which hwsim/limit finds, and checks one that was read from a file.
package critical

import "fmt"

// Cycle is a closed chain of causes in a run. It starts and ends in one process, one or more images apart, and everything on it began in
// the cycle in which the thing before it ended: a process works, then a token that it writes reaches a reader that waits for it, or a
// token that it reads gives room to a writer that waits for it. The chain takes as long as those images, so what is not on it could be
// faster, or a FIFO deeper, without any gain.
type Cycle struct {
	Images int   `json:"images"` // images that were traced, two or more
	Cycles int64 `json:"cycles"` // length of the chain: the sum over Processes and Streams
	// Processes are those on it, Streams the ways between them, each with the most cycles first.
	Processes []Process `json:"processes"`
	Streams   []Stream  `json:"streams,omitempty"`
}

// Process is a process on a critical cycle.
type Process struct {
	Name   string `json:"process"`
	Layer  string `json:"layer,omitempty"` // ID of its layer; "" if it belongs to none
	Cycles int64  `json:"cycles"`          // in which it worked
}

// Stream is a stream on a critical cycle: its reader waited for its data or, if Full, its writer waited for room in it.
type Stream struct {
	Name   string `json:"stream"`
	Full   bool   `json:"full"`
	Times  int64  `json:"times"`
	Cycles int64  `json:"cycles"` // that the tokens, or the room, took through it
}

// Share is the part of a cycle's length that a number of cycles is, in 0..1.
func (c *Cycle) Share(cycles int64) float64 { return float64(cycles) / float64(c.Cycles) }

// Check says what is wrong with a cycle that was read from a file, or nil.
func (c *Cycle) Check() error {
	if c.Images < 2 || c.Cycles < 1 || len(c.Processes) == 0 {
		return fmt.Errorf("%d images, %d cycles, %d processes: want two images or more, and one cycle and process or more", c.Images, c.Cycles, len(c.Processes))
	}
	rest := c.Cycles
	take := func(name string, cycles int64) error {
		if cycles < 0 || cycles > rest {
			return fmt.Errorf("%.80q: %d cycles, of which %d are left of %d", name, cycles, rest, c.Cycles)
		}
		rest -= cycles
		return nil
	}
	for i := range c.Processes {
		if err := take(c.Processes[i].Name, c.Processes[i].Cycles); err != nil {
			return err
		}
	}
	for i := range c.Streams {
		s := &c.Streams[i]
		if s.Times < 1 {
			return fmt.Errorf("%.80q: is crossed %d times", s.Name, s.Times)
		}
		if err := take(s.Name, s.Cycles); err != nil {
			return err
		}
	}
	if rest != 0 {
		return fmt.Errorf("%d of %d cycles are not accounted for", rest, c.Cycles)
	}
	return nil
}
