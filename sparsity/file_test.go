package sparsity

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hass/internal/fidelity"
	"hass/internal/judge"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	const n = 300
	b := NewBits(n)
	want := make([]uint64, n)
	for i := range want {
		if want[i] = rng.Uint64() & 1; want[i] == 1 {
			b.Set(i)
		}
	}
	for range 5000 {
		k := 1 + rng.IntN(64)
		at := rng.IntN(n - k + 1)
		var w uint64
		for i := range k {
			w |= want[at+i] << i
		}
		if got := b.Run(at, k); got != w {
			t.Fatalf("%d bits from %d: %b, want %b", k, at, got, w)
		}
	}
	for at := range 130 {
		dst := NewBits(at + n)
		for i := 0; i < n; i += 64 {
			dst.put(at+i, b[i/64])
		}
		for i, w := range want {
			if dst.Run(at+i, 1) != w {
				t.Fatalf("put at %d: bit %d", at, i)
			}
		}
	}
	back, ok := bitsOf(b.appendBytes(nil, n), n)
	if !ok || !cmp.Equal(b, back) {
		t.Error("bytes do not read back")
	}
}

func smallBitmaps() *Bitmaps {
	return newConvCase(rand.New(rand.NewPCG(2, 3)), same3x3(3, 5, 3, 5), 2).bitmaps()
}

func TestBitmapsFile(t *testing.T) {
	b := smallBitmaps()
	data := b.Encode()
	got, err := DecodeBitmaps(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("reads back differently:\n%s", diff)
	}
	for n := range data {
		if _, err := DecodeBitmaps(data[:n]); err == nil {
			t.Errorf("cut to %d of %d bytes: no error", n, len(data))
		}
	}
	put := func(at int, v uint32) []byte {
		d := bytes.Clone(data)
		binary.LittleEndian.PutUint32(d[at:], v)
		return d
	}
	tests := map[string]struct {
		data []byte
		want string
	}{
		"other file":        {append([]byte("\x93NUMPY\x01\x00"), data[8:]...), "does not start as one"},
		"version":           {put(8, 2), "version 2"},
		"no image":          {put(12, 0), "0 images"},
		"population":        {put(16, 1), "2 images out of 1"},
		"many images":       {put(12, 1<<31), "2147483648 images out of 2"},
		"many layers":       {put(20, 1<<32-1), "4294967295 convolutions"},
		"no channel":        {put(24, 0), "dimension is 0"},
		"huge":              {put(24, 1<<32-1), "do not fit"},
		"groups":            {put(36, 2), "3 channels in groups of 2"},
		"absurd pairs":      {put(56, 1<<31), "absurd"},
		"trailing byte":     {append(bytes.Clone(data), 0), "1 bytes after"},
		"bits beyond weigh": {func() []byte { d := bytes.Clone(data); d[bitmapsHeader+bitmapsLayer+16] |= 0x80; return d }(), "beyond the end"},
	}
	for name, tt := range tests {
		if _, err := DecodeBitmaps(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func FuzzDecodeBitmaps(f *testing.F) {
	data := smallBitmaps().Encode()
	f.Add(data)
	f.Add(data[:60])
	f.Add([]byte(bitmapsMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBitmaps(data)
		if err != nil {
			return
		}
		if !bytes.Equal(b.Encode(), data) {
			t.Error("what was read does not write the same bytes")
		}
	})
}

func TestWriteRead(t *testing.T) {
	m := measureSmall(t, Options{SampleImages: 2, GoldenImages: 2})
	dir := t.TempDir()
	path := filepath.Join(dir, "run.v1.json")
	if err := Write(context.Background(), m, path); err != nil {
		t.Fatal(err)
	}
	// Moving the folder breaks nothing.
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(moved, "run.v1.json")
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("reads back differently:\n%s", diff)
	}

	for _, name := range []string{"run.v1.bitmaps.bin", "run.v1.golden.npy"} {
		file := filepath.Join(moved, name)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for what, data := range map[string][]byte{"changed": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), "cut": good[:len(good)/2]} {
			if err := os.WriteFile(file, data, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(path); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: error %v", what, name, err)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("missing %s: error %v", name, err)
		}
		if err := os.WriteFile(file, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(path); err != nil {
		t.Errorf("restored: %v", err)
	}
	if err := Write(context.Background(), m, filepath.Join(moved, "no", "p.json")); err == nil {
		t.Error("a folder that is not there was written to")
	}
	if err := os.WriteFile(path, []byte(`{"schema": "hass.design", "schema_version": 1}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "hass.design") {
		t.Errorf("a design read as a profile: %v", err)
	}
}

func TestTable(t *testing.T) {
	db := 61.237
	p := &Profile{Images: 12, Bits: "mixed", Fidelity: fidelity.Report{
		Images:  8,
		Layers:  []fidelity.Layer{{Name: "conv", ID: "conv", SNR: &db}, {Name: "bad\x1b[31m\nname", ID: "bad"}},
		Outputs: []judge.Fidelity{{Name: "y\n", Kind: judge.Plain, Shape: []int{1, 4}, SNR: &db}},
	}, Layers: []Layer{
		{Name: "conv", ID: "conv", MACs: 1000, WeightDensity: 1, ActivationDensity: 0.5, PairDensity: 0.4},
		{Name: "bad\x1b[31m\nname", ID: "bad", MACs: 3000, WeightDensity: 0.25, ActivationDensity: 0.75, PairDensity: 0.2},
		{Name: strings.Repeat("very/", 20) + "long", MACs: 1, WeightDensity: 1, ActivationDensity: 1, PairDensity: 1},
	}}
	var b bytes.Buffer
	if err := Table(&b, p); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "table.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
