package artifact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiff checks the names of places that differ.
func TestDiff(t *testing.T) {
	type elem struct {
		Name string  `json:"name"`
		X    float64 `json:"x"`
		Pair [2]int  `json:"pair"`
		Out  []int   `json:"-"`
	}
	type whole struct {
		Header
		List  []elem         `json:"list"`
		Maybe *elem          `json:"maybe,omitempty"`
		By    map[string]int `json:"by"`
	}
	base := func() *whole {
		return &whole{Header: NewHeader("s", 1, map[string]string{"model": "x"}), List: []elem{{Name: "a", X: 1}, {Name: "b\n", X: 3}}, By: map[string]int{"k": 1}}
	}
	for _, tt := range []struct {
		change func(w *whole)
		want   string
	}{
		{func(w *whole) {}, ""},
		{func(w *whole) { w.List[0].Out = []int{1} }, ""},
		{func(w *whole) { w.List[0].X = 1 + 1e-13 }, ""},
		{func(w *whole) { w.List[0].X = 1.1 }, "list[0] (a).x: 1, 1.1"},
		{func(w *whole) { w.List[1].Pair[1] = 7 }, `list[1] ("b\n").pair[1]: 0, 7`},
		{func(w *whole) { w.List[1].Name = "é" }, `list[1] ("b\n").name: "b\n", "\u00e9"`},
		{func(w *whole) { w.List = w.List[:1] }, "list: 2 elements, 1 elements"},
		{func(w *whole) { w.Maybe = &elem{} }, "maybe: none, some"},
		{func(w *whole) { w.By = map[string]int{"l": 1} }, `by["k"]: some, none; by["l"]: none, some`},
		{func(w *whole) { w.Inputs = map[string]string{"model": strings.Repeat("y", 100)} }, `inputs["model"]: "x", "` + strings.Repeat("y", 56) + "..."},
	} {
		b := base()
		tt.change(b)
		var got []string
		for _, d := range Diff(base(), b, 1e-12, 10) {
			got = append(got, fmt.Sprintf("%s: %s, %s", d.Path, d.A, d.B))
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
