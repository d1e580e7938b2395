package codegen_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/codegen"
	"hass/codegen/project"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
)

// netSeeds is the number of random networks whose projects TestDigests covers.
const netSeeds = 40

// TestDigests compares the digest of every emitted file of random networks, and of their designs, with
// testdata/digests.txt, to show that a change does not alter emitted files. If they do change, the golden projects
// of TestSnapshots show the differences readably. Files of the library are the same in all projects and are listed
// once.
func TestDigests(t *testing.T) {
	var got strings.Builder
	library := make(map[string]string)
	for seed := range int64(netSeeds) {
		dir := t.TempDir()
		d := designtest.Random(t, dir, seed, 2)
		text, err := d.Text()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%d design.json %s\n", seed, digest(text))
		for _, target := range []codegen.Target{codegen.HLS, codegen.RTL} {
			for _, f := range emitted(t, d, dir, target) {
				// Files that list hashes or repeat the design are covered by their sources.
				if isRecord(f.Path) {
					continue
				}
				sum := digest(f.Data)
				if isLibrary(f.Path) {
					key := string(target) + " " + f.Path
					if old, ok := library[key]; ok && old != sum {
						t.Errorf("%s differs between projects", key)
					}
					library[key] = sum
					continue
				}
				fmt.Fprintf(&got, "%d %s %s %s\n", seed, target, f.Path, sum)
			}
		}
	}
	var keys []string
	for k := range library {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&got, "library %s %s\n", k, library[k])
	}
	projecttest.Golden(t, filepath.Join("testdata", "digests.txt"), []byte(got.String()))
}

// snapshots are small whole projects whose emitted text is in testdata/golden. Together they have every engine
// kind and most modules.
var snapshots = []struct {
	name   string
	design func(t *testing.T, dir string) *design.Design
}{
	{"elastic", func(t *testing.T, dir string) *design.Design { return designtest.Elastic(t, dir) }},
	{"packed", func(t *testing.T, dir string) *design.Design { return designtest.Packed(t, dir) }},
	{"scheduled", func(t *testing.T, dir string) *design.Design { return designtest.Scheduled(t, dir) }},
	{"residual", residualDesign},
	{"gate", gateDesign},
}

// TestSnapshots compares the emitted text of small networks with golden files: sources, scripts and reports, without
// the library, data, and files that list hashes.
func TestSnapshots(t *testing.T) {
	for _, s := range snapshots {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			d := s.design(t, dir)
			for _, target := range []codegen.Target{codegen.HLS, codegen.RTL} {
				folder := filepath.Join("testdata", "golden", s.name, string(target))
				var want []string
				for _, f := range emitted(t, d, dir, target) {
					if isLibrary(f.Path) || isRecord(f.Path) || strings.HasPrefix(f.Path, "data/") || !isTop(f.Path) {
						continue
					}
					path := filepath.Join(folder, filepath.FromSlash(f.Path))
					want = append(want, path)
					projecttest.Golden(t, path, f.Data)
				}
				checkFolder(t, folder, want)
			}
		})
	}
}

// residualDesign has a banked and a crossbar layer, a skip connection, an average and a fully connected layer.
func residualDesign(t *testing.T, dir string) *design.Design {
	f := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(7)), 4, 4, 4, f)
	conv := func(in int, w intnet.Window, outC int) int {
		return b.Conv(in, hwtest.ConvSpec{Window: w, OutC: outC, Out: f, WeightBits: 8, Density: 0.5, Shift: 7})
	}
	first := conv(0, hwtest.Square(3, 1, 1), 4)
	second := conv(first, hwtest.Square(3, 1, 1), 4)
	sum := b.Add(second, first, f)
	conv(b.GlobalPool(sum, hwtest.Mean, f), hwtest.Square(1, 1, 0), 3)
	return plainDesign(t, dir, b, func(i int, l *hw.Layer) {
		switch i {
		case 0:
			l.MTap, l.MCh, l.Engine, l.N = 3, 1, hw.Crossbar, 2
		case 1:
			l.MTap, l.MCh, l.Engine, l.N = 3, 4, hw.Banked, 4
		}
	})
}

// gateDesign has a depthwise layer and a gate of one pixel that multiplies its output.
func gateDesign(t *testing.T, dir string) *design.Design {
	f := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(8)), 6, 6, 4, f)
	deep := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Groups: 4, Out: f, WeightBits: 8, Density: 0.8, Shift: 7})
	squeezed := b.Conv(b.GlobalPool(deep, hwtest.Mean, f), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 4, Out: f, WeightBits: 8, Density: 1, Shift: 7})
	b.Mul(deep, squeezed, f)
	return plainDesign(t, dir, b, func(int, *hw.Layer) {})
}

// plainDesign is a network with the plainest hardware, which adjust may change, and two golden images.
func plainDesign(t *testing.T, dir string, b *hwtest.Builder, adjust func(i int, l *hw.Layer)) *design.Design {
	t.Helper()
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := hwtest.PlainHW(net)
	for i := range layers {
		adjust(i, &layers[i])
	}
	depths, err := hwtest.LiveDepths(b.Rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	in := net.Tensors[net.Input]
	return designtest.New(t, dir, net, layers, depths, [][]int32{hwtest.Image(b.Rng, in), hwtest.Image(b.Rng, in)})
}

// emitted gives the files of a project, by path.
func emitted(t *testing.T, d *design.Design, dir string, target codegen.Target) []project.File {
	t.Helper()
	out := filepath.Join(t.TempDir(), "project")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: target}); err != nil {
		t.Fatal(err)
	}
	var files []project.File
	for path, text := range tree(t, out) {
		if path != artifact.Marker {
			files = append(files, project.File{Path: path, Data: []byte(text)})
		}
	}
	slices.SortFunc(files, func(a, b project.File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// isLibrary tells whether a file is the same in every project of its target.
func isLibrary(path string) bool {
	return strings.HasPrefix(path, "include/") || strings.HasPrefix(path, "rtl/") && path != "rtl/"+project.TopName+".sv"
}

// isRecord tells whether a file repeats the design or lists hashes of other files.
func isRecord(path string) bool {
	return path == project.RecordName || filepath.Base(path) == "manifest.json"
}

// isTop tells whether a file belongs to the top. Golden files of packages host and readme show the text of the
// other files.
func isTop(path string) bool {
	return strings.HasPrefix(path, "src/") || strings.HasPrefix(path, "rtl/")
}

func digest(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data))[:16] }

// checkFolder finds golden files that nothing is compared with any more.
func checkFolder(t *testing.T, folder string, want []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains(want, path) {
			t.Errorf("%s: no file of the project has this name", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
