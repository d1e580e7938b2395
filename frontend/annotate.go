package frontend

import (
	"maps"

	"hass/frontend/onnx"
)

// Annotate reads a model and puts metadata to its nodes, by their names in Check, and to the model itself; viewers such as Netron show
// them. What the model holds stays as it is, except that local functions are expanded and external data are read in. It gives the names
// that no node has, in any order.
func Annotate(path string, nodes map[string]map[string]string, model map[string]string) (m *onnx.Model, unknown []string, err error) {
	if m, err = onnx.Open(path); err != nil {
		return nil, nil, err
	}
	byName := nodesByName(m)
	for name, metadata := range nodes {
		n := byName[name]
		if n == nil {
			unknown = append(unknown, name)
			continue
		}
		if n.Metadata == nil {
			n.Metadata = map[string]string{}
		}
		maps.Copy(n.Metadata, metadata)
	}
	if m.Metadata == nil {
		m.Metadata = map[string]string{}
	}
	maps.Copy(m.Metadata, model)
	return m, unknown, nil
}
