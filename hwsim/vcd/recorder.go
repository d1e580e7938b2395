package vcd

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hass/hwsim"
	"hass/internal/hw"
	"hass/internal/spell"
)

// Streams are the numbers, in ascending order, of the streams that the named modules read and write. A name is a module's, or a
// layer's, which stands for all its modules; no name stands for all modules. An error names an unknown name and the nearest one.
func Streams(n *hw.Network, names []string) ([]int, error) {
	chosen := make([]bool, len(n.Streams))
	take := func(p *hw.Process) {
		for _, s := range slices.Concat(p.In, p.Out) {
			chosen[s] = true
		}
	}
	layer := make(map[string]int, len(n.Net.Layers))
	var known []string
	for i := range n.Net.Layers {
		layer[n.Net.Layers[i].ID] = i
		known = append(known, n.Net.Layers[i].ID)
	}
	module := make(map[string]int, len(n.Processes))
	for i := range n.Processes {
		module[n.Processes[i].Name] = i
		known = append(known, n.Processes[i].Name)
	}
	for _, name := range names {
		if i, ok := module[name]; ok {
			take(&n.Processes[i])
		} else if l, ok := layer[name]; ok {
			for i := range n.Processes {
				if n.Processes[i].Layer == l {
					take(&n.Processes[i])
				}
			}
		} else {
			hint := "hass show lists them"
			if near := spell.Nearest(name, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, fmt.Errorf("the design has no module or layer %q; %s", name, hint)
		}
	}
	var streams []int
	for i := range n.Streams {
		if chosen[i] || len(names) == 0 {
			streams = append(streams, i)
		}
	}
	return streams, nil
}

// perToken is a rough number of bytes of a token in a file besides its value: its handshakes and a line for the time.
const perToken = 40

// bytesPerToken is a rough number of bytes of a token of stream i in a file.
func bytesPerToken(n *hw.Network, i int) int64 { return int64(n.Streams[i].Width()) + perToken }

// Estimate is roughly the size in bytes of a file of the streams over a number of images.
func Estimate(n *hw.Network, streams []int, images int) int64 {
	size := 0.0
	for _, i := range streams {
		size += float64(n.Streams[i].Tokens) * float64(bytesPerToken(n, i))
	}
	return int64(min(size*float64(images), math.MaxInt64/2))
}

// CheckSize is an error if a file of a number of bytes is above the limit. what begins its text.
func CheckSize(what string, size, limit int64) error {
	if size <= limit {
		return nil
	}
	return fmt.Errorf("%s %s, more than the limit of %s: choose fewer modules or images", what, bytesText(size), bytesText(limit))
}

// bytesText prints a number of bytes with a decimal unit.
func bytesText(n int64) string {
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	v, u := float64(n)/1000, 0
	for v >= 999.5 && u < len(units)-1 {
		v, u = v/1000, u+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + units[u]
}

// Recorder keeps the instants and values of the tokens of some streams. Observer connects it to a run of hwsim.
type Recorder struct {
	n       *hw.Network
	streams []*stream // in the order of the network
	of      []*stream // by number; nil if it is not recorded
	readers []reader  // by process
	end     int64     // the first cycle after the last event
}

// stream is what is known of a stream: by token, the cycles in which it is written, read and popped, and its bits.
type stream struct {
	number                int
	depth, width          int
	push                  int64 // cycles from issue to push
	lag                   int64 // cycles from the end of the iteration to pop
	written, read, popped []int64
	data                  []byte // by token: its bits, lane 0 lowest, in whole bytes
	bits                  int
}

// reader holds a process's streams whose heads it has read and not popped.
type reader struct {
	heads []*stream
	keeps int // iterations for which it needs a token
	past  int // of them that have ended
}

// New prepares a recorder of the streams of n, which must be in ascending order.
func New(n *hw.Network, streams []int) *Recorder {
	r := &Recorder{n: n, of: make([]*stream, len(n.Streams)), readers: make([]reader, len(n.Processes))}
	for _, i := range streams {
		st := &n.Streams[i]
		s := &stream{number: i, depth: st.Depth, width: n.FIFO(i).Width, bits: st.Bits, push: pushCycles(n, st), lag: int64(n.FIFO(i).Lag)}
		r.streams = append(r.streams, s)
		r.of[i] = s
	}
	for i := range n.Processes {
		r.readers[i].keeps = 1
		if p := &n.Processes[i]; p.Kind == hw.Convert { // a wide beat stays until its last part has left
			r.readers[i].keeps = max(1, n.Streams[p.In[0]].Beat.Ch/n.Streams[p.Out[0]].Beat.Ch)
		}
	}
	return r
}

// pushCycles is the number of cycles from issue to push of a stream's tokens: of the writer's latency all but those of the FIFO and
// of what an engine needs to look ahead.
func pushCycles(n *hw.Network, s *hw.Stream) int64 {
	p := &n.Processes[s.From]
	cycles := p.Latency - hw.FIFOCycles
	if n.Processes[s.To].Kind == hw.Engine {
		cycles -= n.Layers[p.Layer].LookAhead()
	}
	return int64(cycles)
}

// Observer records a run. It must be used for one run.
func (r *Recorder) Observer() *hwsim.Observer {
	return &hwsim.Observer{Event: r.event, Token: r.token, Wants: func(stream int) bool { return r.of[stream] != nil }}
}

func (r *Recorder) event(e hwsim.Event) {
	r.end = max(r.end, e.At+1)
	switch e.Kind {
	case hwsim.Write:
		if s := r.of[e.Stream]; s != nil {
			s.written = append(s.written, e.At)
			r.end = max(r.end, e.At+s.push+1)
		}
	case hwsim.Read:
		if s := r.of[e.Stream]; s != nil {
			s.read = append(s.read, e.At)
			p := &r.readers[e.Process]
			p.heads = append(p.heads, s)
		}
	case hwsim.Iteration:
		p := &r.readers[e.Process]
		if len(p.heads) == 0 {
			return
		}
		if p.past++; p.past < p.keeps {
			return
		}
		for _, s := range p.heads {
			s.popped = append(s.popped, e.At+s.lag)
			r.end = max(r.end, e.At+s.lag+1)
		}
		p.heads, p.past = p.heads[:0], 0
	case hwsim.Image:
	default:
		panic(fmt.Sprintf("vcd: event of kind %d", e.Kind))
	}
}

// token packs the lanes of a token.
func (r *Recorder) token(number int, lanes []int64) {
	s := r.of[number]
	at := len(s.data) * 8
	s.data = append(s.data, make([]byte, (s.width+7)/8)...)
	for _, v := range lanes {
		for b := range s.bits {
			s.data[at>>3] |= byte(uint64(v)>>b&1) << (at & 7)
			at++
		}
	}
	if s.width == len(lanes)*s.bits {
		return
	}
	for _, v := range lanes { // flags above the lanes: not zero
		if v != 0 {
			s.data[at>>3] |= 1 << (at & 7)
		}
		at++
	}
}
