package recurrence

import (
	"fmt"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

const (
	compiler  = "clang++-14"
	optimizer = "opt-14"
)

// passes unroll all inner loops and put arrays into values, as synthesis does; the loop of a process stays, but a weight
// loader's of few words.
func passes() []string {
	list := []string{"-enable-new-pm=0", "-S", "-unroll-threshold=100000000", "-unroll-full-max-count=256", "-unroll-runtime=false", "-unroll-allow-partial=false",
		"-always-inline", "-inline", "-inline-threshold=1000000", "-sroa", "-early-cse", "-instcombine", "-simplifycfg"}
	for range 4 { // loops in loops, and arrays that become values once their indices are constant
		list = append(list, "-loop-rotate", "-loop-unroll", "-sroa", "-instcombine", "-simplifycfg")
	}
	return append(list, "-early-cse", "-instcombine", "-sccp", "-adce")
}

// projectLoops estimates the loops of a project's processes.
func projectLoops(t *testing.T, dir string) (loops []Loop) {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(dir, "src", "*.cpp"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		t.Helper()
		if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
	}
	for _, source := range sources {
		if filepath.Base(source) == "hass_top.cpp" {
			continue // calls only
		}
		raw, ir := filepath.Join(t.TempDir(), "raw.ll"), filepath.Join(t.TempDir(), "unrolled.ll")
		run(compiler, "-std=c++14", "-O2", "-Xclang", "-disable-llvm-passes", "-D__SYNTHESIS__", "-Wno-unknown-pragmas", "-S", "-emit-llvm", "-o", raw,
			"-Itestdata", "-I"+filepath.Join(dir, "include"), "-I"+filepath.Join(dir, "sim"), "-I"+filepath.Join(dir, "src"), source)
		run(optimizer, append(passes(), raw, "-o", ir)...)
		text, err := os.ReadFile(ir)
		if err != nil {
			t.Fatal(err)
		}
		found, err := Loops(string(text))
		if err != nil {
			t.Fatal(err)
		}
		loops = append(loops, found...)
	}
	return loops
}

// TestProjects: every loop of the emitted C++ can start an iteration every 5 ns.
func TestProjects(t *testing.T) {
	testenv.Long(t)
	testenv.Tools(t, "clang-14 llvm-14", compiler, optimizer)
	budget := Budget(200)
	check := func(name, dir string) {
		worst := map[string]Loop{} // by process
		loops := projectLoops(t, dir)
		for _, l := range loops {
			process := processName(l.Function)
			if l.NS >= worst[process].NS {
				worst[process] = l
			}
			if l.NS > budget {
				t.Errorf("%s: %s: a loop of %d instructions needs %.2f ns an iteration, more than %.2f:\n  %s", name, process, l.Instructions, l.NS, budget, strings.Join(l.Path, "\n  "))
			}
		}
		if len(loops) == 0 {
			t.Errorf("%s: no loops", name)
		}
		for _, process := range slices.Sorted(maps.Keys(worst)) {
			t.Logf("%s: %s: %.2f ns", name, process, worst[process].NS)
		}
	}
	net, err := hwtest.ResNet8(rand.New(rand.NewSource(1)), 8, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range hw.EngineKinds() {
		layers, depths, err := hwtest.UniformHW(net, kind, 1, 3, 4, 2)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		rng := rand.New(rand.NewSource(1))
		d := designtest.New(t, dir, net, layers, depths, [][]int32{hwtest.Image(rng, net.Tensors[net.Input]), hwtest.Image(rng, net.Tensors[net.Input])})
		check(string(kind), projecttest.Generate(t, d, dir, "project"))
	}
	const seeds = 4 // a project of each takes seconds
	for seed := range int64(seeds) {
		dir := t.TempDir()
		check(fmt.Sprint("random ", seed), projecttest.Generate(t, designtest.Random(t, dir, seed, 2), dir, "project"))
	}
}

// processName is the name in a mangled one: _ZN6design<length><name>E...
func processName(mangled string) string {
	rest := strings.TrimPrefix(mangled, "_ZN6design")
	var n int
	if _, err := fmt.Sscanf(rest, "%d", &n); err != nil {
		return mangled
	}
	rest = strings.TrimLeft(rest, "0123456789")
	return rest[:min(n, len(rest))]
}
