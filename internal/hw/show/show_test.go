package show

import (
	"bytes"
	"flag"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestShow compares both printed forms of a small residual network with golden files.
func TestShow(t *testing.T) {
	f := fixed.Format{Bits: 8, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 4, 4, 4, f)
	conv := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Out: f, WeightBits: 8, Density: 0.5, Shift: 8})
	sum := b.Add(conv, 0, f)
	b.Net.Outputs = []int{sum}
	layers := hwtest.PlainHW(b.Net)
	layers[0].MTap, layers[0].MCh, layers[0].Engine, layers[0].N = 3, 4, hw.Elastic, 3
	n, err := hw.Expand(b.Net, layers, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []struct {
		file  string
		write func(b *bytes.Buffer) error
	}{
		{"residual.txt", func(b *bytes.Buffer) error { return Text(b, n) }},
		{"residual.dot", func(b *bytes.Buffer) error { return Dot(b, n) }},
	} {
		var got bytes.Buffer
		if err := form.write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", form.file)
		if *update {
			if err := os.MkdirAll("testdata", 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got.String()); d != "" {
			t.Errorf("%s (run with -update to accept):\n%s", form.file, d)
		}
	}
}
