package report

import (
	"fmt"

	"hass/internal/judge"
)

// differences are the figures that two runs have in common, B against A.
func differences(a, b *Run) []Difference {
	var list []Difference
	add := func(figure, layer string, x, y *float64) {
		if x == nil || y == nil {
			return
		}
		d := Difference{Figure: figure, Layer: layer, A: *x, B: *y, Change: *y - *x}
		if *x != 0 {
			d.Share = ratio(d.Change, *x)
		}
		list = append(list, d)
	}
	for _, f := range figures {
		add(f.name, "", f.of(a), f.of(b))
	}
	for i := range a.Resources {
		for k := range b.Resources {
			if a.Resources[i].Name == b.Resources[k].Name {
				x, y := float64(a.Resources[i].Used), float64(b.Resources[k].Used)
				add(a.Resources[i].Name, "", &x, &y)
			}
		}
	}
	other := b.byID()
	for _, l := range a.Layers {
		m := other[l.ID]
		if m == nil {
			continue
		}
		for _, f := range layerFigures {
			add(f.name, l.ID, f.of(l), f.of(m))
		}
	}
	return list
}

// byID are the layers of a run.
func (r *Run) byID() map[string]*Layer {
	m := make(map[string]*Layer, len(r.Layers))
	for _, l := range r.Layers {
		m[l.ID] = l
	}
	return m
}

// figure is a figure of a run and how it is printed.
type figure struct {
	name string
	unit string
	of   func(*Run) *float64
	text func(float64) string
}

func float(v float64) *float64 { return &v }

// figures are the figures by which two runs are compared.
var figures = []figure{
	{"images per second", "", func(r *Run) *float64 {
		switch {
		case r.Summary != nil:
			return &r.Summary.ImagesPerSecond
		case r.Prediction != nil:
			return r.Prediction.ImagesPerSecond
		}
		return nil
	}, rateText},
	{"clock", "MHz", func(r *Run) *float64 {
		if r.Clock == nil {
			return nil
		}
		return &r.Clock.MHz
	}, trimmed},
	{"cycles per image, simulated", "", func(r *Run) *float64 {
		switch {
		case r.Summary != nil:
			return &r.Summary.CyclesPerImage
		case r.Simulation != nil:
			return r.Simulation.CyclesPerImage
		}
		return nil
	}, cyclesText},
	{"cycles per image, predicted", "", func(r *Run) *float64 {
		if r.Prediction == nil {
			return nil
		}
		return &r.Prediction.CyclesPerImage
	}, cyclesText},
	{"latency in cycles", "", func(r *Run) *float64 {
		if r.Summary == nil {
			return nil
		}
		return float(float64(r.Summary.LatencyCycles))
	}, cyclesText},
	{"accuracy, float", "", measured(shares, func(a *Accuracy) *float64 { return a.Float }), func(v float64) string { return percent(v, 2) }},
	{"accuracy, integer", "", measured(shares, func(a *Accuracy) *float64 { return a.Integer }), func(v float64) string { return percent(v, 2) }},
	{"error (root mean square), float", "", measured(errors, func(a *Accuracy) *float64 { return a.Float }), func(v float64) string { return fmt.Sprintf("%.4g", v) }},
	{"error (root mean square), integer", "", measured(errors, func(a *Accuracy) *float64 { return a.Integer }), func(v float64) string { return fmt.Sprintf("%.4g", v) }},
	{"useful products per DSP cycle", "", func(r *Run) *float64 {
		if r.Simulation == nil {
			return nil
		}
		return r.Simulation.UsefulPerDSPCycle
	}, func(v float64) string { return decimals(v, 3) }},
}

// measure is how a run's accuracy is judged.
type measure int

const (
	shares measure = iota // of right answers
	errors                // of values
)

// measured gives a figure of the accuracy of a run that is judged in the given way.
func measured(by measure, of func(*Accuracy) *float64) func(*Run) *float64 {
	return func(r *Run) *float64 {
		if r.Summary == nil || r.Summary.Accuracy == nil || (r.Summary.Accuracy.Measure == judge.Error) != (by == errors) {
			return nil
		}
		return of(r.Summary.Accuracy)
	}
}

// layerFigure is a figure of a layer.
type layerFigure struct {
	name string
	of   func(*Layer) *float64
	text func(float64) string
}

// cost gives a count of a layer's resources.
func cost(get func(*Cost) int) func(*Layer) *float64 {
	return func(l *Layer) *float64 {
		if l.Cost == nil {
			return nil
		}
		return float(float64(get(l.Cost)))
	}
}

// The figures of layers: those of time, then those of resources.
var layerFigures = append(append([]layerFigure(nil), timeFigures...), costFigures...)

var timeFigures = []layerFigure{
	{"estimated cycles", func(l *Layer) *float64 { return l.Estimate }, cyclesText},
	{"busy cycles", func(l *Layer) *float64 {
		if l.Time == nil {
			return nil
		}
		return &l.Time.Busy
	}, cyclesText},
}

var costFigures = []layerFigure{
	{"DSP", cost(func(c *Cost) int { return c.DSP }), cyclesText},
	{"LUT", cost(func(c *Cost) int { return c.LUT }), cyclesText},
	{"FF", cost(func(c *Cost) int { return c.FF }), cyclesText},
	{"BRAM18", cost(func(c *Cost) int { return c.BRAM18 }), cyclesText},
	{"URAM", cost(func(c *Cost) int { return c.URAM }), cyclesText},
}

// comparePage is the page of two runs.
func comparePage(d *Data, lim rowLimits, abridged *[]string) *page {
	a, b := d.Runs[0], d.Runs[1]
	p := &page{Title: fmt.Sprintf("%s and %s", short(a.Label, maxName), short(b.Label, maxName)), Subtitle: "two runs side by side; differences are the second against the first"}
	both := section{ID: "whole", Title: "Side by side", Short: "Side by side"}
	t := &table{ID: "compare", Caption: "The runs side by side", Plain: true, Cols: compareColumns("figure", a, b)}
	text := func(name string, x, y string) {
		t.Rows = append(t.Rows, row{Cells: []cell{words(name), plainCell(x), plainCell(y), none, none}})
	}
	text("model", a.Model, b.Model)
	text("platform", a.Platform, b.Platform)
	text("bits", a.Bits, b.Bits)
	text("engines", a.Engines, b.Engines)
	text("kind of clock", clockWords(a), clockWords(b))
	text("bottleneck, predicted", bottleneck(a), bottleneck(b))
	if a.critical() != nil || b.critical() != nil {
		text("critical cycle", criticalName(a), criticalName(b))
	}
	text("comparisons", checks(a), checks(b))
	for _, f := range figures {
		x, y := f.of(a), f.of(b)
		if x == nil && y == nil {
			continue
		}
		cells := compared(x, y, f.text)
		name := words(f.name)
		if f.unit != "" {
			name.Text += " in " + f.unit
		}
		t.Rows = append(t.Rows, row{Cells: append([]cell{name}, cells...)})
	}
	both.Blocks = append(both.Blocks, block{Table: t})
	for _, r := range d.Runs {
		if r.Summary == nil {
			both.Missing = append(both.Missing, fmt.Sprintf("%s has no summary.json: rates are predicted, accuracy is not known.", short(r.Label, maxName)))
		}
		if len(r.Layers) == 0 {
			both.Missing = append(both.Missing, fmt.Sprintf("%s has neither design.json nor simulation.json: layers are not known.", short(r.Label, maxName)))
		}
	}
	p.Sections = append(p.Sections, both)

	ids, missing := union(a, b, lim.Layers/4)
	if missing > 0 {
		*abridged = append(*abridged, fmt.Sprintf("%s of the runs are left out of the tables", count(missing, "layer")))
	}
	p.layers = map[string]bool{}
	for _, id := range ids {
		p.layers[id] = true
	}
	la, lb := a.byID(), b.byID()
	time := section{ID: "time", Title: "Cycles by layer", Short: "Cycles"}
	for _, f := range timeFigures {
		if t := compareLayers("time-"+f.name[:4], f, ids, la, lb, a, b); t != nil {
			time.Blocks = append(time.Blocks, block{Heading: upper(f.name), Table: t, Legend: []legend{{"busy", short(a.Label, 40)}, {"second", short(b.Label, 40)}}})
		}
	}
	hardware := section{ID: "hardware", Title: "Hardware", Short: "Hardware"}
	total := &table{ID: "resources", Caption: "Resources of the runs", Plain: true, Cols: append(compareColumns("resource", a, b), column{Title: "budgets"})}
	for i := range a.Resources {
		for k := range b.Resources {
			x, y := &a.Resources[i], &b.Resources[k]
			if x.Name == y.Name {
				cells := compared(float(float64(x.Used)), float(float64(y.Used)), cyclesText)
				total.Rows = append(total.Rows, row{Cells: append(append([]cell{words(x.Name)}, cells...), words(whole(x.Budget)+", "+whole(y.Budget)))})
			}
		}
	}
	if len(total.Rows) > 0 {
		hardware.Blocks = append(hardware.Blocks, block{Heading: "Whole", Table: total})
	} else {
		hardware.Missing = append(hardware.Missing, "Resources: at least one of the runs has neither design.json nor summary.json.")
	}
	for _, f := range costFigures {
		if t := compareLayers("cost-"+f.name, f, ids, la, lb, a, b); t != nil {
			hardware.Blocks = append(hardware.Blocks, block{Heading: f.name, Table: t, Legend: []legend{{"busy", short(a.Label, 40)}, {"second", short(b.Label, 40)}}})
		}
	}
	sources := section{ID: "sources", Title: "Versions and hashes", Short: "Sources"}
	for i, r := range d.Runs {
		v := &view{Run: r}
		blk := v.sourcesBlock()
		blk.Heading, blk.Table.ID = short(r.Label, maxName), fmt.Sprintf("sources-%d", i+1)
		blk.Table.Caption += ", " + blk.Heading
		sources.Blocks = append(sources.Blocks, blk)
	}
	p.Sections = append(p.Sections, time, hardware, sources)
	return p
}

// compareColumns are a name, two runs and their difference.
func compareColumns(first string, a, b *Run) []column {
	return []column{{Title: first}, {Title: short(a.Label, 40), Num: true}, {Title: short(b.Label, 40), Num: true}, {Title: "change", Num: true}, {Title: "in %", Num: true}}
}

// compared are the cells of two figures and their difference.
func compared(x, y *float64, text func(float64) string) []cell {
	cells := []cell{numberOr(x, text), numberOr(y, text), none, none}
	if x == nil || y == nil {
		return cells
	}
	change := *y - *x
	sign := ""
	if change > 0 {
		sign = "+"
	}
	cells[2] = number(change, sign+text(change))
	if *x != 0 {
		cells[3] = number(change / *x, signed(100*change / *x, 1))
	}
	return cells
}

// plainCell is text in a column of figures.
func plainCell(s string) cell {
	if s == "" {
		return none
	}
	return cell{Text: short(s, maxName), Num: true, Class: "text"}
}

func clockWords(r *Run) string {
	if r.Clock == nil {
		return ""
	}
	return r.Clock.Kind.Words()
}

func bottleneck(r *Run) string {
	if r.Prediction == nil {
		return ""
	}
	return r.Prediction.Bottleneck
}

// checks says how the comparisons of a run came out.
func checks(r *Run) string {
	v := &view{Run: r}
	made, wrong := v.checked()
	switch {
	case len(wrong) > 0:
		return "differs: " + join(wrong)
	case len(made) > 0:
		return "equal: " + join(made)
	}
	return ""
}

// union are the IDs of both runs' layers, at most n: the layers of A in order, then the layers of B alone. missing is how many are left out.
func union(a, b *Run, n int) (ids []string, missing int) {
	seen := map[string]bool{}
	for _, r := range []*Run{a, b} {
		for _, l := range r.Layers {
			if !seen[l.ID] {
				seen[l.ID] = true
				ids = append(ids, l.ID)
			}
		}
	}
	if len(ids) > n {
		return ids[:n], len(ids) - n
	}
	return ids, 0
}

// compareLayers is the table of a figure of all layers; nil if neither run has it, or if all are 0.
func compareLayers(id string, f layerFigure, ids []string, la, lb map[string]*Layer, a, b *Run) *table {
	t := &table{ID: id, Caption: upper(f.name) + " by layer", Cols: append(compareColumns("layer", a, b), column{Title: "", Bar: true})}
	get := func(m map[string]*Layer, id string) *float64 {
		if l := m[id]; l != nil {
			return f.of(l)
		}
		return nil
	}
	full := 0.0
	for _, id := range ids {
		full = max(full, deref(get(la, id)), deref(get(lb, id)))
	}
	if full == 0 {
		return nil
	}
	for _, id := range ids {
		x, y := get(la, id), get(lb, id)
		if x == nil && y == nil {
			continue
		}
		bars := &bar{}
		for i, v := range []*float64{x, y} {
			if w := round2(percentOf(deref(v), full)); w > 0 {
				bars.Parts = append(bars.Parts, part{Width: w, Class: []string{"busy", "second"}[i], lane: i, of: 2})
			}
		}
		t.Rows = append(t.Rows, row{Cells: append(append([]cell{words(id)}, compared(x, y, f.text)...), cell{Bar: bars})})
	}
	return t
}

// upper begins a text with a capital.
func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
