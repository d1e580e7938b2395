package steps

import (
	"fmt"
	"os"

	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/graph"
	"hass/sparsity"
)

// This file protects the users' files: no command overwrites a file that it reads.

// writable fails early if path cannot be written, or if it is one of the inputs.
// An input of "" means none.
func writable(path string, inputs ...string) error {
	if err := apart([]string{path}, inputs); err != nil {
		return err
	}
	return artifact.CheckFile(path)
}

// apart fails if one of the outputs is also an input, under any name, including symbolic and
// hard links.
func apart(outputs []string, inputs ...[]string) error {
	for _, out := range outputs {
		st, err := os.Stat(out)
		if err != nil || !st.Mode().IsRegular() {
			continue // nothing to overwrite, or not a regular file
		}
		for _, list := range inputs {
			for _, in := range list {
				if it, err := os.Stat(in); in != "" && err == nil && os.SameFile(st, it) {
					return fmt.Errorf("%s: is an input of this command (%s); name another file", out, in)
				}
			}
		}
	}
	return nil
}

// modelFiles are the files from which a model was read; a nil graph has none.
func modelFiles(g *graph.Graph) []string {
	if g == nil {
		return nil
	}
	return g.Files
}

// setFiles are the files of data sets; nil sets have none.
func setFiles(sets ...*dataset.Set) (list []string) {
	for _, s := range sets {
		if s != nil {
			list = append(list, s.Files()...)
		}
	}
	return list
}

// profileFiles are a profile's file and the side files that it names.
func profileFiles(path string, p *sparsity.Profile) []string {
	if path == "" {
		return nil
	}
	return []string{path, p.Bitmaps.Beside(path), p.Golden.Beside(path)}
}

// designFiles are a design's file and the side files that it names.
func designFiles(path string, d *design.Design) []string {
	return []string{path, d.Weights.Beside(path), d.Golden.Beside(path)}
}
