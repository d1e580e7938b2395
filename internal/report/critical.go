package report

import (
	"fmt"
	"slices"

	"hass/internal/critical"
)

// critical is the critical cycle of the simulation, nil if it is not known.
func (r *Run) critical() *critical.Cycle {
	if r.Simulation == nil {
		return nil
	}
	return r.Simulation.Critical
}

// criticalLayers are the layers of the processes on the critical cycle.
func (r *Run) criticalLayers() map[string]bool {
	on := map[string]bool{}
	if c := r.critical(); c != nil {
		for _, p := range c.Processes {
			on[p.Layer] = p.Layer != ""
		}
	}
	return on
}

// criticalStreams are the streams on the critical cycle.
func (r *Run) criticalStreams() map[string]bool {
	on := map[string]bool{}
	if c := r.critical(); c != nil {
		for _, s := range c.Streams {
			on[s.Name] = true
		}
	}
	return on
}

// criticalWords is a sentence that names the processes of the critical cycle; "" if the cycle is not known.
func (v *view) criticalWords() string {
	c := v.critical()
	switch {
	case c == nil:
		return ""
	case len(c.Processes) == 1 && len(c.Streams) == 0:
		p := c.Processes[0]
		return fmt.Sprintf("The critical cycle is %s alone, which never waits.", short(p.Name, maxName))
	}
	names := make([]string, 0, criticalNames+1)
	for _, p := range c.Processes[:min(len(c.Processes), criticalNames)] {
		names = append(names, short(p.Name, maxName))
	}
	if n := len(c.Processes) - criticalNames; n > 0 {
		names = append(names, count(n, "other"))
	}
	return fmt.Sprintf("The critical cycle leads through %s.", join(names))
}

// criticalName names the critical cycle of a run for a table; "" if it is not known.
func criticalName(r *Run) string {
	c := r.critical()
	switch {
	case c == nil:
		return ""
	case len(c.Processes) == 1:
		return c.Processes[0].Name
	}
	return fmt.Sprintf("%s and %s", c.Processes[0].Name, count(len(c.Processes)-1, "other"))
}

// criticalNames is how many processes criticalWords names.
const criticalNames = 3

// criticalRows is how many rows the table of the critical cycle has.
const criticalRows = 40

// criticalTable is the critical cycle, nil if it is not known.
func (v *view) criticalTable() *block {
	c := v.critical()
	if c == nil {
		return nil
	}
	type part struct {
		name, does string
		class      string
		layer      string
		times      cell
		cycles     int64
	}
	var parts []part
	for _, p := range c.Processes {
		parts = append(parts, part{p.Name, "works", "busy", p.Layer, none, p.Cycles})
	}
	var full []string
	for _, s := range c.Streams {
		x := part{s.Name, "brings data", "starved", "", number(float64(s.Times), whole(int(s.Times))), s.Cycles}
		if s.Full {
			x.does, x.class = "gives room", "blocked"
			full = append(full, short(s.Name, maxName))
		}
		parts = append(parts, x)
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		switch {
		case a.cycles > b.cycles:
			return -1
		case a.cycles < b.cycles:
			return 1
		}
		return 0
	})
	t := &table{ID: "critical", Caption: "The critical cycle", Plain: len(parts) <= 12, Cols: []column{{Title: "process or stream"}, {Title: "layer"}, {Title: "on the cycle it"},
		{Title: "times", Num: true, Help: "tokens, or places in the FIFO, that the cycle waits for"}, {Title: "cycles", Num: true, Help: "of the cycle's length"}, {Title: "share", Num: true}, {Title: "", Bar: true}}}
	for _, x := range parts[:min(len(parts), criticalRows)] {
		layer := cell{Text: "\u2013", Class: "none"}
		if x.layer != "" {
			layer = words(x.layer)
			layer.Link = v.rows[x.layer]
		}
		share := c.Share(x.cycles)
		t.Rows = append(t.Rows, row{Cells: []cell{words(x.name), layer, words(x.does), x.times, number(float64(x.cycles), whole(int(x.cycles))), {Text: percent(share, 1), Num: true},
			{Bar: &bar{Parts: scale(1, []float64{share}, []string{x.class})}}}})
	}
	b := &block{Heading: "The critical cycle", Table: t,
		Intro: fmt.Sprintf("The chain of causes that limits the interval, over %s of %s: from a process back to the same process, each part begins when the one before it ends. Faster hardware that is not on it gains nothing. Other chains may be as long.",
			count(int(c.Cycles), "cycle"), count(c.Images, "simulated image"))}
	switch {
	case len(full) == 0:
		b.After = "It waits for no room, so deeper FIFOs gain nothing."
	case len(full) <= criticalNames:
		b.After = "It waits for room in " + join(full) + ": deeper FIFOs elsewhere gain nothing."
	default:
		b.After = fmt.Sprintf("It waits for room in %s: deeper FIFOs elsewhere gain nothing.", count(len(full), "stream"))
	}
	if n := len(parts) - criticalRows; n > 0 {
		b.After += fmt.Sprintf(" %s of fewer cycles are in simulation.json.", count(n, "further part"))
	}
	return b
}
