package frontend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/frontend/onnx"
)

// TestAnnotate: metadata are added to the node that Check names, also if it has no name in the file; existing metadata stay.
func TestAnnotate(t *testing.T) {
	value := func(name string) *onnx.Value { return &onnx.Value{Name: name, IsTensor: true, Elem: onnx.Float32} }
	data, err := onnx.Encode(&onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 13}, Metadata: map[string]string{"author": "me"}, Graph: &onnx.Graph{
		Nodes: []*onnx.Node{
			{Name: "r", Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"a"}, Metadata: map[string]string{"own": "1"}},
			{Op: "Relu", Inputs: []string{"a"}, Outputs: []string{"b"}},
			{Name: "last", Op: "Relu", Inputs: []string{"b"}, Outputs: []string{"y"}},
		},
		Inputs: []*onnx.Value{value("x")}, Outputs: []*onnx.Value{value("y")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	m, unknown, err := Annotate(path, map[string]map[string]string{"r": {"hass.cycles": "1"}, "Relu_1": {"hass.cycles": "2"}, "gone": {"hass.cycles": "3"}},
		map[string]string{"hass.platform": "p"})
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]string
	for _, n := range m.Graph.Nodes {
		got = append(got, n.Metadata)
	}
	want := []map[string]string{{"own": "1", "hass.cycles": "1"}, {"hass.cycles": "2"}, nil}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("nodes (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"gone"}, unknown); d != "" {
		t.Errorf("unknown names (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]string{"author": "me", "hass.platform": "p"}, m.Metadata); d != "" {
		t.Errorf("the model (-want +got):\n%s", d)
	}
}
