package repair

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
)

// notebook is a store in memory that ends the run after a number of parts.
type notebook struct {
	values map[string][]byte
	left   int
	stop   context.CancelFunc
}

func (n *notebook) Has(key string) bool { return n.values[key] != nil }

func (n *notebook) Get(key string, v any) (bool, error) {
	text := n.values[key]
	if text == nil {
		return false, nil
	}
	return true, json.Unmarshal(text, v)
}

func (n *notebook) Put(key string, v any) error {
	text, err := json.Marshal(v)
	n.values[key] = text
	if n.left--; n.left == 0 {
		n.stop()
	}
	return err
}

// TestResume: a run that is stopped after every finished part and goes on gives the same network and the same report, bit for bit, and
// does no part twice.
func TestResume(t *testing.T) {
	for _, o := range []Options{
		{Share: 0.4, Repair: Match},
		{Share: 0.4, Repair: Refit, Allocate: true},
		{Share: 0.5, Repair: None, Prune: Spared},
	} {
		g := block()
		o.Images = images(6, g)
		want, report, err := Prune(t.Context(), g, o)
		if err != nil {
			t.Fatal(err)
		}
		book := &notebook{values: map[string][]byte{}}
		o.Store = book
		runs := 0
		for {
			ctx, cancel := context.WithCancel(t.Context())
			book.left, book.stop = 1, cancel
			before, steps, planned := len(book.values), 0, 0
			o.Images.Step = func() { steps++ }
			o.Work = func(n int) { planned = n }
			got, r, err := Prune(ctx, g, o)
			cancel()
			runs++
			if err == nil {
				if d := cmp.Diff(weightsOf(want), weightsOf(got)); d != "" {
					t.Errorf("%s, %d runs: other weights (-whole +resumed)\n%s", o.Repair, runs, d)
				}
				if d := cmp.Diff(report, r); d != "" {
					t.Errorf("%s, %d runs: another report (-whole +resumed)\n%s", o.Repair, runs, d)
				}
				break
			}
			if !errors.Is(err, context.Canceled) || len(book.values) != before+1 || steps > planned {
				t.Fatalf("%s: %v; %d parts after %d; %d images of %d", o.Repair, err, len(book.values), before, steps, planned)
			}
		}
		if runs < 5 {
			t.Errorf("%s: %d runs only", o.Repair, runs)
		}
	}
}

// weightsOf are all constants of a graph.
func weightsOf(g *graph.Graph) map[string][]float32 {
	all := map[string][]float32{}
	for name, c := range g.Consts {
		all[name] = c.F
	}
	return all
}

// TestStoreDamage: a kept layer of another network is refused.
func TestStoreDamage(t *testing.T) {
	g := block()
	book := &notebook{values: map[string][]byte{keyLayer + "expand": []byte(`{"weights":"AAAA","bias":"","report":{"name":"expand"}}`)}}
	_, _, err := Prune(t.Context(), g, Options{Share: 0.4, Repair: Match, Images: images(4, g), Store: book})
	if err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Errorf("weights that are no floats: %v", err)
	}
	book.values[keyLayer+"expand"] = []byte(`{"weights":"AAAAAA==","bias":"","report":{"name":"expand"}}`)
	if _, _, err = Prune(t.Context(), g, Options{Share: 0.4, Repair: Match, Images: images(4, g), Store: book}); err == nil || !strings.Contains(err.Error(), "of another layer") {
		t.Errorf("one weight: %v", err)
	}
}

func TestPacked(t *testing.T) {
	want := packed{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), 0.1}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got packed
	if err := json.Unmarshal(text, &got); err != nil || len(got) != len(want) {
		t.Fatalf("%v: %v", got, err)
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Errorf("%v became %v", want[i], got[i])
		}
	}
}
