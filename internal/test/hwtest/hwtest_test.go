package hwtest

import (
	"testing"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// TestCases checks that cases are valid, reproducible and varied.
func TestCases(t *testing.T) {
	kinds := map[intnet.Kind]int{}
	procs := map[hw.ProcessKind]int{}
	engines := map[hw.EngineKind]int{}
	plain, wide, mixed := 0, 0, 0
	for seed := range int64(300) {
		c, err := New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range c.Net.Layers {
			kinds[l.Kind]++
			hl := c.Layers[i]
			if hl.Engine != "" {
				engines[hl.Engine]++
			}
			if hl.InPx > 1 {
				wide++
			}
			if hl.InPx != hl.OutPx {
				mixed++
			}
		}
		for _, p := range n.Processes {
			procs[p.Kind]++
		}
		again, _ := New(seed)
		m, _ := again.Network()
		if len(m.Streams) != len(n.Streams) || m.Streams[0].Depth != n.Streams[0].Depth {
			t.Fatalf("seed %d is not reproducible", seed)
		}
		if n.Streams[0].Beat.Px == 1 {
			plain++
		}
	}
	t.Log(kinds, procs, engines, "plain", plain, "wide", wide, "mixed", mixed)
	for _, k := range hw.ProcessKinds() {
		if procs[k] == 0 {
			t.Errorf("no process of kind %s", k)
		}
	}
	if len(kinds) < 11 || len(engines) != len(hw.EngineKinds()) || wide < 30 || mixed < 30 {
		t.Errorf("not varied: %v %v %v wide %d mixed %d", kinds, procs, engines, wide, mixed)
	}
}
