package report

import (
	"html/template"

	"hass/internal/waterfall"
)

// draws tells whether the page has room for the picture of a frame.
func (lim rowLimits) draws(f *waterfall.Frame) bool {
	return len(f.Layers) <= min(lim.Layers/4, waterfall.MostRows)
}

// frameBlock is the way of one image through the layers.
func (v *view) frameBlock() (block, bool) {
	if v.Simulation == nil || v.Simulation.Frame == nil || v.Clock == nil {
		return block{}, false
	}
	f := v.Simulation.Frame
	if !v.draws(f) {
		*v.abridged = append(*v.abridged, "the picture of one image in time, which has too many layers")
		return block{}, false
	}
	return block{
		Heading: "One image in time",
		Intro: "The way of the first image, alone, through the layers: a bar from a layer's first input to its last output. Behind the fill it shows the layer's busiest module: " +
			"waits for data from above, waits for room from below, each as high as its share of that time. Titles of the bars name the streams.",
		Picture: template.HTML(waterfall.Element(f, "One image through "+short(v.Model, maxName), v.Clock.MHz)),
	}, true
}
