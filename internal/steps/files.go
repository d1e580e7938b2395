package steps

import (
	"fmt"
	"os"
	"path/filepath"

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

// apart fails if one of the outputs is also an input, or another output, under any name, including symbolic and hard links.
func apart(outputs []string, inputs ...[]string) error {
	for i, out := range outputs {
		if st, err := os.Stat(out); out == "" || err == nil && !st.Mode().IsRegular() {
			continue // nothing to overwrite
		}
		for _, other := range outputs[:i] {
			if same(out, other) {
				return badOption("%s: is named for two outputs (%s); name another file", out, other)
			}
		}
		for _, list := range inputs {
			for _, in := range list {
				if same(out, in) {
					return fmt.Errorf("%s: is an input of this command (%s); name another file", out, in)
				}
			}
		}
	}
	return nil
}

// same reports whether two paths, "" for none, name one file, which need not be there yet.
func same(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil && errY == nil {
		return os.SameFile(x, y)
	}
	p, errP := filepath.Abs(a)
	q, errQ := filepath.Abs(b)
	return errP == nil && errQ == nil && p == q
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
