package codegen

import (
	"context"
	"math/rand"
	"path/filepath"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/designtest"
	"hass/internal/test/testenv"
)

// needCompiler skips the test without g++ and make.
func needCompiler(t testing.TB) {
	t.Helper()
	testenv.Tools(t, "g++ make", "g++", "make")
}

// newDesign makes a design with its side files in dir.
func newDesign(t testing.TB, dir string, net *intnet.Net, layers []hw.Layer, depths map[string]int, images [][]int32) *design.Design {
	t.Helper()
	return designtest.New(t, dir, net, layers, depths, images)
}

// randomDesign makes the random case of a seed into a design.
func randomDesign(t testing.TB, dir string, seed int64, images int) *design.Design {
	t.Helper()
	return designtest.Random(t, dir, seed, images)
}

// generate writes the project of the design into a fresh folder of dir.
func generate(t testing.TB, d *design.Design, dir, name string) string {
	t.Helper()
	out := filepath.Join(dir, name)
	if _, err := Generate(context.Background(), d, dir, out, Options{}); err != nil {
		t.Fatal(err)
	}
	return out
}

func rng(seed int64) *rand.Rand { return rand.New(rand.NewSource(seed)) }
