package verify_test

import (
	"context"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hass/codegen/verify"
	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
)

// TestVerify runs make csim on a network of the size of ResNet-8, moves the folder and
// runs it again, and checks the errors if the compiler is missing or fails.
func TestVerify(t *testing.T) {
	projecttest.NeedCompiler(t)
	r := rand.New(rand.NewSource(1))
	net, err := hwtest.ResNet8(r, 16, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	layers, depths, err := hwtest.UniformHW(net, hw.Banked, 1, 3, 8, 2)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 2 {
		images = append(images, hwtest.Image(r, net.Tensors[net.Input]))
	}
	dir := t.TempDir()
	d := designtest.New(t, dir, net, layers, depths, images)
	out := projecttest.Generate(t, d, dir, "project")
	start := time.Now()
	res, err := verify.CSim(context.Background(), out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("make csim: %v", time.Since(start))
	if !res.OK() || res.Images != 2 || res.Problem() != "" {
		t.Fatalf("%+v", res)
	}
	for _, diff := range res.CompareEngines(projecttest.SimCosts(t, d, images)) {
		t.Error(diff)
	}
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]verify.StreamUse)
	for _, s := range res.Streams {
		used[s.Name] = s
	}
	for _, s := range n.Streams {
		if u := used[s.Name]; u.Depth != s.Depth || u.MaxOccupancy < 1 || u.MaxOccupancy > s.Depth {
			t.Errorf("FIFO %s of depth %d: csim reports %+v", s.Name, s.Depth, u)
		}
	}

	moved := filepath.Join(dir, "moved")
	if err := os.Rename(out, moved); err != nil {
		t.Fatal(err)
	}
	projecttest.Edit(t, filepath.Join(moved, "include", "hass", "arith.hpp"), "(halves + carry) >> 1", "halves >> 1")
	start = time.Now()
	res, err = verify.CSim(context.Background(), moved)
	if err != nil || res.OK() || !strings.Contains(res.FirstMismatch, "process l0_conv_join, tensor ") {
		t.Errorf("a mutant in a moved folder: %v, %+v", err, res)
	}
	t.Logf("again, rounding down: %v: %s", time.Since(start), res.Problem())

	projecttest.Edit(t, filepath.Join(moved, "src", "ports.cpp"), "namespace design {", "namespace design { syntax error")
	if _, err := verify.CSim(context.Background(), moved); err == nil || !strings.Contains(err.Error(), "ports.cpp") {
		t.Errorf("a project that does not compile: %v", err)
	}
	t.Setenv("CXX", "no-such-compiler -x")
	if _, err := verify.CSim(context.Background(), moved); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "no-such-compiler") {
		t.Errorf("no compiler: %v", err)
	}
}
