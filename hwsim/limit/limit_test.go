package limit

import (
	"context"
	"testing"

	"hass/hwsim"
	"hass/internal/critical"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
)

// simulate gives the network of a random case and the recorder of a run of it.
func simulate(t *testing.T, n *hw.Network, images [][]int32) (*recorder, *hwsim.Result) {
	t.Helper()
	r := newRecorder(n)
	s, err := hwsim.Run(context.Background(), n, images, hwsim.Options{TimeOnly: true, Observe: &hwsim.Observer{Event: r.event}})
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

// TestTake: in random networks the longest path has no gap, from cycle 0 to the last output word. No other FIFO matters: with all FIFOs
// deeper that the path does not wait for room in, the last word leaves in the same cycle. The critical cycle is a part of the path and
// adds up; in some networks it waits for room, and there deeper FIFOs on it make the run shorter.
func TestTake(t *testing.T) {
	var waits, shorter, several int
	for seed := range int64(12) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		images := c.Images(3)
		r, s := simulate(t, n, images)
		last := s.LastOut[2]
		path := r.back()
		at, full := last, map[int]bool{}
		for i, p := range path {
			if p.to != at || p.from > p.to {
				t.Fatalf("seed %d: piece %d of the path is %+v, want it to end in cycle %d", seed, i, p, at)
			}
			at = p.from - p.way
			if p.full {
				full[p.stream] = true
			}
		}
		if at != 0 || path[len(path)-1].stream != -1 {
			t.Errorf("seed %d: the path begins in cycle %d", seed, at)
		}
		deeper := func(which func(stream int) bool) int64 {
			m, err := c.Network()
			if err != nil {
				t.Fatal(err)
			}
			for i := range m.Streams {
				if which(i) {
					m.Streams[i].Depth *= 4
				}
			}
			again, err := hwsim.Run(context.Background(), m, images, hwsim.Options{TimeOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			return again.LastOut[2]
		}
		if got := deeper(func(stream int) bool { return !full[stream] }); got != last {
			t.Errorf("seed %d: the last word leaves in cycle %d, with other FIFOs deeper in cycle %d", seed, last, got)
		}
		if len(full) > 0 {
			waits++
			if deeper(func(stream int) bool { return full[stream] }) < last {
				shorter++
			}
		}
		whole, err := Take(context.Background(), n, images)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Images != 3 || whole.Cycles > s.LastOut[2] {
			t.Errorf("seed %d: a cycle of %d of %d images, of %d cycles in all", seed, whole.Cycles, whole.Images, s.LastOut[2])
		}
		if len(whole.Processes) > 1 {
			several++
		}
	}
	if waits == 0 || shorter == 0 || several == 0 {
		t.Errorf("the path waits for room in %d networks, deeper FIFOs help in %d; %d cycles have several processes", waits, shorter, several)
	}
}

// TestTakeOne: one image has no interval.
func TestTakeOne(t *testing.T) {
	c, err := hwtest.New(1)
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(context.Background(), n, c.Images(1)); err == nil {
		t.Error("a cycle of one image")
	}
}

// TestCheck: a cycle that does not add up is refused.
func TestCheck(t *testing.T) {
	for name, spoil := range map[string]func(*critical.Cycle){
		"":           func(*critical.Cycle) {},
		"one image":  func(c *critical.Cycle) { c.Images = 1 },
		"nothing":    func(c *critical.Cycle) { c.Processes, c.Streams, c.Cycles = nil, nil, 0 },
		"too long":   func(c *critical.Cycle) { c.Cycles++ },
		"too short":  func(c *critical.Cycle) { c.Cycles-- },
		"negative":   func(c *critical.Cycle) { c.Processes[0].Cycles = -1 },
		"overflow":   func(c *critical.Cycle) { c.Processes[0].Cycles = 1 << 62; c.Streams[0].Cycles = 1 << 62 },
		"no tokens":  func(c *critical.Cycle) { c.Streams[0].Times = 0 },
		"less by it": func(c *critical.Cycle) { c.Streams[0].Cycles = -1; c.Processes[0].Cycles += 3 },
	} {
		c := &critical.Cycle{Images: 2, Cycles: 10, Processes: []critical.Process{{Name: "a", Cycles: 8}}, Streams: []critical.Stream{{Name: "s", Times: 1, Cycles: 2}}}
		spoil(c)
		if err := c.Check(); (err == nil) != (name == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
