package main

import "hass/internal/artifact"

// This file holds the head of what --json prints: docs/formats.md lists the schemas.

// answerVersion is the version of all schemas that only --json prints.
const answerVersion = 1

// input is a file that an answer was made from; a path of "" is none.
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
