package lint_test

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/codegen"
	"hass/codegen/hls"
	"hass/codegen/lint"
	"hass/codegen/project"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
)

// generate writes the project of a network and gives its text files.
func generate(t *testing.T, net *intnet.Net, layers []hw.Layer, depths map[string]int) (map[string]string, *design.Design) {
	t.Helper()
	dir := t.TempDir()
	d := &design.Design{Model: "test.onnx", Platform: "ZCU104", Part: "xczu7ev-ffvc1156-2-e", Clock: design.Clock{MHz: 200}, Target: limits.Both, Net: net, Layers: layers}
	d.Preproc.Divisor = 1
	for range net.Tensors[net.Input].C {
		d.Preproc.Mean, d.Preproc.Std = append(d.Preproc.Mean, 0), append(d.Preproc.Std, 1)
	}
	for name, depth := range depths {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: name, Depth: depth})
	}
	in := net.Tensors[net.Input]
	rng := rand.New(rand.NewSource(1))
	images := &npy.Array{DType: "int32", Shape: []int{2, in.H, in.W, in.C}}
	for range 2 {
		images.I32 = append(images.I32, hwtest.Image(rng, in)...)
	}
	var buf bytes.Buffer
	err := npy.Write(&buf, images)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "golden.npy"), buf.Bytes(), 0o666)
	}
	if err == nil {
		d.Golden, err = artifact.NewSideFile(dir, "golden.npy")
	}
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "project")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{}); err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	err = filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".bin") {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(out, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, d
}

// TestGenerated checks that emitted projects are clean, whatever the network.
func TestGenerated(t *testing.T) {
	testenv.Long(t)
	const cases = 60 // every kind of layer
	for seed := range int64(cases) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		checkClean(t, c.Net, c.Layers, c.Depths)
	}
	net, err := hwtest.ResNet8(rand.New(rand.NewSource(1)), 8, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range hw.LaneEngines() {
		layers, depths, err := hwtest.UniformHW(net, kind, 1, 3, 4, 2)
		if err != nil {
			t.Fatal(err)
		}
		checkClean(t, net, layers, depths)
	}
}

func checkClean(t *testing.T, net *intnet.Net, layers []hw.Layer, depths map[string]int) {
	t.Helper()
	files, d := generate(t, net, layers, depths)
	p, err := project.New(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	opts := hls.LintOptions(p)
	for _, f := range lint.Check(files, opts) {
		t.Errorf("%v", f)
	}
}

// TestMutants breaks a real project in the ways that hurt, and expects each to be found.
func TestMutants(t *testing.T) {
	net, err := hwtest.ResNet8(rand.New(rand.NewSource(1)), 8, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	layers, depths, err := hwtest.UniformHW(net, hw.Banked, 1, 3, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := generate(t, net, layers, depths)
	top := "src/hass_top.cpp"
	// Two FIFOs of one type, whose ends a mutant swaps.
	streams := regexp.MustCompile(`HASS_STREAM\(design::acc\w+, (\w+),`).FindAllStringSubmatch(files[top], -1)
	if len(streams) < 2 {
		t.Fatalf("no accumulator FIFOs in\n%s", files[top])
	}
	a, b := "s_"+streams[0][1], "s_"+streams[1][1]
	for _, tt := range []struct{ name, file, old, new, rule string }{
		{"style", "include/hass/engine.hpp", "PIPELINE II = 1 style = flp", "PIPELINE II = 1", lint.RuleFlushable},
		{"no pipeline", "include/hass/window.hpp", "#pragma HLS PIPELINE II = 1 style = flp", "", lint.RuleFlushable},
		{"endless", "include/hass/combine.hpp", "while (image < images)", "while (true)", lint.RuleLoopBound},
		{"polling", "include/hass/fork.hpp", "const auto token = in.read();", "if (in.empty()) continue; const auto token = in.read();", lint.RuleBlocking},
		{"second read", "include/hass/pool.hpp", "const typename P::in_beat x = in.read();", "in.read(); const typename P::in_beat x = in.read();", lint.RuleReadSite},
		{"second write", "include/hass/sink.hpp", "out.write(word);", "out.write(word); out.write(word);", lint.RuleWriteSite},
		{"division", "include/hass/requant.hpp", "at.inside(i / CH)", "at.inside(i / left)", lint.RuleDivision},
		{"swapped FIFOs", top, a + ",", b + ",", lint.RuleConsumer},
		{"data bound", "include/hass/weights.hpp", "i < n;", "i < weights[0].to_int();", lint.RuleLoopBound},
		{"array of a beat", "include/hass/join.hpp", "#pragma HLS ARRAY_PARTITION variable = part.v complete", "", lint.RulePartition},
		{"array", "include/hass/join.hpp", "#pragma HLS ARRAY_PARTITION variable = sum complete", "", lint.RulePartition},
		{"std", "include/hass/types.hpp", "#include <cstdint>", "#include <array>", lint.RuleInclude},
		{"state of one instance", "src/ports.cpp", "hass::sink<", "static int calls; calls = calls; hass::sink<", ""},
	} {
		text := strings.Replace(files[tt.file], tt.old, tt.new, 1)
		if tt.name == "swapped FIFOs" {
			// In the last use only: the reader's.
			at := strings.LastIndex(files[tt.file], tt.old)
			text = files[tt.file][:at] + tt.new + files[tt.file][at+len(tt.old):]
		}
		if text == files[tt.file] {
			t.Errorf("%s: %q is not in %s", tt.name, tt.old, tt.file)
			continue
		}
		mutant := maps.Clone(files)
		mutant[tt.file] = text
		found := tt.rule == ""
		for _, f := range lint.Lint(mutant) {
			found = found || f.Rule == tt.rule
			if tt.rule == "" {
				t.Errorf("%s: %v", tt.name, f)
			}
		}
		if !found {
			t.Errorf("%s: no finding of rule %s", tt.name, tt.rule)
		}
	}
}
