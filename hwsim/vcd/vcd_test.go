package vcd_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"hass/hwsim"
	"hass/hwsim/vcd"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
	"hass/internal/test/vcdtest"
)

// record simulates a random network with every stream recorded.
func record(t *testing.T, seed int64, images int) (*hw.Network, *vcd.Recorder, *hwsim.Result) {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	streams, err := vcd.Streams(n, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := vcd.New(n, streams)
	r, err := hwsim.Run(context.Background(), n, c.Images(images), hwsim.Options{Finite: true, Observe: rec.Observer()})
	if err != nil {
		t.Fatal(err)
	}
	return n, rec, r
}

// write gives the dump of a range, and what it says, in cycles.
func write(t *testing.T, rec *vcd.Recorder, g vcd.Range) (string, *vcdtest.Dump) {
	t.Helper()
	var b bytes.Buffer
	if err := rec.Write(&b, g, 1e6); err != nil {
		t.Fatal(err)
	}
	if size, err := rec.Size(g, 1e6); err != nil || size != int64(b.Len()) {
		t.Errorf("Size %d, %v; %d bytes were written", size, err, b.Len())
	}
	d, err := vcdtest.Read(bytes.NewReader(b.Bytes()), "hass_tb.dut", func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if d.Timescale != "1ps" || d.End != g.To {
		t.Errorf("timescale %s, end %d; want 1ps, %d", d.Timescale, d.End, g.To)
	}
	return b.String(), d
}

// high counts the cycles from 0 to end in which a signal is 1, and lists them.
func high(list []vcdtest.Change, end int64) (cycles []int64) {
	for i, c := range list {
		until := end
		if i+1 < len(list) {
			until = list[i+1].Time
		}
		for t := c.Time; c.Value == "1" && t < until; t++ {
			cycles = append(cycles, t)
		}
	}
	return cycles
}

// TestHandshakes: in the dumps of random networks every stream has as many handshakes as tokens, in the order issue, push, read, pop of
// every token; no more are in a FIFO than the simulator counted, and at some time as many; the sinks' are in the cycles that the result
// names; there is never a token read without valid or issued without room.
func TestHandshakes(t *testing.T) {
	tokens := 0
	for seed := range int64(8) {
		const images = 2
		n, rec, r := record(t, seed, images)
		end := rec.All().To
		_, d := write(t, rec, rec.All())
		for i, st := range n.Streams {
			at := func(signal string) []int64 { return high(d.Changes[st.Signal()+"__"+signal], end) }
			issue, push, read, pop := at("issue"), at("push"), at("read"), at("pop")
			want := st.Tokens * images
			if len(issue) != want || len(push) != want || len(read) != want || len(pop) != want {
				t.Fatalf("seed %d, %s: %d issues, %d pushes, %d reads, %d pops, want %d", seed, st.Name, len(issue), len(push), len(read), len(pop), want)
			}
			tokens += want
			room, valid := at("room"), at("valid")
			most := 0
			for k := range want {
				if !(issue[k] <= push[k] && push[k]+2 <= pop[k] && read[k] <= pop[k]) {
					t.Fatalf("seed %d, %s, token %d: issue %d, push %d, read %d, pop %d", seed, st.Name, k, issue[k], push[k], read[k], pop[k])
				}
				if !has(room, issue[k]) || !has(valid, pop[k]) {
					t.Fatalf("seed %d, %s, token %d: issued without room or popped without valid", seed, st.Name, k)
				}
				// A token occupies the FIFO from its issue to its read, both cycles included.
				before, _ := slices.BinarySearch(read, issue[k])
				most = max(most, k+1-before)
			}
			if most != r.FIFOs[i].Most {
				t.Errorf("seed %d, %s: %d tokens at once, the simulator counted %d", seed, st.Name, most, r.FIFOs[i].Most)
			}
			if got := d.Width[st.Signal()+"__out"]; got != n.FIFO(i).Width {
				t.Errorf("seed %d, %s: %d bits, want %d", seed, st.Name, got, n.FIFO(i).Width)
			}
			if n.Processes[st.To].Kind == hw.Sink && len(n.Net.Outputs) == 1 {
				for image, last := range r.LastOut {
					if got := read[(image+1)*st.Tokens-1]; got != last {
						t.Errorf("seed %d: image %d left in cycle %d, the simulator counted %d", seed, image, got, last)
					}
				}
			}
		}
	}
	if tokens < 1000 {
		t.Errorf("only %d tokens", tokens)
	}
}

func has(sorted []int64, v int64) bool {
	_, ok := slices.BinarySearch(sorted, v)
	return ok
}

// TestRange: a dump of some cycles has the values that the whole dump has in them.
func TestRange(t *testing.T) {
	_, rec, r := record(t, 3, 3)
	all := rec.All()
	_, whole := write(t, rec, all)
	g := vcd.Range{From: r.FirstIn[1], To: r.LastOut[1] + 1}
	if g.From <= 0 || g.To >= all.To {
		t.Fatalf("image 1 takes the cycles %v of %v", g, all)
	}
	_, part := write(t, rec, g)
	for path, list := range part.Changes {
		var want []vcdtest.Change
		for _, c := range whole.Changes[path] {
			switch {
			case c.Time <= g.From:
				want = []vcdtest.Change{{Time: g.From, Value: c.Value}}
			case c.Time < g.To:
				want = append(want, c)
			}
		}
		if !slices.Equal(list, want) {
			t.Errorf("%s: %v, want %v", path, list, want)
		}
	}
	if len(part.Changes) != len(whole.Changes) {
		t.Errorf("%d signals, want %d", len(part.Changes), len(whole.Changes))
	}
}

// TestClock: a cycle takes the time of the clock, and the text is the same every time.
func TestClock(t *testing.T) {
	_, rec, _ := record(t, 3, 1)
	var a, b bytes.Buffer
	if err := rec.Write(&a, rec.All(), 180); err != nil {
		t.Fatal(err)
	}
	if err := rec.Write(&b, rec.All(), 180); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Error("two dumps differ")
	}
	if !strings.Contains(a.String(), "clock 180 MHz") || !strings.Contains(a.String(), fmt.Sprintf("\n#%d\n", (rec.All().To*1_000_000+90)/180)) {
		t.Errorf("times are not those of 180 MHz:\n%.2000s", a.String())
	}
	for _, mhz := range []float64{0, -1, 1e7} {
		if err := rec.Write(&b, rec.All(), mhz); err == nil {
			t.Errorf("a clock of %g MHz was accepted", mhz)
		}
	}
}

// TestStreams: names of modules and of layers choose streams; a wrong one is an error with a hint.
func TestStreams(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	net, err := hwtest.RandomNet(rng, rng, 3)
	if err != nil {
		t.Fatal(err)
	}
	n, err := hw.Expand(net, hwtest.PlainHW(net), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := vcd.Streams(n, nil)
	if err != nil || len(all) != len(n.Streams) {
		t.Fatalf("%d streams, %v; want %d", len(all), err, len(n.Streams))
	}
	for i := range n.Processes {
		p := &n.Processes[i]
		got, err := vcd.Streams(n, []string{p.Name})
		want := slices.Concat(p.In, p.Out)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", p.Name, got, err, want)
		}
	}
	id := n.Net.Layers[0].ID
	got, err := vcd.Streams(n, []string{id})
	if err != nil || len(got) < 2 {
		t.Errorf("%s: %v, %v", id, got, err)
	}
	_, err = vcd.Streams(n, []string{n.Processes[0].Name + "x"})
	if err == nil || !strings.Contains(err.Error(), "did you mean \""+n.Processes[0].Name+"\"?") {
		t.Errorf("error %v", err)
	}
	if _, err = vcd.Streams(n, []string{"nothing like any"}); err == nil || !strings.Contains(err.Error(), "hass show") {
		t.Errorf("error %v", err)
	}
}

// TestSize: the estimate is of the right order, and a file above the limit is an error that says what to do.
func TestSize(t *testing.T) {
	for seed := range int64(10) {
		n, rec, _ := record(t, seed, 2)
		streams, err := vcd.Streams(n, nil)
		if err != nil {
			t.Fatal(err)
		}
		size, err := rec.Size(rec.All(), 200)
		if err != nil {
			t.Fatal(err)
		}
		if got := vcd.Estimate(n, streams, 2); got < size/8 || got > 4*size+1000 {
			t.Errorf("seed %d: estimate %d of %d bytes", seed, got, size)
		} else {
			t.Logf("seed %d: estimate %d of %d bytes", seed, got, size)
		}
	}
	if err := vcd.CheckSize("f.vcd would be", 100, 100); err != nil {
		t.Error(err)
	}
	err := vcd.CheckSize("f.vcd: would be about", 3_000_000_000, 256_000_000)
	if want := "f.vcd: would be about 3 GB, more than the limit of 256 MB: choose fewer modules or images"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
