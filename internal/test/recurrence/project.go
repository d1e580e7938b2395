package recurrence

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The programs that Project runs.
const (
	Compiler  = "clang++-14"
	Optimizer = "opt-14"
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

// Project estimates the loops of the C++ project in dir, with the stand-in of hls_stream.h in the folder headers. Sources that are equal once
// all of names are taken out of them have equal loops, and only the first of them is compiled: its loops are given once for each.
func Project(dir, headers string, names []string) (loops []Loop, err error) {
	sources, err := filepath.Glob(filepath.Join(dir, "src", "*.cpp"))
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "hass-recurrence")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	var pairs []string
	for _, n := range names {
		pairs = append(pairs, n, "")
	}
	anonymous := strings.NewReplacer(pairs...)
	seen := map[string][]Loop{} // by source without names
	for _, source := range sources {
		if filepath.Base(source) == "hass_top.cpp" {
			continue // calls only
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		key := anonymous.Replace(string(text))
		found, ok := seen[key]
		if !ok {
			if found, err = sourceLoops(source, dir, headers, temp); err != nil {
				return nil, err
			}
			seen[key] = found
		}
		loops = append(loops, found...)
	}
	return loops, nil
}

// sourceLoops estimates the loops of one source of a project.
func sourceLoops(source, dir, headers, temp string) ([]Loop, error) {
	raw, ir := filepath.Join(temp, "raw.ll"), filepath.Join(temp, "unrolled.ll")
	// Not every kind of a module reads all constants of its configuration.
	compile := []string{"-std=c++14", "-O2", "-Xclang", "-disable-llvm-passes", "-D__SYNTHESIS__", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas",
		"-Wno-unused-const-variable", "-S", "-emit-llvm", "-o", raw, "-I" + headers, "-I" + filepath.Join(dir, "include"), "-I" + filepath.Join(dir, "sim"), "-I" + filepath.Join(dir, "src"), source}
	for _, step := range [][]string{append([]string{Compiler}, compile...), append(append([]string{Optimizer}, passes()...), raw, "-o", ir)} {
		if text, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w\n%s", source, step[0], err, text)
		}
	}
	text, err := os.ReadFile(ir)
	if err != nil {
		return nil, err
	}
	return Loops(string(text))
}

// Process is the name of the loop's process, in its function's mangled name _ZN6design<length><name>E...
func (l *Loop) Process() string {
	rest := strings.TrimPrefix(l.Function, "_ZN6design")
	var n int
	if _, err := fmt.Sscanf(rest, "%d", &n); err != nil {
		return l.Function
	}
	rest = strings.TrimLeft(rest, "0123456789")
	return rest[:min(n, len(rest))]
}
