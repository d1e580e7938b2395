package hls_test

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen/hls"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/test/projecttest"
)

// TestUnits compares single functions of the library with the reference on adversarial
// values: requantisation, lane selection, wrapping and bit fields.
func TestUnits(t *testing.T) {
	projecttest.NeedCompiler(t)
	dir := t.TempDir()
	lib := filepath.Join(dir, "library")
	files, err := hls.Library()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(lib, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "units")
	build := exec.Command("g++", "-std=c++14", "-pedantic-errors", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-fsanitize=undefined", "-fno-sanitize-recover=all",
		"-I"+filepath.Join(lib, "include"), "-I"+filepath.Join(lib, "sim"), "-I"+filepath.Join(lib, "tb"), "-o", bin,
		filepath.Join("testdata", "units.cpp"), filepath.Join(lib, "tb", "runtime.cpp"))
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	r := rand.New(rand.NewSource(1))
	var cases, want []string
	add := func(w string, format string, args ...any) {
		cases = append(cases, fmt.Sprintf(format, args...))
		want = append(want, w)
	}

	lims := [][2]int64{{-32768, 32767}, {0, 65535}, {-128, 127}, {0, 255}, {0, 6}, {3, 9}, {-2, 1}}
	coverage := map[string]int{}
	for range 40000 {
		acc := r.Int63n(1<<61) >> r.Intn(62)
		if r.Intn(2) == 0 {
			acc = -acc
		}
		s := r.Intn(132) - 64
		if r.Intn(3) == 0 {
			s = r.Intn(40) - 8
		}
		if s > 0 && s < 60 && r.Intn(2) == 0 {
			acc = acc>>s<<s + int64(1)<<(s-1) + int64(r.Intn(3)-1) // at a tie and next to it
		}
		lim := lims[r.Intn(len(lims))]
		ties := fixed.Roundings[r.Intn(len(fixed.Roundings))]
		q := fixed.Requant(acc, s, ties, lim[0], lim[1])
		add(fmt.Sprint(q), "requant %d %d %d %d %d", acc, s, int(ties)-int(fixed.HalfUp), lim[0], lim[1])
		if up := fixed.Requant(acc, s, fixed.HalfUp, lim[0], lim[1]); q != up {
			coverage["even"]++
		}
		switch {
		case q == lim[0]:
			coverage["low"]++
		case q == lim[1]:
			coverage["high"]++
		default:
			coverage["inside"]++
		}
		if s <= 0 && q > lim[0] && q < lim[1] && q != 0 {
			coverage["left shift inside"]++
		}
		if s > 0 && s < 62 && acc&(1<<s-1) == 1<<(s-1) && q > lim[0] && q < lim[1] {
			coverage["tie"]++
		}
	}
	for _, k := range []string{"low", "high", "inside", "tie", "even", "left shift inside"} {
		if coverage[k] < 20 {
			t.Errorf("requant cases: only %d %s", coverage[k], k)
		}
	}

	type shape struct{ kind, m, n int }
	var shapes []shape
	for _, s := range [][2]int{{2, 1}, {9, 3}, {9, 1}, {12, 4}, {16, 4}, {25, 5}, {64, 8}} {
		shapes = append(shapes, shape{1, s[0], s[1]}, shape{2, s[0], s[1]})
	}
	shapes = append(shapes, shape{1, 9, 4}, shape{1, 64, 63})
	for _, s := range shapes {
		kind := hw.Crossbar
		if s.kind == 2 {
			kind = hw.Banked
		}
		mask := ^uint64(0) >> (64 - s.m)
		for i := range 500 {
			pairs := r.Uint64() & mask
			switch i % 5 {
			case 0:
				pairs &= r.Uint64()
			case 1:
				pairs &= r.Uint64() & r.Uint64()
			case 2:
				pairs |= r.Uint64() & mask
			}
			if i == 0 {
				pairs = 0
			} else if i == 1 {
				pairs = mask
			}
			add(fmt.Sprint(hw.BeatCost(kind, s.m, s.n, pairs)), "cost %d %d %d %d", s.kind, s.m, s.n, pairs)
		}
	}

	for _, w := range []int{1, 3, 8, 9, 16, 17, 33, 62, 64} {
		for range 200 {
			v := int64(r.Uint64()) >> r.Intn(64)
			add(fmt.Sprintf("%d %d", v<<(64-w)>>(64-w), uint64(v)<<(64-w)>>(64-w)), "wrap %d %d", w, v)
		}
	}
	for range 2000 {
		n := 1 + r.Intn(64)
		lo := r.Intn(201 - n)
		v := r.Uint64()
		add(fmt.Sprintf("%d 1 1", v&(^uint64(0)>>(64-n))), "wide %d %d %d", lo, n, v)
	}

	cmd := exec.Command(bin)
	cmd.Stdin = strings.NewReader(strings.Join(cases, "\n") + "\n")
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(strings.NewReader(string(text)))
	bad := 0
	for i := range cases {
		if !sc.Scan() {
			t.Fatalf("only %d of %d answers", i, len(cases))
		}
		if sc.Text() != want[i] {
			if bad++; bad <= 10 {
				t.Errorf("%s: got %s, want %s", cases[i], sc.Text(), want[i])
			}
		}
	}
}
