package report

import (
	"fmt"
	"strings"
)

// binding answers what limits the rate.
func (v *view) binding() section {
	s := section{ID: "binding", Title: "What binds?", Short: "Binding"}
	var answer []string
	if p := v.Prediction; p != nil {
		answer = append(answer, fmt.Sprintf("By estimate layer %s, with %s cycles per image", p.Bottleneck, cyclesText(p.CyclesPerImage)))
		if p.BindingResource != "" {
			answer[0] += fmt.Sprintf("; %s is the resource that binds", p.BindingResource)
		}
		answer[0] += "."
	}
	if sim := v.Simulation; sim != nil && sim.Bottleneck != "" {
		for _, l := range v.Run.Layers {
			if l.ID == sim.Bottleneck && l.Time != nil && sim.CyclesPerImage != nil {
				answer = append(answer, fmt.Sprintf("In the simulation layer %s is the busiest, %s of %s cycles.", l.ID, cyclesText(l.Time.Busy), cyclesText(*sim.CyclesPerImage)))
			}
		}
	}
	if words := v.criticalWords(); words != "" {
		answer = append(answer, words)
	}
	s.Answer = strings.Join(answer, " ")
	if len(v.Explain) > 0 {
		b := block{Heading: "What the optimizer found"}
		for _, e := range v.Explain[:min(len(v.Explain), 40)] {
			head, text, ok := strings.Cut(e, ": ")
			if !ok {
				head, text = "", e
			}
			b.List = append(b.List, item{"", "", short(head, maxName), short(text, 4*maxName)})
		}
		s.Blocks = append(s.Blocks, b)
	}
	if !v.has("design.json") {
		s.Missing = append(s.Missing, lacking("The network, estimates and what binds", "design.json"))
	} else if g := draw(v.Run, func(id string) string { return v.rows[id] }); g != nil {
		b := block{Heading: "The network", Intro: "Boxes are layers; the colour is the share of cycles in which the layer's busiest process works. Lines are streams, labelled with bits per token and FIFO depth in tokens. A box links to its row in the table below.", Graph: g}
		b.Legend = v.graphLegend()
		s.Blocks = append(s.Blocks, b)
	} else {
		*v.abridged = append(*v.abridged, "the graph, which is too large to draw")
	}
	if t := v.criticalTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	}
	if t := v.cyclesTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	}
	if t := v.productsTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	}
	if !v.has("profile.json") {
		s.Missing = append(s.Missing, lacking("Zeros of weights and activations", "profile.json"))
	}
	if t := v.modulesTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	}
	return s
}

// cyclesTable is where the cycles of every layer go.
func (v *view) cyclesTable() *block {
	if len(v.shown) == 0 {
		return nil
	}
	full, simulated := 0.0, false
	for _, l := range v.shown {
		full = max(full, deref(l.Estimate))
		if t := l.Time; t != nil {
			simulated = true
			full = max(full, t.Busy+t.Starved+t.Blocked+t.Drift)
		}
	}
	full *= 1.2 // room for marks of what takes longer
	t := &table{ID: "cycles", Caption: "Cycles per image by layer", Cols: []column{{Title: "layer"}, {Title: "engine"},
		{Title: "no skipping", Num: true, Help: "cycles of this engine without skipping zeros"},
		{Title: "ideal", Num: true, Help: "cycles if every multiplier had a product of two non-zero factors in every cycle"},
		{Title: "estimate", Num: true, Help: "the optimizer's estimate of the layer on its own"}}}
	if simulated {
		t.Cols = append(t.Cols, column{Title: "busy", Num: true, Help: "simulated, for the layer's busiest process"}, column{Title: "starved", Num: true, Help: "waited for input"},
			column{Title: "blocked", Num: true, Help: "waited for room at its output"}, column{Title: "drift", Num: true, Help: "growth of the delay between this process and the last output word"})
	}
	t.Cols = append(t.Cols, column{Title: "used", Num: true, Help: "share of the cycles per image in which it works"}, column{Title: "", Bar: true})
	if simulated {
		t.Cols = append(t.Cols, column{Title: "waits most for"})
	}
	for _, l := range v.shown {
		name := words(l.ID)
		switch {
		case l.Bottleneck && l.Busiest:
			name.Tag = "bottleneck, busiest"
		case l.Bottleneck:
			name.Tag = "bottleneck"
		case l.Busiest:
			name.Tag = "busiest"
		}
		engine := l.Engine
		if engine == "" {
			engine = l.Kind
		}
		e := words(engine)
		e.Title = l.Hardware
		cells := []cell{name, e, none, none, numberOr(l.Estimate, cyclesText)}
		if deref(l.EstimateCI) > 0 {
			cells[4].Tag = "\u00b1 " + cyclesText(*l.EstimateCI)
		}
		b := &bar{}
		if k := l.Skip; k != nil {
			cells[2], cells[3] = number(k.Dense, cyclesText(k.Dense)), number(k.Ideal, cyclesText(k.Ideal))
			if k.Dense <= full {
				b.Marks = append(b.Marks, mark{round2(percentOf(k.Dense, full)), "dense"})
			}
			b.Marks = append(b.Marks, mark{round2(percentOf(k.Ideal, full)), "ideal"})
		}
		if l.Estimate != nil {
			b.Marks = append(b.Marks, mark{round2(percentOf(*l.Estimate, full)), "estimate"})
		}
		if simulated {
			if x := l.Time; x != nil {
				for _, c := range []float64{x.Busy, x.Starved, x.Blocked, x.Drift} {
					cells = append(cells, number(c, cyclesText(c)))
				}
				b.Parts = scale(full, []float64{x.Busy, x.Starved, x.Blocked, x.Drift}, []string{"busy", "starved", "blocked", "drift"})
			} else {
				cells = append(cells, none, none, none, none)
			}
		} else if l.Estimate != nil {
			b.Parts = scale(full, []float64{*l.Estimate}, []string{"busy"})
		}
		cells = append(cells, numberOr(l.Utilisation, func(u float64) string { return percent(u, 1) }), cell{Bar: b})
		if simulated {
			wait := cell{Text: "\u2013", Class: "none"}
			if l.Time != nil && len(l.Time.Waits) > 0 {
				w := l.Time.Waits[0]
				state := "data from "
				if w.Full {
					state = "room in "
				}
				wait = words(state + w.FIFO)
				wait.Title = cyclesText(w.Cycles) + " cycles per image"
				wait.Class = "small"
			}
			cells = append(cells, wait)
		}
		r := row{ID: v.rows[l.ID], Cells: cells}
		if l.Bottleneck || l.Busiest {
			r.Class = "marked"
		}
		t.Rows = append(t.Rows, r)
	}
	b := &block{Heading: "Cycles by layer", Table: t}
	if simulated && v.Simulation.Images == 1 {
		b.Intro = "Simulated cycles of one image, for the busiest process of each layer."
	} else if simulated {
		b.Intro = "Simulated cycles per image in steady state, for the busiest process of each layer. Busy, starved, blocked and drift add up to the cycles per image."
	}
	if simulated {
		b.Legend = []legend{{"busy", "busy"}, {"starved", "starved: waits for input"}, {"blocked", "blocked: waits for room"}, {"drift", "drift"}}
	} else {
		b.Intro = "Estimated cycles per image. There is no simulation."
		b.Legend = []legend{{"busy", "estimate"}}
	}
	b.Legend = append(b.Legend, legend{"mark-dense", "no skipping, where it is on the scale"}, legend{"mark-ideal", "ideal"}, legend{"mark-estimate", "estimate"})
	return b
}

// productsTable is what convolutions multiply and how much of it is zeros.
func (v *view) productsTable() *block {
	t := &table{ID: "products", Caption: "Products and zeros by convolution", Cols: []column{{Title: "layer"}, {Title: "products", Num: true, Help: "multiply-accumulates of an image, padding included"},
		{Title: "zero weights", Num: true}, {Title: "zero inputs", Num: true, Help: "activations, padding not counted"}, {Title: "zero pairs", Num: true, Help: "products with a zero factor, padding counted as zero"},
		{Title: "", Bar: true}, {Title: "speed-up", Num: true, Help: "cycles without skipping over cycles spent, of the engines"}, {Title: "of ideal", Num: true, Help: "ideal cycles over cycles spent"},
		{Title: "useful per DSP cycle", Num: true, Help: "products of two non-zero factors, per DSP and simulated cycle"}}}
	share := func(z *Zeros, get func(*Zeros) float64) cell {
		if z == nil {
			return none
		}
		return number(get(z), percent(get(z), 1))
	}
	for _, l := range v.shown {
		if l.Zeros == nil && l.Skip == nil {
			continue
		}
		cells := []cell{v.layerCell(l), none, share(l.Zeros, func(z *Zeros) float64 { return z.Weights }), share(l.Zeros, func(z *Zeros) float64 { return z.Activations }),
			share(l.Zeros, func(z *Zeros) float64 { return z.Pairs }), {Bar: &bar{}}, none, none, none}
		if z := l.Zeros; z != nil {
			cells[1] = number(z.MACs, compact(z.MACs))
			cells[5].Bar.Parts = scale(1, []float64{1 - z.Pairs, z.Pairs}, []string{"useful", "zero"})
		}
		if k := l.Skip; k != nil {
			cells[1] = number(k.MACs, compact(k.MACs))
			cells[6] = numberOr(k.SpeedUp, func(x float64) string { return decimals(x, 2) + thin + "\u00d7" })
			cells[7] = numberOr(k.OfIdeal, func(x float64) string { return percent(x, 0) })
		}
		cells[8] = numberOr(l.UsefulPerDSPCycle, func(x float64) string { return decimals(x, 3) })
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	b := &block{Heading: "Products and zeros", Table: t, Legend: []legend{{"useful", "products of two non-zero factors"}, {"zero", "products with a zero factor"}},
		Intro: "Zeros were measured on the calibration images of the profile, speed-up and useful products in the simulation. For scheduled engines, which do not look at activations, useful products are those of the profile."}
	if sim := v.Simulation; sim != nil && sim.UsefulPerDSPCycle != nil {
		b.After = fmt.Sprintf("All these layers together: %s useful products per DSP and cycle.", decimals(*sim.UsefulPerDSPCycle, 3))
	}
	return b
}

// modulesTable is the clock of the slowest modules.
func (v *view) modulesTable() *block {
	if len(v.Run.Modules) == 0 {
		return nil
	}
	list := v.Run.Modules[:min(len(v.Run.Modules), v.rowLimits.Modules)]
	top := 0.0
	for _, m := range list {
		top = max(top, m.MHz)
	}
	t := &table{ID: "modules", Caption: "Clock of the slowest modules", Cols: []column{{Title: "module"}, {Title: "kind"}, {Title: "clock", Unit: "MHz", Num: true}, {Title: "", Bar: true}}}
	for _, m := range list {
		name := words(m.Name)
		if m.Count > 1 {
			name.Tag = fmt.Sprintf("%s alike", whole(m.Count))
		}
		t.Rows = append(t.Rows, row{Cells: []cell{name, words(m.Kind), number(m.MHz, decimals(m.MHz, 0)), {Bar: &bar{Parts: scale(top, []float64{m.MHz}, []string{"signal"})}}}})
	}
	return &block{Heading: "Clock by module", Table: t,
		Intro: fmt.Sprintf("Estimated clock of each module in this design: the slowest of %s.", count(v.ModuleCount, "module"))}
}
