package hwsim

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hass/internal/test/hwtest"
)

// TestBudget checks that a run that keeps next to no costs, and so makes the values of
// following images again, finds the same as one that keeps all.
func TestBudget(t *testing.T) {
	again := 0
	for seed := range int64(60) {
		c, err := hwtest.New(3000 + seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		images := c.Images(3)
		opt := Options{Finite: seed%4 == 0, Stall: 0.1, Seed: uint64(seed)}
		want := mustRun(t, n, images, opt)
		s, err := newBounded(n, images, opt, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.simulate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Result{})); d != "" {
			t.Fatalf("seed %d (-all +few):\n%s", seed, d)
		}
		if slices.ContainsFunc(s.procs, func(p *proc) bool { return p.varies && p.pattern.perImage > 1 }) {
			again++ // more costs than the one byte
		}
	}
	if again == 0 {
		t.Error("no run dropped costs")
	}
}

// TestSlowly compares runs in batches with one that does a single iteration at a time, as traced
// runs do.
func TestSlowly(t *testing.T) {
	beats := 0
	for seed := range int64(150) {
		c, err := hwtest.New(4000 + seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		images := c.Images(3)
		fast := mustRun(t, n, images, Options{Finite: true})
		slow := mustRun(t, n, images, Options{Finite: true, Observe: &Observer{}})
		if d := cmp.Diff(slow, fast, cmpopts.IgnoreUnexported(Result{})); d != "" {
			t.Fatalf("seed %d (-slow +fast):\n%s", seed, d)
		}
		for _, k := range slow.Skips {
			beats += int(k.Beats)
		}
	}
	if beats == 0 {
		t.Error("no convolution")
	}
}
