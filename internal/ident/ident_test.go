package ident

import (
	"fmt"
	"strings"
	"testing"

	"hass/internal/test/testenv"
)

func TestName(t *testing.T) {
	tests := []struct{ in, want string }{
		{"conv1", "conv1"},
		{"Conv_0/BiasAdd:0", "conv_0_biasadd_0"},
		{"conv1", "conv1_2"},
		{"CONV1", "conv1_3"},
		{"conv1_2", "conv1_2_2"},
		{"int", "int_2"},
		{"module", "module_2"},
		{"proc", "proc_2"},
		{"", "layer"},
		{"", "layer_2"},
		{"__a__b__", "a_b"},
		{"123", "n123"},
		{"日本語", "layer_3"},
		{"a;rm -rf $HOME\n\"`x`\"", "a_rm_rf_home_x"},
		{"x\x00y", "x_y"},
		{strings.Repeat("ab", 40), strings.Repeat("ab", 20)},
		{strings.Repeat("ab", 40), strings.Repeat("ab", 19) + "_2"},
		{strings.Repeat("9", 50), "n" + strings.Repeat("9", 39)},
		{"K\u212A", "k"}, // the Kelvin sign lower-cases to k in Unicode; not here
	}
	var n Namer
	for _, tt := range tests {
		got := n.Name(tt.in, "layer")
		if got != tt.want {
			t.Errorf("Name(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if !Valid(got) {
			t.Errorf("Name(%q) = %q is not valid", tt.in, got)
		}
	}
}

func TestUniqueAndDeterministic(t *testing.T) {
	run := func() []string {
		var n Namer
		n.Reserve("top")
		var ids []string
		for i := range 2000 {
			ids = append(ids, n.Name(fmt.Sprintf("%s %d", strings.Repeat("Top_", i%13), i%7), "v"))
		}
		return ids
	}
	a, b := run(), run()
	seen := map[string]bool{"top": true}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("run differs at %d: %q, %q", i, a[i], b[i])
		}
		if seen[a[i]] || !Valid(a[i]) {
			t.Fatalf("%q is repeated or invalid", a[i])
		}
		seen[a[i]] = true
	}
}

func TestValid(t *testing.T) {
	for _, s := range []string{"", "A", "_a", "1a", "a-b", "a b", "int", "a\n", "é", strings.Repeat("a", 41), "while"} {
		if Valid(s) {
			t.Errorf("Valid(%q)", s)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add("conv1", "x;$(y)")
	f.Fuzz(func(t *testing.T, a, b string) {
		var n Namer
		x, y := n.Name(a, "v"), n.Name(b, "v")
		if x == y || !Valid(x) || !Valid(y) {
			t.Errorf("%q, %q -> %q, %q", a, b, x, y)
		}
	})
}

// TestLinear: equal names, and names that become equal, take no longer than others.
func TestLinear(t *testing.T) {
	for _, name := range []string{"layer", "a name of more than as many characters as an identifier may have", "int"} {
		testenv.Linear(t, 5000, func(n int) func() {
			return func() {
				var names Namer
				for range n {
					names.Name(name, "layer")
				}
			}
		})
	}
}
