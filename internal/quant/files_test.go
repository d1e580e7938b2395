package quant

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/settings"
)

func ptr(v float64) *float64 { return &v }

func TestParse(t *testing.T) {
	w, err := settings.ParseWidths([]byte(`
[default]
bits = 16
[input]
bits = 8
[layer."conv 1/\"x\""]
weights = 8
activations = 6
[layer.fc]
weights = 4
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &settings.Widths{Default: 16, Input: 8, Layers: map[string]settings.LayerWidths{`conv 1/"x"`: {Weights: 8, Activations: 6}, "fc": {Weights: 4}}}
	if d := cmp.Diff(want, w); d != "" {
		t.Error(d)
	}
	th, err := settings.ParseThresholds([]byte(`
[default]
tau_w = 0.01
[layer."c"]
tau_a = 1
tau_w = 0
`))
	if err != nil {
		t.Fatal(err)
	}
	wantT := &settings.Thresholds{Default: settings.Tau{W: 0.01}, Layers: map[string]settings.LayerTau{"c": {W: ptr(0), A: ptr(1)}}}
	if d := cmp.Diff(wantT, th); d != "" {
		t.Error(d)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"[default]\nbits = 17":         "[default] bits = 17: widths lie in 2..16",
		"[default]\nbits = 0":          "[default] bits = 0",
		"[default]\nbits = 8.5":        "bits",
		"[input]\nbits = 1":            "[input] bits = 1",
		"[layer.a]\nweights = -3":      `[layer."a"] weights = -3`,
		"[layer.a]\nactivation = 3":    `unknown key "layer.a.activation"`,
		"[layers.a]\nactivations = 3":  `unknown key "layers`,
		"[layer.a]\nweights = 3\n[lay": "line 3",
	} {
		if _, err := settings.ParseWidths([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"[default]\ntau_w = -0.1":     "[default] tau_w: threshold -0.1",
		"[default]\ntau_a = nan":      "[default] tau_a: threshold NaN",
		"[layer.a]\ntau_a = inf":      `[layer."a"] tau_a: threshold +Inf`,
		"[layer.a]\ntau_x = 1":        `unknown key "layer.a.tau_x"`,
		"[layer.a]\ntau_w = \"much\"": "tau_w",
		"tau_w = 1":                   `unknown key "tau_w"`,
	} {
		if _, err := settings.ParseThresholds([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "w.toml")
	if err := os.WriteFile(good, []byte("[default]\nbits = 8\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if w, err := settings.LoadWidths(good); err != nil || w.Default != 8 {
		t.Errorf("%v, %v", w, err)
	}
	if _, err := settings.LoadThresholds(good); err == nil || !strings.Contains(err.Error(), good) || !strings.Contains(err.Error(), `"default.bits"`) {
		t.Errorf("widths read as thresholds: %v", err)
	}
	big := filepath.Join(dir, "big.toml")
	if err := os.WriteFile(big, make([]byte, 4<<20+1), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := settings.LoadWidths(big); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("big file: %v", err)
	}
	if _, err := settings.LoadThresholds(filepath.Join(dir, "none.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// TestNames: names in a file must belong to layers of the right kind.
func TestNames(t *testing.T) {
	g := everything(t, 1)
	r := collect(t, g, images(1, 3, 3*9*8, 2, -1), 1)
	all, convs, err := layerNames(g)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"c1", "c2", "c3", "a", "r3", "a2", "mp", "ap", "cp", "gm", "ga", "fc", "fc2",
		"se1", "si", "se2", "hg", "gate", "shift", "hs", "sg", "own", "th", "lr", "pr", "cat", "part", "up/zeros", "up", "near", "lin", "last"}, all); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"c1", "c2", "c3", "fc", "fc2", "se1", "se2", "up", "last"}, convs); d != "" {
		t.Error(d)
	}
	for text, want := range map[string]string{
		"[layer.Fc_2]\nweights = 8":          `no layer "Fc_2"; did you mean "fc2"?`,
		"[layer.r1]\nactivations = 8":        `no layer "r1"; did you mean "c1"?`,
		"[layer.zzzzzz]\nweights = 8":        `no layer "zzzzzz"; it has ["a" `,
		"[layer.mp]\nactivations = 8":        `"mp" is a pool that keeps`,
		"[layer.ap]\nweights = 8":            `"ap" is a pool: it has no weights`,
		"[layer.y]\n[layer.c1]\nweights = 4": `no layer "y"`,
	} {
		w, err := settings.ParseWidths([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Calibrate(g, r, Options{Bits: 16, Widths: w}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	th, err := settings.ParseThresholds([]byte("[layer.c11]\ntau_w = 1\n[layer.ap]\ntau_a = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Calibrate(g, r, Options{Bits: 16, Thresholds: th})
	if err == nil || !strings.Contains(err.Error(), `no convolution "c11"; did you mean "c1"?`) || !strings.Contains(err.Error(), `no convolution "ap"`) {
		t.Errorf("thresholds: %v", err)
	}
	w, err := settings.ParseWidths([]byte("[default]\nbits = 12\n[input]\nbits = 9\n[layer.c1]\nweights = 5\n[layer.ap]\nactivations = 7\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Calibrate(g, r, Options{Bits: 16, Widths: w})
	if err != nil {
		t.Fatal(err)
	}
	if s.Bits != 12 || s.Values["x"].Bits != 9 || s.Convs["c1"].WeightBits != 5 || s.Convs["c2"].WeightBits != 12 ||
		s.Values["ap.y"].Bits != 7 || s.Values["r1.y"].Bits != 12 || len(s.Convs["c1"].WeightFrac) != 8 || len(s.Convs["c2"].WeightFrac) != 1 {
		t.Errorf("widths were not followed: %+v", s)
	}
}

// TestEncodeThresholds: a file written is read back to the last bit, whatever the names.
func TestEncodeThresholds(t *testing.T) {
	want := &settings.Thresholds{Default: settings.Tau{W: 0.1, A: 1e-9}, Layers: map[string]settings.LayerTau{
		"conv":                    {W: ptr(1.0 / 3), A: ptr(0)},
		"a.b \"quoted\" # [x]\n=": {W: ptr(math.Pi * 1e-7)},
		"only acts":               {A: ptr(123456789.123)},
	}}
	text, err := want.Encode("first line\nsecond = 1\x07")
	if err != nil {
		t.Fatal(err)
	}
	got, err := settings.ParseThresholds(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s in\n%s", d, text)
	}
}

// layerNames are the names that widths and thresholds files may use, in order: the
// names of nodes that become layers. Only a Conv has weights and thresholds.
func layerNames(g *graph.Graph) (all, convs []string, err error) {
	p, err := plan(g)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range p.layers {
		all = append(all, l.node.Name)
		if l.kind == intnet.KindConv {
			convs = append(convs, l.node.Name)
		}
	}
	return all, convs, nil
}
