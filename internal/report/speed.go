package report

import (
	"fmt"
	"strings"

	"hass/internal/design"
)

// speed answers how fast it is.
func (v *view) speed() section {
	s := section{ID: "speed", Title: "How fast is it?", Short: "Speed"}
	switch {
	case v.Summary != nil && v.Clock != nil:
		s.Answer = fmt.Sprintf("%s images/s at %v, from %s simulated cycles per image.", rateText(v.Summary.ImagesPerSecond), v.Clock, cyclesText(v.Summary.CyclesPerImage))
	case v.Prediction != nil && v.Prediction.ImagesPerSecond != nil && v.Clock != nil:
		s.Answer = fmt.Sprintf("%s images/s at %v by prediction, from %s cycles per image.", rateText(*v.Prediction.ImagesPerSecond), v.Clock, cyclesText(v.Prediction.CyclesPerImage))
	case v.Simulation != nil && v.Simulation.CyclesPerImage != nil:
		s.Answer = fmt.Sprintf("%s cycles per image, simulated; the clock is not known.", cyclesText(*v.Simulation.CyclesPerImage))
	case v.Simulation != nil:
		s.Answer = fmt.Sprintf("The only image that was simulated took %s cycles; a rate needs several, and the clock is not known.", whole(int(v.Simulation.LatencyCycles)))
	default:
		s.Missing = append(s.Missing, lacking("Rate", "summary.json or design.json"))
		return s
	}
	t := &table{ID: "rates", Caption: "Rate, predicted and simulated", Plain: true,
		Cols: []column{{Title: "figure"}, {Title: "predicted", Num: true}, {Title: "simulated", Num: true}, {Title: "note"}}}
	add := func(name string, predicted, simulated cell, note string) {
		t.Rows = append(t.Rows, row{Cells: []cell{words(name), predicted, simulated, words(note)}})
	}
	opt := func(have bool, v func() cell) cell {
		if have {
			return v()
		}
		return none
	}
	p, sum, sim := v.Prediction, v.Summary, v.Simulation
	note := ""
	if p != nil && p.Error != nil {
		note = "simulated " + signedPercent(*p.Error) + " against predicted"
	}
	add("cycles per image", opt(p != nil, func() cell {
		c := number(p.CyclesPerImage, cyclesText(p.CyclesPerImage))
		c.Tag = strings.TrimSpace(interval(p.CyclesCI))
		return c
	}), opt(sum != nil || sim != nil, func() cell {
		if sum != nil {
			return number(sum.CyclesPerImage, cyclesText(sum.CyclesPerImage))
		}
		return numberOr(sim.CyclesPerImage, cyclesText)
	}), note)
	add("images/s", opt(p != nil, func() cell { return numberOr(p.ImagesPerSecond, rateText) }),
		opt(sum != nil, func() cell { return number(sum.ImagesPerSecond, rateText(sum.ImagesPerSecond)) }), "at the clock of the design")
	add("latency in cycles", opt(p != nil, func() cell { return numberOr(p.LatencyCycles, cyclesText) }),
		opt(sum != nil, func() cell { return integer(int(sum.LatencyCycles)) }), "one image alone, first input word to last output word")
	if sim != nil {
		add("latency behind others", none, integer(int(sim.LatencyCycles)), "first image, with others behind it")
		add("first word out", none, integer(int(sim.FillCycles)), "first image, cycles from its first input word")
		add("images simulated", none, integer(sim.Images), "")
	} else {
		s.Missing = append(s.Missing, lacking("Simulated cycles by layer", "simulation.json"))
	}
	if p != nil && p.Bound != nil && v.Asked == nil { // no bound is sought for a design of a given rate
		add("bound in images/s", number(*p.Bound, rateText(*p.Bound)), none, "proved: no design of the search space is faster at this clock; gap "+percent(deref(p.Gap), 2))
	}
	b := block{Table: t}
	if a := v.Asked; a != nil {
		b.Intro = fmt.Sprintf("Asked for: %v, in the least hardware (%s).", a, a.Least)
	}
	if v.Rates != nil {
		b.Intro = strings.TrimSpace(b.Intro + fmt.Sprintf(" What the parts of the system allow: %v.", v.Rates))
	}
	if sim != nil && sim.Finite {
		b.After = "The stream ended with the images, so the last ones left early."
	}
	s.Blocks = append(s.Blocks, b)
	if b, ok := v.denseBlock(); ok {
		s.Blocks = append(s.Blocks, b)
	}
	if b, ok := v.frameBlock(); ok {
		s.Blocks = append(s.Blocks, b)
	}
	if c := v.Clock; c != nil {
		s.Blocks = append(s.Blocks, v.clockBlock(c))
	}
	if sum != nil && sum.Difference != nil {
		s.Blocks = append(s.Blocks, accountBlock(sum.Difference))
	}
	return s
}

// clockBlock says what the clock rests on.
func (v *view) clockBlock(c *design.Clock) block {
	b := block{Heading: "The clock", Intro: "An estimate: " + c.Kind.Words() + "."}
	t := &table{ID: "clock", Caption: "The clock of the design", Plain: true, Cols: []column{{Title: "figure"}, {Title: "value", Unit: "MHz", Num: true}, {Title: "note"}}}
	add := func(name string, mhz float64, note string) {
		if mhz > 0 {
			t.Rows = append(t.Rows, row{Cells: []cell{words(name), number(mhz, trimmed(mhz)), words(note)}})
		}
	}
	add("clock of every rate", c.MHz, c.Kind.Words())
	add("range, low end", c.Low, "where the tools may end")
	add("range, high end", c.High, "")
	add("limit of the platform", c.Limit, "")
	add("asked for", c.Asked, "--clock")
	if c.Slowest != "" {
		add("slowest module alone", c.ModuleMHz, c.Slowest)
	}
	b.Table = t
	if c.Derate > 0 {
		b.After = fmt.Sprintf("The slowest module alone would run faster: the fill of the part multiplies its clock by %s.", trimmed(c.Derate))
	}
	if c.Loop != "" {
		b.After = strings.TrimSpace(b.After + fmt.Sprintf(" The longest recurrence of a C++ loop is that of %s: %s ns.", c.Loop, trimmed(c.LoopNs)))
	}
	return b
}

// trimmed prints a figure with up to three digits behind the point.
func trimmed(v float64) string {
	s := decimals(v, 3)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func accountBlock(a *Accounting) block {
	t := &table{ID: "difference", Caption: "Simulated against predicted cycles per image", Plain: true, Cols: []column{{Title: "part"}, {Title: "cycles", Num: true}, {Title: "meaning"}}}
	for _, x := range []struct {
		name    string
		v       float64
		meaning string
	}{
		{"estimate of the layer", a.Model, "the layer's estimate minus the prediction of the whole design"},
		{"busy", a.BusyError, "measured busy cycles minus the layer's estimate"},
		{"starved", a.Starved, "it waited for input"},
		{"blocked", a.Blocked, "it waited for room at its output"},
		{"drift", a.Drift, "growth of the delay between this process and the last output word"},
		{"difference", a.Difference, "simulated minus predicted, the sum of the parts"},
	} {
		r := row{Cells: []cell{words(x.name), number(x.v, signed(x.v, 2)), words(x.meaning)}}
		if x.name == "difference" {
			r.Class = "sum"
		}
		t.Rows = append(t.Rows, r)
	}
	return block{Heading: "Difference from the prediction", Intro: fmt.Sprintf("Split into causes at %s, the busiest process of layer %s.", a.Process, a.Layer), Table: t}
}
