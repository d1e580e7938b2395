package rtl_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"hass/internal/test/testenv"
)

// chainParams are the parameters of hass_chain that chain_tb.cpp knows.
type chainParams struct {
	banks, px, field, xBits, xSigned, words, acc, style int
}

// buildChain compiles hass_chain with its testbench and gives a function that runs it.
func buildChain(t *testing.T, c chainParams) func(args ...string) string {
	t.Helper()
	dir := t.TempDir()
	tb, err := filepath.Abs("testdata/chain/chain_tb.cpp")
	if err != nil {
		t.Fatal(err)
	}
	flags := "-O2"
	args := []string{"--cc", "--exe", "--build", "-Wall", "-O3", "--x-initial", "unique", "--top-module", "hass_chain", "--Mdir", dir, tb}
	for _, p := range []struct {
		name  string
		value int
	}{{"BANKS", c.banks}, {"PX", c.px}, {"FIELD", c.field}, {"X_BITS", c.xBits}, {"X_SIGNED", c.xSigned}, {"WORDS", c.words}, {"ACC", c.acc}, {"STYLE", c.style}} {
		args = append(args, fmt.Sprintf("-G%s=%d", p.name, p.value))
		flags += fmt.Sprintf(" -D%s=%d", p.name, p.value)
	}
	args = append(args, "-CFLAGS", flags)
	for _, m := range []string{"chain", "chain_bank", "ram", "delay"} {
		name, err := filepath.Abs("../../templates/rtl/hass_" + m + ".sv")
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if text, err := exec.Command("verilator", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return func(args ...string) string {
		text, err := exec.Command(filepath.Join(dir, "Vhass_chain"), args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return string(text)
	}
}

// TestChainProducts: two activations of 8 bits share a multiplier with any weight of 8 bits, all 16,777,216 combinations; with sign, and in the
// field of the smaller family of DSP slices, every eighth weight.
func TestChainProducts(t *testing.T) {
	needVerilator(t)
	testenv.Long(t)
	t.Parallel()
	for _, c := range []struct {
		p    chainParams
		step int
	}{
		{chainParams{1, 2, 18, 8, 0, 2, 17, 0}, 1},
		{chainParams{1, 2, 16, 8, 1, 2, 17, 0}, 8},
	} {
		if got, want := buildChain(t, c.p)("all", fmt.Sprint(c.step)), fmt.Sprintf("%d sums, 0 wrong, 0 missing\n", 2<<24/c.step); got != want {
			t.Errorf("%+v: %swant %s", c.p, got, want)
		}
	}
}

// TestChainEdge: rows whose weights sum to the limit of the field give correct results, and some rows beyond it do not. So the limit of
// schedule.Field is exact.
func TestChainEdge(t *testing.T) {
	needVerilator(t)
	testenv.Long(t)
	t.Parallel()
	for _, c := range []struct {
		p             chainParams
		limit, beyond int
	}{
		{chainParams{8, 2, 18, 8, 0, 16, 26, 0}, 514, 515}, // 514 * 255 < 2^17 < 515 * 255
		{chainParams{4, 5, 16, 8, 0, 5, 24, 1}, 128, 129},
		{chainParams{12, 2, 18, 8, 1, 3, 26, 1}, 1023, 1025}, // 1024 would do for some rows
		{chainParams{3, 3, 0, 8, 1, 1, 24, 0}, 384, 0},       // a multiplier each: no limit
	} {
		run := buildChain(t, c.p)
		const windows = "500"
		var sums, wrong, missing int
		scan := func(text string) {
			if _, err := fmt.Sscanf(text, "%d sums, %d wrong, %d missing", &sums, &wrong, &missing); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
		if scan(run("edge", fmt.Sprint(c.limit), windows)); sums < 5000 || wrong > 0 || missing > 0 {
			t.Errorf("%+v, limit %d: %d sums, %d wrong, %d missing", c.p, c.limit, sums, wrong, missing)
		}
		if c.beyond == 0 {
			continue
		}
		if scan(run("edge", fmt.Sprint(c.beyond), windows)); wrong == 0 {
			t.Errorf("%+v: rows that sum to %d are right: the limit %d is too low", c.p, c.beyond, c.limit)
		}
	}
}
