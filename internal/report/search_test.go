package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// studied is a study of n trials: every fifth was stopped, every seventh does not fit, the second and every tenth are the front.
func studied(n, layers int) *Search {
	used := 2
	s := &Search{Study: "search <b>", Sampler: "allocate", Images: 500, Total: n + 3, Probes: 4.5, Loss: 0.01, Best: 2, Used: &used, TestImages: 2000, Levels: []float64{0.1, 0.4, 0.9}, Probed: 8}
	for i := range n {
		t := SearchTrial{Number: i, Fits: i%7 != 6, ImagesPerSecond: 1000.5 + 3*float64(i%40), DSP: 400 + i%17*20, Divergence: float64(i%23) / 100, Top1: 0.9 - float64(i%9)/300,
			Lost: float64(i%9)/300 - 0.004, LostHalf: 0.0031 + float64(i%4)/1000, BestSoFar: min(i, 2)}
		if i == 0 {
			t.BestSoFar = -1
		}
		if i%5 == 4 {
			t.Stopped = "hopeless"
			t.ImagesPerSecond, t.DSP = 0, 0
		}
		if t.complete() && (i == 2 || i%10 == 0) {
			s.Front = append(s.Front, i)
			lost, half := t.Lost+0.001, 0.0007
			t.TestLost, t.TestLostHalf = &lost, &half
		}
		s.Trials = append(s.Trials, t)
	}
	for i := range layers {
		l := SearchLayer{Name: fmt.Sprintf("conv %d & co", i), MaxW: 0.5, MaxA: 2, TauW: 0.1 + 0.4*float64(i%10)/10, TauA: 0.3, CurveW: []float64{1e-9, 1e-4 * float64(i+1), 0.01 * float64(i+1)}}
		if i%2 == 0 {
			l.CurveA = []float64{1e-5, 1e-3, 0.02 * float64(i+1)}
		}
		s.Layers = append(s.Layers, l)
	}
	return s
}

// dots reads the circles of a picture: title, x, y.
func dots(t *testing.T, page []byte, id string) map[string][2]float64 {
	t.Helper()
	_, rest, ok := strings.Cut(string(page), `<desc id="`+id+`-text">`)
	if !ok {
		t.Fatalf("no picture %s", id)
	}
	picture, _, _ := strings.Cut(rest, "</svg>")
	list := map[string][2]float64{}
	for _, m := range regexp.MustCompile(`<g class="dot"><title>(trial \d+): [^<]*</title>(?:<path class="whisker" d="[^"]*"/>)?<circle class="[^"]*" cx="([^"]*)" cy="([^"]*)"`).FindAllStringSubmatch(picture, -1) {
		x, errX := strconv.ParseFloat(m[2], 64)
		y, errY := strconv.ParseFloat(m[3], 64)
		if errX != nil || errY != nil {
			t.Fatal(m)
		}
		list[m[1]] = [2]float64{x, y}
	}
	return list
}

// TestSearch: the page has every trial in its data, and every complete one in the pictures, at the place of its figures.
func TestSearch(t *testing.T) {
	r := tiny(t, "model.onnx")
	r.Search = studied(60, 8)
	page := html(t, r)
	var data struct {
		Runs []struct{ Search *Search }
	}
	if err := json.Unmarshal(dataOf(t, page), &data); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(studied(60, 8), data.Runs[0].Search); d != "" {
		t.Error(d)
	}
	front, history := dots(t, page, "front"), dots(t, page, "history")
	complete := slices.DeleteFunc(slices.Clone(r.Search.Trials), func(x SearchTrial) bool { return !x.complete() })
	if len(front) != len(complete) || len(history) != len(complete) || len(complete) < 30 {
		t.Fatalf("%d and %d points of %d trials", len(front), len(history), len(complete))
	}
	// straight tells whether coordinates are a straight function of figures, in the given direction.
	straight := func(what string, figure func(*SearchTrial) float64, at func(name string) float64, direction float64) {
		t.Helper()
		low, high := &complete[0], &complete[0]
		for i := range complete {
			if x := &complete[i]; figure(x) < figure(low) {
				low = x
			} else if figure(x) > figure(high) {
				high = x
			}
		}
		name := func(x *SearchTrial) string { return fmt.Sprintf("trial %d", x.Number) }
		slope := (at(name(high)) - at(name(low))) / (figure(high) - figure(low))
		if !(slope*direction > 0) || math.Abs(at(name(high))-at(name(low))) < 100 {
			t.Errorf("%s: the slope is %g", what, slope)
		}
		for i := range complete {
			x := &complete[i]
			if want := at(name(low)) + slope*(figure(x)-figure(low)); math.Abs(at(name(x))-want) > 0.05 {
				t.Errorf("%s of %s: at %g, want %g", what, name(x), at(name(x)), want)
			}
		}
	}
	rate := func(x *SearchTrial) float64 { return x.ImagesPerSecond }
	straight("rate", rate, func(n string) float64 { return front[n][0] }, 1)
	straight("points lost", func(x *SearchTrial) float64 { return x.Lost }, func(n string) float64 { return front[n][1] }, -1)
	straight("trial", func(x *SearchTrial) float64 { return float64(x.Number) }, func(n string) float64 { return history[n][0] }, 1)
	straight("rate", rate, func(n string) float64 { return history[n][1] }, -1)
	text := string(page)
	for what, n := range map[string]int{`<path class="whisker"`: len(r.Search.Front), `<path class="curve `: 8 + 4, `<path class="curve other"`: 3, `<path class="limit"`: 1, `<path class="best"`: 1,
		"search &lt;b&gt;": 1, "This run has the thresholds of trial 2": 1, ">Thresholds of trial 2<": 1} {
		if got := strings.Count(text, what); got != n {
			t.Errorf("%d times %q, want %d", got, what, n)
		}
	}
	alone := html(t, &Run{Model: "model.onnx", Search: studied(60, 8)})
	if bytes.Contains(alone, []byte("Where does the hardware go")) || !bytes.Contains(alone, []byte("only a study was given")) || !bytes.Contains(alone, []byte("Rate against accuracy")) {
		t.Error("the page of a study alone has sections of a run, or does not say what is missing")
	}
	if r.Search = nil; bytes.Contains(html(t, r), []byte("What did the search find")) {
		t.Error("a run without a study has the section")
	}
}

// TestSearchLarge: a page of a large study stays below its limit, keeps the front, and says that it leaves trials out. A study without a
// trial that fits has no picture.
func TestSearchLarge(t *testing.T) {
	r := tiny(t, "model.onnx")
	r.Search = studied(20000, 300)
	page := html(t, r)
	if !bytes.Contains(page, []byte("Left out to keep the page below 2 MB: pictures of the search show")) || !bytes.Contains(page, []byte("best: trial 2<")) {
		t.Error("the page does not say what it leaves out, or has no best trial")
	}
	r.Search = studied(0, 0)
	html(t, r)
	r.Search = studied(60, 3)
	for i := range r.Search.Trials {
		r.Search.Trials[i].Fits = false
	}
	r.Search.Front, r.Search.Best, r.Search.Used = nil, -1, nil
	if page := html(t, r); bytes.Contains(page, []byte("<circle")) || !bytes.Contains(page, []byte("No trial was evaluated to the end and fits")) {
		t.Error("a study without a trial that fits")
	}
}

// TestAxes: ticks are round, lie inside the axis, and its ends are ticks.
func TestAxes(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		powers    bool
		want      string
	}{
		{0, 96, false, "0 20 40 60 80 100"},
		{0, 1, false, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{-0.42, 2.1, false, "\u22120.5 0.0 0.5 1.0 1.5 2.0 2.5"},
		{436590, 480000, false, "430\u202f000 440\u202f000 450\u202f000 460\u202f000 470\u202f000 480\u202f000"},
		{5, 5, false, "4.4 4.6 4.8 5.0 5.2 5.4 5.6"},
		{1e-6, 0.7, true, "1e\u22126 1e\u22124 0.01 1"},
		{0.02, 0.03, true, "0.01 0.1"},
	} {
		make := linear
		if c.powers {
			make = powers
		}
		a, ticks := make(c.low, c.high, 100, 20)
		var texts []string
		for i, k := range ticks {
			texts = append(texts, k.Text)
			if k.At > 100 || k.At < 20 || i > 0 && k.At >= ticks[i-1].At {
				t.Errorf("%v: a tick at %v", c, k)
			}
		}
		if got := strings.Join(texts, " "); got != c.want {
			t.Errorf("%g to %g: ticks %q, want %q", c.low, c.high, got, c.want)
		}
		if a.at(c.low) > 100 || a.at(c.high) < 20 || a.at(c.high) > a.at(c.low) || ticks[0].At != 100 {
			t.Errorf("%v: %v to %v", c, a.at(c.low), a.at(c.high))
		}
	}
}
