package report

import (
	"fmt"
	"slices"

	"hass/internal/design"
)

// denseBlock sets the design against the best one of the same question and budget whose engines skip no zeros. It is empty where nobody
// looked for one.
func (v *view) denseBlock() (block, bool) {
	o := v.Dense
	if o == nil {
		return block{}, false
	}
	b := block{Heading: "Against engines that skip no zeros"}
	if o.Engines == "itself" {
		b.Intro = "No engine of this design skips zeros: it is the dense design."
		return b, true
	}
	b.Intro = fmt.Sprintf("The best design of %s engines alone, for the same question and budget, by prediction.", o.Engines)
	if !o.Fits {
		b.Intro += " It does not fit."
	}
	t := &table{ID: "dense", Caption: "This design and the dense one", Plain: true,
		Cols: []column{{Title: "figure"}, {Title: "this design", Num: true}, {Title: "dense", Num: true}, {Title: "note"}}}
	add := func(name string, this, dense cell, note string) {
		t.Rows = append(t.Rows, row{Cells: []cell{words(name), this, dense, words(note)}})
	}
	rate, cycles := none, none
	if p := v.Prediction; p != nil {
		rate, cycles = numberOr(p.ImagesPerSecond, rateText), number(p.CyclesPerImage, cyclesText(p.CyclesPerImage))
	}
	add("images/s", rate, number(o.ImagesPerSecond, rateText(o.ImagesPerSecond)), "predicted, each at its own clock")
	add("rate, as a multiple", number(o.RateRatio, decimals(o.RateRatio, 2)), none, "of the dense rate: the gain from skipping zeros")
	add("cycles per image", cycles, number(o.CyclesPerImage, cyclesText(o.CyclesPerImage)), "predicted")
	if c := v.Clock; c != nil {
		add("clock in MHz", number(c.MHz, trimmed(c.MHz)), number(o.MHz, trimmed(o.MHz)), "")
	}
	used := o.Resources.Vec()
	for _, r := range v.Resources {
		if i := slices.Index(design.ResourceNames[:], r.Name); i >= 0 {
			add(r.Name, integer(r.Used), integer(used[i]), "")
		}
	}
	b.Table = t
	return b, true
}
