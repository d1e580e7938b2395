package hwsim

import "math/bits"

// fifo is one stream in time: a bounded queue of token instants. The contents of the tokens are in type values.
type fifo struct {
	index int
	// time holds, by token number modulo its power-of-two length, the cycle
	// from which an unread token is readable, or the cycle in which a token
	// was read.
	time    []int64
	mask    int
	depth   int
	enough  int   // number of tokens, or room for tokens, for which its reader, or writer, is started at once
	latency int64 // from write to readable
	wr, rd  int   // tokens written and read
	most    int   // highest occupancy in time, at least 1
	from    *proc
	to      *proc
}

func pow2(n int) int { return 1 << bits.Len(uint(n-1)) }

// ready is the number of tokens that can be read.
func (f *fifo) ready() int { return f.wr - f.rd }

// room is the number of tokens that can be written.
func (f *fifo) room() int { return f.depth - f.wr + f.rd }

// read takes the next token, which must have been written, no earlier than cycle t, and returns the cycle of the read.
func (f *fifo) read(t int64) int64 {
	i := f.rd & f.mask
	t = max(t, f.time[i])
	f.time[i] = t
	if f.most < f.depth {
		f.raiseAtRead(t)
	}
	f.rd++
	return t
}

// write puts the next token, for which there must be room, no earlier than cycle t, and returns the cycle of the write.
func (f *fifo) write(t int64) int64 {
	if n := f.wr - f.depth; n >= 0 {
		t = max(t, f.time[n&f.mask]+1)
	}
	if f.most < f.depth {
		f.raiseAtWrite(t)
	}
	f.time[f.wr&f.mask] = t + f.latency
	f.wr++
	return t
}

// A token occupies the FIFO from its write to its read, both cycles included. So the
// occupancy exceeds most as soon as some token m is read no earlier than token m+most
// is written. Each such pair is compared when the later of the two has been simulated:
// at the read if the write is already known, otherwise at the write.

// raiseAtRead compares the read of token rd at cycle t.
func (f *fifo) raiseAtRead(t int64) {
	for n := f.rd + f.most; n < f.wr && f.time[n&f.mask]-f.latency <= t; n++ {
		f.most++
	}
}

// raiseAtWrite compares the write of token wr at cycle t.
func (f *fifo) raiseAtWrite(t int64) {
	if m := f.wr - f.most; m >= 0 && m < f.rd && f.time[m&f.mask] >= t {
		f.most++
	}
}
