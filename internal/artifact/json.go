package artifact

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	strict "github.com/go-json-experiment/json"

	"hass/internal/userfile"
)

// Header is the start of every JSON artefact; embed it. Inputs maps the
// artefact's inputs ("model", "dataset", ...) to the SHA-256 of their bytes in
// hex, never to a path, so that moving files does not change an artefact.
type Header struct {
	Schema        string            `json:"schema"`         // kind of artefact, for example "hass.design"
	SchemaVersion int               `json:"schema_version"` // changes with the meaning of a field
	Tool          string            `json:"tool"`           // Tool of the writer, for people
	Inputs        map[string]string `json:"inputs"`
}

// NewHeader is a Header of this tool version.
func NewHeader(schema string, version int, inputs map[string]string) Header {
	return Header{Schema: schema, SchemaVersion: version, Tool: Tool, Inputs: inputs}
}

// CheckInputs returns an error that names an input without a SHA-256.
func (h *Header) CheckInputs() error {
	for _, name := range slices.Sorted(maps.Keys(h.Inputs)) {
		if !isHash(h.Inputs[name]) {
			return fmt.Errorf("inputs: %.80q is not the SHA-256 of %.60q", h.Inputs[name], name)
		}
	}
	return nil
}

// Encode writes v as JSON with two-space indentation and a newline at the end.
// Struct fields keep their order and map keys are sorted, so equal values give
// equal bytes. HTML characters are not escaped.
func Encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// WriteJSON is WriteFile with Encode.
func WriteJSON(ctx context.Context, path string, v any) error {
	return WriteFile(ctx, path, func(w io.Writer) error { return Encode(w, v) })
}

// Decode reads an artefact of the given schema and version into v, a pointer to
// a struct that embeds Header. Another schema or version, and everything that
// DecodeStrict refuses, is an error.
func Decode(data []byte, schema string, version int, v any) error {
	var h Header
	if err := strict.Unmarshal(data, &h); err != nil {
		return fmt.Errorf("not a %s file: %w", schema, strictError(data, err))
	}
	if h.Schema != schema {
		if h.Schema == "" {
			return fmt.Errorf("not a %s file: it has no \"schema\" field", schema)
		}
		return fmt.Errorf("is a %s file, not %s", h.Schema, schema)
	}
	if h.SchemaVersion != version {
		return fmt.Errorf("%s version %d (written by %q), but this is %s, which reads version %d: write the file again with this version",
			schema, h.SchemaVersion, h.Tool, Tool, version)
	}
	if err := DecodeStrict(data, v); err != nil {
		return fmt.Errorf("bad %s file: %w", schema, err)
	}
	return nil
}

// ReadJSON is Decode of the file path; its errors name the file.
func ReadJSON(path, schema string, version int, v any) error {
	data, err := userfile.Read(path, maxJSON)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, cause(err))
	}
	if err := Decode(data, schema, version, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
