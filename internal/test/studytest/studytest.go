// Package studytest makes studies for tests without a search: the figures of their trials are made up, from the trial's number alone.
package studytest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"hass/internal/design"
	"hass/optimizer/search"
	"hass/optimizer/search/study"
)

// Images is the number of calibration images of a made-up study.
const Images = 16

// Layers are the layers of a made-up study.
var Layers = []string{"conv1", "block/conv 2", "fc"}

// Create makes a study of a number of trials without any in it. inputs are hashes of its inputs, or nil.
func Create(t testing.TB, db *study.DB, name string, trials int, inputs map[string]string) *study.Study {
	t.Helper()
	if inputs == nil {
		inputs = map[string]string{"model": fmt.Sprintf("%064d", 1), "dataset": fmt.Sprintf("%064d", 2)}
	}
	o := search.DefaultObjective()
	o.Loss = 0.1
	s, err := db.Create(t.Context(), name, encode(t, search.Config{Model: "made-up.onnx", Platform: "ZCU104", Inputs: inputs, Bits: 16, Pixels: 1, Budget: 1,
		Images: Images, Seed: 1, Sampler: "allocate", SamplerSeed: 1, Objective: o, Halving: true}), trials)
	if err != nil {
		t.Fatal(err)
	}
	var vars []search.Variable
	curves := search.Curves{Images: 4, Levels: []float64{0.1, 0.4, 0.9}, Cost: 1.5}
	for i, l := range Layers {
		vars = append(vars, search.Variable{Layer: l, MaxW: 0.25 * float64(i+1), MaxA: 0.5 * float64(i+1)})
	}
	for v := range 2 * len(Layers) {
		if v == 1 { // not probed
			curves.Divergence = append(curves.Divergence, nil)
			continue
		}
		curves.Divergence = append(curves.Divergence, []float64{1e-5 * float64(v+1), 1e-3 * float64(v+1), 0.03 * float64(v+1)})
	}
	for key, v := range map[string]any{"variables": vars, "unpruned": Unpruned(), "curves": curves} {
		if _, err := s.SetNote(t.Context(), key, encode(t, v)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Tested adds a measurement of some trials on other images to a study of a number of trials.
func Tested(t testing.TB, s *study.Study, trials int, numbers ...int) {
	t.Helper()
	test := search.Test{DataSet: "test.toml", Images: 32, Top1: 0.875}
	for _, n := range numbers {
		x := search.Tested{Number: n, Top1: 0.875 - 0.001*float64(n)}
		x.Drop.Mean, x.Drop.Half = 0.001*float64(n), 0.0005
		test.Trials = append(test.Trials, x)
	}
	if _, err := s.SetNote(t.Context(), fmt.Sprintf("test after %d", trials), encode(t, test)); err != nil {
		t.Fatal(err)
	}
}

// Unpruned is the outcome of the unpruned network.
func Unpruned() *search.Outcome { return outcome(0, Images, 0) }

// Trial makes the next trial of a study and finishes it.
func Trial(t testing.TB, s *study.Study, worker string) {
	t.Helper()
	l := Claim(t, s, worker)
	if err := l.Finish(t.Context(), encode(t, Outcome(l.Number))); err != nil {
		t.Fatal(err)
	}
}

// Claim takes the next trial of a study and proposes its point, as a running worker does.
func Claim(t testing.TB, s *study.Study, worker string) *study.Lease {
	t.Helper()
	l, err := s.Claim(t.Context(), worker, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SetPoint(t.Context(), encode(t, search.Point{X: X(l.Number)})); err != nil {
		t.Fatal(err)
	}
	return l
}

// X is the point of a trial.
func X(number int) []float64 {
	x := make([]float64, 2*len(Layers))
	for i := range x {
		x[i] = float64((number*(2*i+3))%11) / 11
	}
	return x
}

// Outcome is the outcome of a trial: of seven, one is stopped as hopeless, one as dominated, and one fits no budget.
func Outcome(number int) *search.Outcome {
	wrong := (number * 5) % 4
	o := outcome(number, Images, wrong)
	switch number % 7 {
	case 3:
		o = outcome(number, Images/4, wrong)
		o.Stopped, o.Fits, o.ImagesPerSecond, o.CyclesPerImage, o.Resources, o.Sparsity = "hopeless", false, 0, 0, design.Resources{}, 0
	case 4:
		o = outcome(number, Images/2, wrong)
		o.Stopped = "dominated"
	case 6:
		o.Fits = false
	}
	return o
}

// outcome is that of a trial over some images, of which some are answered wrongly, besides two that the unpruned network has wrong.
func outcome(number, images, wrong int) *search.Outcome {
	rate := 1000 + float64((number*37)%60)*10.5
	o := &search.Outcome{Images: images, Fits: true, ImagesPerSecond: rate, CyclesPerImage: 2e8 / rate, Sparsity: 0.3 + 0.01*float64(number%40),
		Resources: design.Resources{DSP: 900 - 11*(number%30), LUT: 100000 + number, FF: 150000 - number, BRAM18: 300 + number%5, URAM: number % 3, LUTRAM: 4000 + number}}
	bits := make([]byte, (images+7)/8)
	for i := range images {
		if i >= 2+wrong {
			bits[i/8] |= 1 << (i % 8)
			o.Top1 += 1 / float64(images)
		}
		d := float32((number*(i+3))%17) * 0.01
		o.Divergences = append(o.Divergences, d)
		o.Divergence += float64(d) / float64(images)
	}
	o.Right = base64.StdEncoding.EncodeToString(bits)
	o.Regret, o.Loss = o.Divergence/3, 0.5+o.Divergence
	return o
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
