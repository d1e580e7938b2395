package intnet

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestWeightsFile(t *testing.T) {
	n := &zoo(4).net
	var buf, again bytes.Buffer
	for _, w := range []io.Writer{&buf, &again} {
		if err := WriteWeights(w, n); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Error("two writes differ")
	}
	want := 16
	for i := range n.Layers {
		if c := n.Layers[i].Conv; c != nil {
			want += 16 + 2*len(c.Weights) + 8*len(c.Bias)
		}
	}
	if buf.Len() != want {
		t.Errorf("%d bytes, want %d", buf.Len(), want)
	}
	back := clone(t, n)
	for i := range back.Layers {
		if c := back.Layers[i].Conv; c != nil {
			c.Weights, c.Bias = nil, nil
		}
	}
	if err := ReadWeights(iotest.OneByteReader(bytes.NewReader(buf.Bytes())), back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(n, back); d != "" {
		t.Error(d)
	}
}

func TestWeightsFileErrors(t *testing.T) {
	n := &zoo(4).net
	var buf bytes.Buffer
	if err := WriteWeights(&buf, n); err != nil {
		t.Fatal(err)
	}
	file := buf.Bytes()
	put := func(at int, v uint64, size int) func([]byte) []byte {
		return func(b []byte) []byte {
			var le [8]byte
			binary.LittleEndian.PutUint64(le[:], v)
			copy(b[at:], le[:size])
			return b
		}
	}
	for _, tt := range []struct {
		name   string
		change func([]byte) []byte
		want   string
	}{
		{"magic", put(0, 0, 1), "wrong magic"},
		{"version", put(8, 2, 4), "version 2"},
		{"convolutions", put(12, 1<<31, 4), "2147483648 convolutions; the network has 6"},
		{"layer", put(16, 1, 4), "layer 1 with"},
		{"biases", put(20, 1<<32-1, 4), "4294967295 biases"},
		{"weights", put(24, 1<<63, 8), "9223372036854775808 weights"},
		{"weight out of range", put(32, 0x8000, 2), "weight 0 is -32768"},
		{"trailing", func(b []byte) []byte { return append(b, 0) }, "after the last bias"},
		{"empty", func([]byte) []byte { return nil }, "unexpected EOF"},
	} {
		err := ReadWeights(bytes.NewReader(tt.change(bytes.Clone(file))), clone(t, n))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
	for cut := 0; cut < len(file); cut += 1 + cut/50 {
		if err := ReadWeights(bytes.NewReader(file[:cut]), clone(t, n)); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	if err := ReadWeights(iotest.ErrReader(io.ErrClosedPipe), clone(t, n)); err == nil || !strings.Contains(err.Error(), "closed pipe") {
		t.Errorf("read error: %v", err)
	}
	bad := clone(t, n)
	bad.Layers[0].Conv.Weights[0] = -32768
	if err := WriteWeights(io.Discard, bad); err == nil {
		t.Error("wrote an invalid network")
	}
}
