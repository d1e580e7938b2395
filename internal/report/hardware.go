package report

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/hw"
)

// hardware answers where resources go.
func (v *view) hardware() section {
	s := section{ID: "hardware", Title: "Where does the hardware go?", Short: "Hardware"}
	if len(v.Run.Resources) == 0 {
		s.Missing = append(s.Missing, lacking("Resources", "design.json or summary.json"))
		return s
	}
	var tight []string
	for _, x := range v.Run.Resources {
		if x.Share != nil && *x.Share >= 0.9 {
			tight = append(tight, fmt.Sprintf("%s of the budget of %s", percent(*x.Share, 1), x.Name))
		}
	}
	if s.Answer = "No resource is used to 90 % of its budget."; len(tight) > 0 {
		s.Answer = "Used: " + join(tight) + "."
	}
	t := &table{ID: "resources", Caption: "Resources against the budget", Plain: true, Cols: []column{{Title: "resource"}, {Title: "used", Num: true}, {Title: "error", Num: true, Help: "of the estimate"},
		{Title: "budget", Num: true}, {Title: "of budget", Num: true}, {Title: "", Bar: true}, {Title: "device", Num: true}}}
	for _, x := range v.Run.Resources {
		cells := []cell{words(x.Name), integer(x.Used), none, integer(x.Budget), numberOr(x.Share, func(u float64) string { return percent(u, 1) }), {Bar: budgetBar(&x)}, none}
		if x.Error > 0 {
			cells[2] = number(x.Error, "\u00b1 "+percent(x.Error, 1))
		}
		if x.Device != nil {
			cells[6] = integer(*x.Device)
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	b := block{Heading: "Against the budget", Table: t, Legend: []legend{{"busy", "used"}, {"over", "above the budget"}, {"mark-estimate", "budget"}, {"error", "error of the estimate"}}, After: v.costWords()}
	b.Intro = "The budget is the usable share of the device. LUTRAM is a part of LUT; BRAM18 counts 18 Kb halves, URAM 288 Kb blocks."
	s.Blocks = append(s.Blocks, b)
	if t := v.regionTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	}
	if t := v.costTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	} else {
		s.Missing = append(s.Missing, lacking("Resources of layers, FIFOs", "design.json"))
	}
	if t := v.fifoTable(); t != nil {
		s.Blocks = append(s.Blocks, *t)
	}
	return s
}

// budgetBar draws the used amount with its error against the budget, which stands at 80 % of the bar.
func budgetBar(x *Resource) *bar {
	const at = 80
	if x.Budget == 0 {
		return &bar{}
	}
	used := at * float64(x.Used) / float64(x.Budget)
	b := &bar{Marks: []mark{{at, "estimate"}}}
	b.Parts = append(b.Parts, part{Width: round2(min(used, at)), Class: "busy"})
	if used > at {
		b.Parts = append(b.Parts, part{X: at, Width: round2(min(100, used) - at), Class: "over"})
	}
	if e := used * x.Error; e > 0 {
		b.Parts = append(b.Parts, part{X: round2(max(0, used-e)), Width: round2(min(100-used+e, 2*e)), Class: "error", lane: 2, of: 5})
	}
	return b
}

// costWords says what the estimates rest on.
func (v *view) costWords() string {
	c := v.CostModel
	switch {
	case c == nil:
		return ""
	case !c.Calibrated || c.Tool == "":
		return "LUT and FF are estimated by formulas that were not fitted to synthesis; DSP, BRAM18 and URAM follow from mapping rules."
	}
	s := fmt.Sprintf("LUT and FF are estimated by formulas fitted to synthesis of %[3]s with %[1]s, %[2]s; DSP, BRAM18 and URAM follow from mapping rules. The estimates are of the RTL.", c.Tool, c.Date, count(c.Points, "module"))
	if c.Own != "" {
		s += " They are scaled by reports of " + c.Own + "."
	}
	return short(s, 4*maxName)
}

// costTable is the resources of every layer.
func (v *view) costTable() *block {
	full := v.largestShare()
	t := &table{ID: "costs", Caption: "Resources by layer", Cols: []column{{Title: "layer"}, {Title: "engine"}, {Title: "DSP", Num: true}, {Title: "LUT", Num: true}, {Title: "FF", Num: true},
		{Title: "BRAM18", Num: true}, {Title: "URAM", Num: true}, {Title: "LUTRAM", Num: true}, {Title: "of the budget, to " + percent(full, 0), Bar: true}}}
	if v.Regions != nil {
		t.Cols = append(t.Cols, column{Title: "region"})
	}
	add := func(name, engine cell, region string, c *Cost) {
		lut, ff := integer(c.LUT), integer(c.FF)
		if c.LUTError > 0 {
			lut.Tag = "\u00b1 " + percent(c.LUTError, 1)
		}
		if c.FFError > 0 {
			ff.Tag = "\u00b1 " + percent(c.FFError, 1)
		}
		b := &bar{}
		for i, s := range v.shares(c) {
			if w := percentOf(s, full); w > 0 {
				b.Parts = append(b.Parts, part{Width: round2(w), Class: []string{"dsp", "lut", "ram"}[i], lane: i, of: 3})
			}
		}
		if w := percentOf(v.shares(c)[1], full); w*c.LUTError > 0 {
			from, to := max(0, w*(1-c.LUTError)), min(100, w*(1+c.LUTError))
			b.Parts = append(b.Parts, part{X: round2(from), Width: round2(to - from), Class: "error", lane: 3, of: 7})
		}
		cells := []cell{name, engine, integer(c.DSP), lut, ff, integer(c.BRAM18), integer(c.URAM), integer(c.LUTRAM), {Bar: b}}
		if v.Regions != nil {
			cells = append(cells, words(region))
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	for _, l := range v.shown {
		if l.Cost == nil {
			continue
		}
		engine := l.Engine
		if engine == "" {
			engine = l.Kind
		}
		e := words(engine)
		e.Title = l.Hardware
		add(v.layerCell(l), e, l.Region, l.Cost)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	for i := range v.Run.Shared {
		x := &v.Run.Shared[i]
		add(words(x.What), words("shared"), "", &x.Cost)
	}
	return &block{Heading: "By layer", Table: t, Legend: []legend{{"dsp", "DSP"}, {"lut", "LUT"}, {"ram", "BRAM18"}, {"error", "error of LUT"}},
		Intro: "Estimates; nine of ten modules are within the given error. Bars are shares of the budget of DSP, LUT and BRAM18."}
}

// shares are those of the budget of DSP, LUT and BRAM18 that something takes; 0 without a budget.
func (v *view) shares(c *Cost) (list [3]float64) {
	for i, x := range []struct {
		name string
		used int
	}{{"DSP", c.DSP}, {"LUT", c.LUT}, {"BRAM18", c.BRAM18}} {
		for _, r := range v.Run.Resources {
			if r.Name == x.name && r.Budget > 0 {
				list[i] = float64(x.used) / float64(r.Budget)
			}
		}
	}
	return list
}

// largestShare is the largest of the shares of all layers and of what they share, with its error.
func (v *view) largestShare() (full float64) {
	raise := func(c *Cost) {
		s := v.shares(c)
		full = max(full, s[0], s[1]*(1+c.LUTError), s[2])
	}
	for _, l := range v.shown {
		if l.Cost != nil {
			raise(l.Cost)
		}
	}
	for i := range v.Run.Shared {
		raise(&v.Run.Shared[i].Cost)
	}
	return full
}

// regionTable is what lies in every region of the device; nil where it counts as one.
func (v *view) regionTable() *block {
	if v.Regions == nil {
		return nil
	}
	t := &table{ID: "regions", Caption: "Resources by region", Plain: true, Cols: []column{{Title: "region"}, {Title: "layers", Num: true}, {Title: "resource"}, {Title: "used", Num: true}, {Title: "budget", Num: true}, {Title: "of budget", Num: true}, {Title: "", Bar: true}}}
	for i := range v.Regions {
		r := &v.Regions[i]
		add := func(what string, used, budget int) {
			if used == 0 || budget == 0 {
				return
			}
			share := float64(used) / float64(budget)
			t.Rows = append(t.Rows, row{Cells: []cell{words(r.Name), integer(r.Layers), words(what), integer(used), integer(budget), {Text: percent(share, 1), Num: true}, {Bar: &bar{Parts: scale(1, []float64{share}, []string{"busy"})}}}})
		}
		used, budget := r.Used.Vec(), r.Budget.Vec()
		for k, name := range design.ResourceNames {
			add(name, used[k], budget[k])
		}
		add("wires to the next region", r.Cut, r.Wires)
	}
	return &block{Heading: "By region", Table: t, Intro: "The regions (SLRs) of the device, from the lowest, with the layers that are assigned to them in order."}
}

// fifoTable is every FIFO with its fill.
func (v *view) fifoTable() *block {
	if len(v.Run.FIFOs) == 0 {
		return nil
	}
	list := make([]*FIFO, len(v.Run.FIFOs))
	simulated := false
	for i := range v.Run.FIFOs {
		list[i] = &v.Run.FIFOs[i]
		simulated = simulated || list[i].Most != nil
	}
	intro := ""
	if len(list) > v.rowLimits.FIFOs {
		list = most(list, v.rowLimits.FIFOs, fifoWeight)
		*v.abridged = append(*v.abridged, fmt.Sprintf("the table of FIFOs shows %s of %s: those of skip connections, those between layers, and the largest", whole(len(list)), whole(len(v.Run.FIFOs))))
	}
	t := &table{ID: "fifos", Caption: "FIFOs", Cols: []column{{Title: "FIFO"}, {Title: "holds"}, {Title: "bits", Num: true, Help: "of a token"}, {Title: "depth", Num: true, Help: "in tokens"},
		{Title: "most", Num: true, Help: "tokens held at once, simulated"}, {Title: "", Bar: true}, {Title: "least", Num: true, Help: "least depth without deadlock, proved; one token less deadlocks"}, {Title: "memory"}, {Title: "from"}, {Title: "to"}}}
	for _, f := range list {
		most, b := none, &bar{}
		if f.Most != nil {
			most = integer(*f.Most)
			b.Parts = scale(float64(f.Depth), []float64{float64(*f.Most)}, []string{"busy"})
		}
		least := none
		if f.Minimum > 0 {
			least = integer(f.Minimum)
			b.Marks = []mark{{round2(percentOf(float64(f.Minimum), float64(f.Depth))), "estimate"}}
		}
		t.Rows = append(t.Rows, row{Cells: []cell{words(f.Name), words(f.Holds), integer(f.Bits), integer(f.Depth), most, {Bar: b}, least, words(f.Memory), words(f.From), words(f.To)}})
	}
	intro = "\u201cLeast\u201d is the proved least depth of a skip connection that needs more than the default depth: one token less deadlocks."
	if !simulated {
		intro += " The fill is unknown without simulation.json."
	}
	return &block{Heading: "FIFOs", Intro: intro, Table: t, Legend: []legend{{"busy", "most tokens at once"}, {"mark-estimate", "least depth"}}}
}

// fifoWeight is how much a FIFO matters where not all are shown.
func fifoWeight(f *FIFO) float64 {
	w := float64(f.Bits) * float64(f.Depth) / 1e12
	if f.Holds == string(hw.TensorToken) {
		w++
	}
	if f.Minimum > 0 {
		w += 2
	}
	return w
}
