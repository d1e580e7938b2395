package frontend

import (
	"context"
	"fmt"

	"hass/frontend/onnx"
	"hass/internal/artifact"
	"hass/internal/graph"
)

// Write writes a graph as ONNX to a file, whole or not at all. meta becomes the model's metadata.
func Write(ctx context.Context, g *graph.Graph, path string, meta map[string]string) error {
	m, err := Export(g, meta)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := onnx.Encode(m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return artifact.WriteBytes(ctx, path, data)
}
