package main

import (
	"bytes"
	"encoding/json"
	"io"

	"hass/internal/artifact"
)

// This file writes the header of the objects that --json prints; docs/formats.md lists the schemas.

// answerVersion is the version of all schemas that only --json prints.
const answerVersion = 1

// input is a file from which an answer was made; a path of "" means none.
type input struct{ name, path string }

// answer is the header of a JSON answer, with the hashes of its inputs.
func answer(schema string, inputs ...input) (artifact.Header, error) {
	hashes := map[string]string{}
	for _, in := range inputs {
		if in.path == "" {
			continue
		}
		h, err := artifact.HashFile(in.path)
		if err != nil {
			return artifact.Header{}, err
		}
		hashes[in.name] = h
	}
	return artifact.NewHeader(schema, answerVersion, hashes), nil
}

// encodeTogether writes several structs as one JSON object with the fields of all. Embedding the structs would do the same, but
// not for an interface whose dynamic type is only known at run time.
func encodeTogether(w io.Writer, parts ...any) error {
	var fields [][]byte
	for _, p := range parts {
		var b bytes.Buffer
		if err := artifact.Encode(&b, p); err != nil {
			return err
		}
		inner := bytes.TrimSpace(b.Bytes())
		if inner = bytes.TrimSpace(inner[1 : len(inner)-1]); len(inner) > 0 {
			fields = append(fields, inner)
		}
	}
	return artifact.Encode(w, json.RawMessage("{"+string(bytes.Join(fields, []byte(",")))+"}"))
}
