package steps

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/internal/npy"
	"hass/internal/test/cases"
	"hass/internal/test/testenv"
)

// floatTolerance bounds max|y-expect| / max|expect| of the float network.
const floatTolerance = 1e-4

// notFloat are published models whose outputs differ from the float network, because floats decide ties of quantisers differently.
var notFloat = map[string]bool{"ic_int8": true, "vww_int8": true}

// notInteger are published models whose integer network differs by more than its tolerance, because their last quantiser has ties, at which
// the difference is a step.
var notInteger = map[string]bool{"ic_int8": true}

// TestCases: small models give the correct values in float, and have hardware or a reason why they have none.
func TestCases(t *testing.T) {
	judgeModels(t, testenv.Cases(t))
}

// TestPublishedModels: the same of models as users of this field publish them.
func TestPublishedModels(t *testing.T) {
	testenv.Long(t)
	judgeModels(t, filepath.Join(testenv.Data(t), "quantised"))
}

// judgeModels runs the models of the folders in dir and compares their outputs with the recorded ones.
func judgeModels(t *testing.T, dir string) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		model := filepath.Join(dir, f.Name(), "model.onnx")
		if _, err := os.Stat(model); err != nil {
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			_, err := Check(model, Reporter{}, cases.Shapes(f.Name()))
			has := make(map[cases.Kind]bool)
			refusal := ""
			for _, c := range cases.Of(f.Name()) {
				has[c.Kind] = true
				if c.Kind == cases.Refused {
					refusal = c.Text
				}
			}
			switch {
			case has[cases.Refused] && (err == nil || !regexp.MustCompile(refusal).MatchString(reasons(model))):
				t.Errorf("want a refusal for %q, got %v: %s", refusal, err, reasons(model))
			case !has[cases.Refused] && err != nil:
				t.Errorf("%v: %s", err, reasons(model))
			}
			// A model that is refused as invalid does not run in float either. Ties are decided otherwise in float.
			_, invalid := LoadFloat(model, Reporter{}, cases.Shapes(f.Name()))
			if !(has[cases.Refused] && invalid != nil) && !notFloat[f.Name()] && !has[cases.Evaluated] {
				compareRun(t, model, "", floatTolerance)
			}
			// A claim of single steps is judged by the acceptance run; a warning is about values that are lost.
			if err == nil && !notInteger[f.Name()] && !has[cases.Steps] {
				compareInteger(t, model)
			}
		})
	}
}

// reasons are Check's messages about the parts of a model without hardware.
func reasons(model string) string {
	_, err := Load(model, Reporter{}, cases.Shapes(filepath.Base(filepath.Dir(model))))
	return fmt.Sprint(err)
}

// integerTolerance bounds max|y-expect| / max|expect| of the integer network at 16 bits.
const integerTolerance = 1e-2

// compareInteger profiles a model on the x.npy in its folder and compares the integer network.
func compareInteger(t *testing.T, model string) {
	t.Helper()
	dir := t.TempDir()
	set, profile := filepath.Join(dir, "x.toml"), filepath.Join(dir, "profile.json")
	if err := os.WriteFile(set, fmt.Appendf(nil, "images = %q\n", filepath.Join(filepath.Dir(model), "x.npy")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Profile(t.Context(), ProfileOptions{Model: model, Shapes: cases.Shapes(filepath.Base(filepath.Dir(model))), Data: set, Numerics: DefaultNumerics(), Output: profile}, Reporter{}); err != nil {
		t.Error(err)
		return
	}
	compareRun(t, model, profile, integerTolerance)
}

// compareRun runs a model on the x.npy in its folder, in float or as the integer network of a profile, and compares its outputs with
// expect.npy, expect_1.npy and so on.
func compareRun(t *testing.T, model, profile string, tolerance float64) {
	t.Helper()
	dir := filepath.Dir(model)
	x := filepath.Join(dir, "x.npy")
	r, err := Run(t.Context(), RunOptions{Model: model, Profile: profile, Shapes: cases.Shapes(filepath.Base(dir)), Input: x, Output: filepath.Join(t.TempDir(), "y.npy")}, Reporter{})
	if err != nil {
		t.Error(err)
		return
	}
	for k, o := range r.Outputs {
		name := "expect.npy"
		if k > 0 {
			name = fmt.Sprintf("expect_%d.npy", k)
		}
		want := expected(t, filepath.Join(dir, name))
		if want == nil {
			continue
		}
		got, err := npy.Read(o.Path)
		if err != nil {
			t.Fatal(err)
		}
		if got.Len() != len(want) {
			t.Errorf("%s: shape %v, want %d elements", o.Name, got.Shape, len(want))
			continue
		}
		var worst, most float64
		for i, v := range want {
			worst, most = max(worst, math.Abs(float64(got.F32[i])-v)), max(most, math.Abs(v))
		}
		if worst > tolerance*most {
			t.Errorf("%s: off by %.3g of %.3g", o.Name, worst, most)
		}
	}
}

// expected are the numbers of an array, nil if there is none. The header of some arrays gives the shape of one image only, so the length
// of the data counts.
func expected(t *testing.T, path string) []float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || len(data) < 10 {
		t.Fatalf("%s: %v", path, err)
	}
	head := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	text, body := string(data[10:head]), data[head:]
	var v []float64
	switch {
	case strings.Contains(text, "<f4"):
		for ; len(body) >= 4; body = body[4:] {
			v = append(v, float64(math.Float32frombits(binary.LittleEndian.Uint32(body))))
		}
	case strings.Contains(text, "<i8"):
		for ; len(body) >= 8; body = body[8:] {
			v = append(v, float64(int64(binary.LittleEndian.Uint64(body))))
		}
	default:
		t.Fatalf("%s: %s", path, text)
	}
	return v
}
