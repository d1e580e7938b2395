package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"hass/internal/design"
	"hass/optimizer/search"
)

// answers are n answers of an outcome, of which the first right ones are right.
func answers(bits ...byte) string { return base64.StdEncoding.EncodeToString(bits) }

// TestProgressLine: the line of a search fits 80 columns, whatever its numbers, and says a loss with a minus.
func TestProgressLine(t *testing.T) {
	base := &search.Outcome{Images: 10, Right: answers(0xff, 0x03), Fits: true}
	trial := func(rate float64, dsp int, right string) search.Trial {
		return search.Trial{Number: 3, Outcome: &search.Outcome{Images: 10, Right: right, Fits: true, ImagesPerSecond: rate, CyclesPerImage: 1e8 / rate, Resources: design.Resources{DSP: dsp}}}
	}
	for _, c := range []struct {
		s     search.Progress
		loss  float64
		left  time.Duration
		wants []string
	}{
		{search.Progress{Done: 1, Total: 96}, 0.01, time.Minute, []string{"search 1/96", "1m0s left", "no trial within the loss yet", "front of 0"}},
		{search.Progress{Done: 4, Total: 96, Trials: []search.Trial{trial(4321.6, 1200, answers(0xff, 0x01))}}, 0.2, 3 * time.Hour,
			[]string{"search 4/96; 3h0m left; best 4322 images/s, 1200 DSPs, -10.0 points; front of 1"}},
		{search.Progress{Done: 4, Total: 96, Trials: []search.Trial{trial(4321.6, 1200, answers(0xff, 0x03))}}, 0.2, 0, []string{"+0.0 points"}},
		{search.Progress{Done: 99999, Total: 100000, Trials: []search.Trial{trial(123456789012, 123456, answers(0, 0))}}, 1, 999 * time.Hour, []string{"search 99999/100000; 999h0m left"}},
	} {
		line := progressLine(c.s, base, search.Objective{Loss: c.loss}, c.left)
		if len(line) >= columns {
			t.Errorf("%d columns: %q", len(line), line)
		}
		for _, w := range c.wants {
			if !strings.Contains(line, w) {
				t.Errorf("%q does not hold %q", line, w)
			}
		}
	}
}

// TestLines: a log gets a line now and then, not one for each event.
func TestLines(t *testing.T) {
	var b bytes.Buffer
	l := &lines{&b, time.Hour, time.Now()}
	for range 100 {
		l.say(func() string { return "x" })
	}
	if b.Len() > 0 {
		t.Errorf("it says %q at once", b.String())
	}
	l.last = l.last.Add(-time.Hour)
	for range 100 {
		l.say(func() string { return "x" })
	}
	if b.String() != "x\n" {
		t.Errorf("it says %q", b.String())
	}
}
