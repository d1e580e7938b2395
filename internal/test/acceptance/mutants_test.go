package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/codegen/hls"
	"hass/codegen/project"
	"hass/codegen/rtl"
)

// A mutant is an error planted in the emitted library.
type mutant struct {
	name, file string // of a project
	old, new   string // old occurs once in the file
}

var mutants = []mutant{
	{
		name: "an engine drops its last lane", file: "include/hass/engine.hpp",
		old: "row[g][i] = memory[address][g * M + i];",
		new: "row[g][i] = i == M - 1 ? typename E::weight(0) : memory[address][g * M + i];",
	},
	{
		name: "requantisation rounds down", file: "include/hass/arith.hpp",
		old: "clamp<T>((halves + carry) >> 1, least, most)",
		new: "clamp<T>(halves >> 1, least, most)",
	},
}

// plant puts the fault into a project.
func (m mutant) plant(dir string) error { return m.replace(dir, m.old, m.new) }

func (m mutant) replace(dir, old, new string) error {
	file := filepath.Join(dir, filepath.FromSlash(m.file))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), old); n != 1 {
		return fmt.Errorf("%s: %q stands %d times, want once", file, old, n)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644)
}

// TestFaultsStand: every fault that acceptance runs plant has its place in the library of today.
func TestFaultsStand(t *testing.T) {
	texts := make(map[string]string)
	for _, library := range []func() ([]project.File, error){hls.Library, rtl.Library} {
		files, err := library()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			texts[f.Path] = string(f.Data)
		}
	}
	faults := slices.Clone(mutants)
	for _, f := range plantedFaults {
		if f.file != "" {
			faults = append(faults, f.mutant)
		}
	}
	for _, m := range faults {
		if n := strings.Count(texts[m.file], m.old); n != 1 {
			t.Errorf("%q stands %d times in %s, want once", m.old, n, m.file)
		}
	}
}
