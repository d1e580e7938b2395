package report

import (
	"fmt"
	"strings"
)

// works answers whether the accelerator does what it should.
func (v *view) works() section {
	s := section{ID: "works", Title: "Does it work?", Short: "Works"}
	made, wrong := v.checked()
	switch {
	case len(wrong) > 0:
		s.Answer = "No: it differs from the integer network, " + join(wrong) + "."
	case len(made) > 0:
		s.Answer = "Yes, in every comparison that was made. Bit-identical to the integer network: " + join(made) + "."
	}
	if v.Fits != nil && !*v.Fits {
		s.Answer = strings.TrimSpace(s.Answer + " It does not fit the budget: " + strings.Join(v.Shortfall, "; ") + ".")
	}
	if v.Summary == nil {
		s.Missing = append(s.Missing, lacking("Accuracy and comparisons", "summary.json"))
	} else {
		if a := v.Summary.Accuracy; a != nil {
			s.Blocks = append(s.Blocks, accuracyBlock(a))
		}
	}
	if t := v.snrTable(); t != nil {
		intro := "Signal-to-noise ratio of each layer's output, integer against float network"
		if v.Fidelity != nil {
			intro += fmt.Sprintf(", on %s", count(v.Fidelity.Images, "calibration image"))
		}
		s.Blocks = append(s.Blocks, block{Heading: "Noise by layer", Intro: intro + ". The noise of earlier layers is included; 6 dB are about one bit.", Table: t})
	} else {
		s.Missing = append(s.Missing, lacking("Signal to noise of layers", "summary.json or profile.json"))
	}
	if f := v.Fidelity; f != nil && f.Losses > 0 {
		b := block{Heading: "Loss of range", Intro: fmt.Sprintf("%s; summary.json and profile.json list all.", count(f.Losses, "warning"))}
		for _, w := range f.Worst {
			b.List = append(b.List, item{bad, "!", "", short(w, 4*maxName)})
		}
		s.Blocks = append(s.Blocks, b)
	}
	return s
}

func accuracyBlock(a *Accuracy) block {
	b := block{Heading: "Accuracy", Intro: fmt.Sprintf("On %s of the %s set.", count(a.Images, "image"), a.Set)}
	if a.Set == "calibration" {
		b.Intro += " The number formats were fitted to these images, so the result is optimistic."
	}
	t := &table{ID: "accuracy", Caption: "Accuracy by output", Plain: true,
		Cols: []column{{Title: "output"}, {Title: "measure"}, {Title: "float", Num: true}, {Title: "integer", Num: true}, {Title: "signal to noise", Unit: "dB", Num: true},
			{Title: "agreement", Num: true, Help: "share of images with the same top answer"}, {Title: "divergence", Unit: "nats", Num: true}}}
	if a.Measure != "" && a.Float != nil && a.Integer != nil {
		show := func(v float64) cell {
			text, unit := measureText(a.Measure, v)
			return number(v, text+unit)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{words("by labels"), words(measureName(a.Measure)), show(*a.Float), show(*a.Integer), none, none, none}})
	} else {
		b.After = short(a.Why, 4*maxName)
	}
	for _, o := range a.Outputs[:min(len(a.Outputs), 50)] {
		t.Rows = append(t.Rows, row{Cells: []cell{words(o.Name), words("against float, " + string(o.Kind)), none, none, numberOr(o.SNR, func(x float64) string { return decimals(x, 2) }),
			numberOr(o.Agreement, func(x float64) string { return percent(x, 2) }), numberOr(o.Divergence, func(x float64) string { return scientific(x) })}})
	}
	b.Table = t
	return b
}

// snrTable is the signal to noise of every layer; nil if none is known.
func (v *view) snrTable() *table {
	top, known := 0.0, false
	for _, l := range v.shown {
		if l.SNR != nil {
			known = true
			top = max(top, deref(l.SNR.DB))
		}
	}
	if !known {
		return nil
	}
	t := &table{ID: "snr", Caption: "Signal to noise by layer",
		Cols: []column{{Title: "layer"}, {Title: "in the model"}, {Title: "signal to noise", Unit: "dB", Num: true}, {Title: "", Bar: true}}}
	for _, l := range v.shown {
		if l.SNR == nil {
			continue
		}
		c := cell{Text: "exact", Num: true, Title: "nothing differs, or the signal is 0"}
		b := &bar{}
		if l.SNR.DB != nil {
			c = number(*l.SNR.DB, decimals(*l.SNR.DB, 2))
			b.Parts = scale(top, []float64{*l.SNR.DB}, []string{"signal"})
		}
		t.Rows = append(t.Rows, row{Cells: []cell{v.layerCell(l), words(l.Name), c, {Bar: b}}})
	}
	return t
}

// layerCell names a layer and leads to its row in the table of cycles.
func (v *view) layerCell(l *Layer) cell {
	c := words(l.ID)
	c.Link = v.rows[l.ID]
	return c
}
