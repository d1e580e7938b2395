package schedule_test

import (
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hass/internal/schedule"
)

// random makes weights of the given density. Of every eighth filter all are 0.
func random(rng *rand.Rand, filters, words, most int, density float64) *schedule.Weights {
	w := &schedule.Weights{Filters: filters, Words: words, W: make([]int16, filters*words)}
	for i := range w.W {
		if i/words%8 != 7 && rng.Float64() < density {
			w.W[i] = int16(rng.Intn(2*most+1) - most)
			if rng.Intn(5) == 0 {
				w.W[i] = int16([]int{most, -most - 1}[rng.Intn(2)])
			}
		}
	}
	return w
}

// worst is the largest and least sum of a row's products with activations of a field.
func worst(r schedule.Row, f schedule.Field) (least, most int64) {
	for _, w := range r.Weight {
		a, b := int64(w)*f.Lo, int64(w)*f.Hi
		least, most = least+min(a, b), most+max(a, b)
	}
	return least, most
}

// check proves that a plan is correct for its weights. It reads the plan independently of the code that makes it.
func check(t *testing.T, w *schedule.Weights, bank []int, c schedule.Config, p *schedule.Plan) {
	t.Helper()
	if got := p.Filters(); !reflect.DeepEqual(got, w) {
		t.Fatal("the rows hold other weights than the layer")
	}
	taken := map[schedule.Place]bool{}
	for i, at := range p.Places {
		if at.Bank != bank[i] || at.At < 0 || at.At >= p.Depth || taken[at] {
			t.Fatalf("word %d is at %+v, of bank %d and depth %d; taken: %v", i, at, bank[i], p.Depth, taken[at])
		}
		taken[at] = true
	}
	weights, ends, longest := 0, make([]int, len(p.Chains)), 0
	for k, rows := range p.Chains {
		longest = max(longest, len(rows))
		for _, r := range rows {
			if len(r.Weight) != c.Banks || len(r.At) != c.Banks {
				t.Fatalf("a row of %d weights and %d places, not of %d banks", len(r.Weight), len(r.At), c.Banks)
			}
			for b, v := range r.Weight {
				if v != 0 {
					weights++
					if !taken[schedule.Place{Bank: b, At: r.At[b]}] {
						t.Fatalf("bank %d has no word at %d", b, r.At[b])
					}
				}
			}
			if least, most := worst(r, c.Field); c.Field.Bits > 0 && (most >= 1<<(c.Field.Bits-1) || least < -1<<(c.Field.Bits-1)) {
				t.Fatalf("a row %v sums to %d to %d: more than %d bits", r.Weight, least, most, c.Field.Bits)
			}
			if r.Last {
				ends[k]++
			}
		}
		if len(rows) > 0 && !rows[len(rows)-1].Last {
			t.Fatalf("chain %d does not end with a last row", k)
		}
	}
	want := 0
	for _, v := range w.W {
		if v != 0 {
			want++
		}
	}
	if weights != want || p.Weights != want || p.Rows != longest {
		t.Fatalf("%d weights in the rows, %d in the plan, want %d; %d rows, want %d", weights, p.Weights, want, p.Rows, longest)
	}
	for k := range ends {
		n := 0
		for _, at := range p.Chain {
			if at == k {
				n++
			}
		}
		if n != ends[k] {
			t.Fatalf("chain %d ends %d filters, has %d", k, ends[k], n)
		}
	}
}

// TestPlans: in plans of random layers, every weight that is not 0 is in the rows once, in its filter and at its word. No row overflows its
// field. There are at most as many rows as the fullest bank needs plus the rows that the field split.
func TestPlans(t *testing.T) {
	t.Parallel()
	split := 0
	for seed := range int64(300) {
		rng := rand.New(rand.NewSource(seed))
		w := random(rng, 1+rng.Intn(40), 1+rng.Intn(150), []int{1, 7, 127}[rng.Intn(3)], []float64{0, 0.1, 0.5, 1}[rng.Intn(4)])
		c := schedule.Config{Banks: 1 + rng.Intn(min(12, w.Words)), Chains: 1 + rng.Intn(min(6, w.Filters))}
		switch rng.Intn(4) {
		case 0:
			c.Field = schedule.Field{Bits: 18, Hi: 255}
		case 1:
			c.Field = schedule.Field{Bits: 16, Hi: 255}
		case 2:
			c.Field = schedule.Field{Bits: 16, Lo: -128, Hi: 127}
		}
		bank, err := schedule.Assign(w, c.Banks)
		if err != nil {
			t.Fatal(err)
		}
		sizes := make([]int, c.Banks)
		for _, b := range bank {
			sizes[b]++
		}
		if slices.Max(sizes)-slices.Min(sizes) > 1 {
			t.Fatalf("seed %d: banks of %v words", seed, sizes)
		}
		p, err := schedule.New(w, bank, c)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		check(t, w, bank, c, p)
		split += p.Split
		rows := 0
		for f := range w.Filters {
			count := make([]int, c.Banks)
			for i, v := range w.W[f*w.Words:][:w.Words] {
				if v != 0 {
					count[bank[i]]++
				}
			}
			rows += max(1, slices.Max(count))
		}
		got := 0
		for _, chain := range p.Chains {
			got += len(chain)
		}
		if got != rows+p.Split || c.Field.Bits == 0 && p.Split != 0 {
			t.Fatalf("seed %d: %d rows, %d of them by the field; the banks want %d", seed, got, p.Split, rows)
		}
		again, err := schedule.Assign(w, c.Banks)
		if err != nil || !slices.Equal(again, bank) {
			t.Fatalf("seed %d: another assignment the second time: %v", seed, err)
		}
	}
	if split == 0 {
		t.Error("no row was split")
	}
}

// TestAssign: swaps fill banks better than a word's number modulo the banks does.
func TestAssign(t *testing.T) {
	t.Parallel()
	w := random(rand.New(rand.NewSource(1)), 128, 1152, 127, 0.2)
	for _, banks := range []int{4, 8, 16} {
		bank, err := schedule.Assign(w, banks)
		if err != nil {
			t.Fatal(err)
		}
		plain := make([]int, w.Words)
		for i := range plain {
			plain[i] = i % banks
		}
		var share [2]float64
		for k, b := range [][]int{plain, bank} {
			p, err := schedule.New(w, b, schedule.Config{Banks: banks, Chains: 1})
			if err != nil {
				t.Fatal(err)
			}
			share[k] = p.Efficiency()
		}
		t.Logf("%d banks: %.3f of the places hold a weight, %.3f without swaps", banks, share[1], share[0])
		if share[1] < share[0]+0.05 {
			t.Errorf("%d banks: %.3f of the places hold a weight, %.3f without swaps", banks, share[1], share[0])
		}
	}
}

// TestRefused: weights without a possible schedule are refused with a sentence.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := &schedule.Weights{Filters: 2, Words: 3, W: []int16{1, 0, 2, 0, -128, 0}}
	bank := []int{0, 1, 0}
	for _, c := range []struct {
		w    *schedule.Weights
		bank []int
		c    schedule.Config
		want string
	}{
		{&schedule.Weights{Filters: 2, Words: 3, W: make([]int16, 5)}, bank, schedule.Config{Banks: 2, Chains: 1}, "5 weights of 2 filters"},
		{w, bank, schedule.Config{Banks: 0, Chains: 1}, "0 banks; want 1 to 32"},
		{w, bank, schedule.Config{Banks: 33, Chains: 1}, "33 banks"},
		{w, bank, schedule.Config{Banks: 2, Chains: 3}, "3 chains of 2 filters"},
		{w, bank, schedule.Config{Banks: 2}, "0 chains"},
		{w, bank[:2], schedule.Config{Banks: 2, Chains: 1}, "places of 2 words"},
		{w, []int{0, 2, 0}, schedule.Config{Banks: 2, Chains: 1}, "word 1 is in bank 2 of 2"},
		{w, bank, schedule.Config{Banks: 3, Chains: 1}, "a bank of 3 has no word"},
		{w, bank, schedule.Config{Banks: 2, Chains: 1, Field: schedule.Field{Bits: 8, Hi: 255}}, "filter 0: weight 1: its products do not fit 8 bits"},
		{w, bank, schedule.Config{Banks: 2, Chains: 1, Field: schedule.Field{Bits: 18, Lo: 1, Hi: 255}}, "have no 0"},
	} {
		if _, err := schedule.New(c.w, c.bank, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v; want %q", c.c, err, c.want)
		}
	}
	if _, err := schedule.Assign(w, 0); err == nil {
		t.Error("no banks are taken")
	}
}
