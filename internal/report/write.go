package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's texts
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"hass/internal/artifact"
	"hass/internal/waterfall"
)

//go:embed page.html.tmpl
var pageText string

//go:embed graph.css
var graphStyle string

//go:embed style.css
var pageStyle string

// styleText is the style of the page and of the pictures in it.
var styleText = graphStyle + pageStyle + waterfall.Style

//go:embed script.js
var scriptText string

// MaxBytes bounds a page.
const MaxBytes = 2_000_000

// maxLayers bounds the layers of a run: with fewer, one page always has room for the figures of all.
const maxLayers = 4000

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// New is the data of a page of one run, or of two that are compared, with all that follows from the runs' figures. Its errors say
// which run cannot be shown.
func New(runs ...*Run) (*Data, error) {
	if len(runs) < 1 || len(runs) > 2 {
		return nil, fmt.Errorf("report: %d runs; a page shows one or two", len(runs))
	}
	d := &Data{Header: artifact.NewHeader(Schema, Version, map[string]string{}), Runs: runs}
	for i, r := range runs {
		if n := len(r.Layers); n > maxLayers {
			return nil, fmt.Errorf("report: %d layers are too many for a page, which has room for %d: hass show prints them all", n, maxLayers)
		}
		r.finish()
		for k := range r.Sources {
			if s := &r.Sources[k]; s.Given() {
				name := strings.TrimSuffix(s.File, ".json")
				if len(runs) > 1 {
					name = []string{"a ", "b "}[i] + name
				}
				d.Inputs[name] = s.SHA256
			}
		}
	}
	if len(runs) == 2 {
		d.Differences = differences(runs[0], runs[1])
	}
	return d, nil
}

// HTML is the page: one file that asks for no other, at most MaxBytes long. What does not fit is left out, and the page says so. Equal
// data give equal bytes.
func (d *Data) HTML() ([]byte, error) {
	for _, lim := range []rowLimits{{1500, 2000, 20, 2000}, {700, 500, 20, 500}, {250, 100, 10, 150}} {
		page, err := d.render(lim)
		if err != nil {
			return nil, err
		}
		if len(page) <= MaxBytes {
			return page, nil
		}
	}
	return nil, fmt.Errorf("report: the page would have more than %d bytes: hass show and the JSON artefacts have the same figures", MaxBytes)
}

// render makes a page with limited tables.
func (d *Data) render(lim rowLimits) ([]byte, error) {
	var abridged []string
	var p *page
	if len(d.Runs) == 2 {
		p = comparePage(d, lim, &abridged)
	} else {
		p = pageOf(d.Runs[0], lim, &abridged)
	}
	p.Abridged, p.Tool = abridged, d.Tool
	shown := *d
	shown.Abridged = abridged
	shown.Runs = nil
	for _, r := range d.Runs {
		shown.Runs = append(shown.Runs, r.abridge(lim, p.layers))
	}
	shown.Differences = nil
	for _, x := range d.Differences {
		if x.Layer == "" || p.layers[x.Layer] {
			shown.Differences = append(shown.Differences, x)
		}
	}
	// Marshal writes <, > and & as \u003c and so on, so that no text ends the element.
	data, err := json.Marshal(&shown)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, struct {
		*page
		Style, StyleHash string
		CSS              template.CSS
		JS               template.JS
		ScriptHash       string
		Data             template.JS
	}{page: p, StyleHash: hash(styleText), ScriptHash: hash(scriptText), CSS: template.CSS(styleText), JS: template.JS(scriptText), Data: template.JS(data)})
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}

// hash is how a content security policy names a text.
func hash(text string) string {
	h := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}

// abridge is the run with the rows that tables show.
func (r *Run) abridge(lim rowLimits, layers map[string]bool) *Run {
	c := *r
	c.Model = short(r.Model, maxName)
	c.Layers = nil
	for _, l := range r.Layers {
		if !layers[l.ID] {
			continue
		}
		x := *l
		x.Name = short(l.Name, maxName)
		c.Layers = append(c.Layers, &x)
	}
	if len(r.FIFOs) > lim.FIFOs {
		list := make([]*FIFO, len(r.FIFOs))
		for i := range r.FIFOs {
			list[i] = &r.FIFOs[i]
		}
		c.FIFOs = nil
		for _, f := range most(list, lim.FIFOs, fifoWeight) {
			c.FIFOs = append(c.FIFOs, *f)
		}
	}
	if r.Search != nil {
		c.Search = r.Search.abridge(lim)
	}
	if r.Simulation != nil && r.Simulation.Frame != nil && !lim.draws(r.Simulation.Frame) {
		simulation := *r.Simulation
		simulation.Frame = nil
		c.Simulation = &simulation
	}
	if k := c.critical(); k != nil {
		shown := *k
		shown.Processes, shown.Streams = k.Processes[:min(len(k.Processes), lim.FIFOs)], k.Streams[:min(len(k.Streams), lim.FIFOs)]
		simulation := *c.Simulation
		simulation.Critical = &shown
		c.Simulation = &simulation
	}
	c.Modules = r.Modules[:min(len(r.Modules), lim.Modules)]
	return &c
}

// most are the n elements of most weight, in their order. Of equal ones the first come.
func most[T any](list []T, n int, weight func(T) float64) []T {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := weight(list[a]), weight(list[b]); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	order = order[:min(n, len(order))]
	slices.Sort(order)
	var kept []T
	for _, i := range order {
		kept = append(kept, list[i])
	}
	return kept
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
