package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hass/internal/report/layout"
)

// graph is the drawing of a network.
type graph struct {
	Title  string
	Text   string // what it shows, for those who do not see it
	Width  float64
	Height float64
	Nodes  []node
	Lines  []line
	Labels []label
}

// node is a box.
type node struct {
	X, Y, W, H float64
	Class      string
	Lines      [3]string // name, kind, cycles
	Title      string    // all of it
	Link       string    // ID of the layer's row, or ""
	Used       float64   // width of the bar of utilisation
	Tag        string    // what marks it
}

// Bottom is where the bar of utilisation is drawn.
func (n node) Bottom() float64 { return n.Y + n.H - 3.5 }

// TagX and TagY are where the mark stands: below the box's corner.
func (n node) TagX() float64 { return n.X + 4 }

// TagY is the other coordinate of TagX.
func (n node) TagY() float64 { return n.Y + n.H + 13 }

// inBox is a line of a box.
type inBox struct {
	X, Y        float64
	Class, Text string
}

// Text are the lines of the box.
func (n node) Text() (list []inBox) {
	y := n.Y + 18
	if n.Lines[1] == "" {
		y = n.Y + n.H/2 + 4
	}
	for i, s := range n.Lines {
		if s == "" {
			continue
		}
		class := "more"
		if i == 0 {
			class = "name"
		}
		list = append(list, inBox{n.X + 10, y, class, s})
		y += 16
	}
	return list
}

// line is an edge.
type line struct {
	Path  string
	Arrow string
	Wide  float64 // stroke
	Class string
	Title string
}

// label is text at an edge.
type label struct {
	X, Y float64
	Text string
	End  bool // ends at X
}

// levels are where the colours of utilisation begin. A design is balanced, so they are finer towards 1.
var levels = []float64{0, 0.5, 0.75, 0.9, 0.98}

// level is the colour of a utilisation of 0..1.
func level(u float64) string {
	i := len(levels) - 1
	for i > 0 && u < levels[i] {
		i--
	}
	return fmt.Sprintf("level u%d", i)
}

// draw draws the network of a run; nil if it has none or if it is too large.
func draw(r *Run, link func(id string) string) *graph {
	if len(r.Edges) == 0 {
		return nil
	}
	var ids []string
	number := map[string]int{}
	add := func(id string) {
		if _, ok := number[id]; !ok {
			number[id] = len(ids)
			ids = append(ids, id)
		}
	}
	layers := map[string]*Layer{}
	add("input")
	for _, l := range r.Layers {
		if l.Cost != nil { // a layer of the design
			add(l.ID)
			layers[l.ID] = l
		}
	}
	for _, e := range r.Edges {
		add(e.From)
		add(e.To)
	}
	pairs := make([][2]int, len(r.Edges))
	for i, e := range r.Edges {
		if pairs[i] = [2]int{number[e.From], number[e.To]}; pairs[i][0] >= pairs[i][1] {
			return nil // in no order that can be drawn
		}
	}
	onLayers, onStreams := r.criticalLayers(), r.criticalStreams()
	l := layout.Arrange(len(ids), pairs)
	if l == nil {
		return nil
	}
	g := &graph{Title: "The network of " + short(r.Model, maxName)}
	into := make([]int, len(ids))
	for _, e := range pairs {
		into[e[1]]++
	}
	top := make([]float64, len(l.Ranks))
	y := float64(layout.Margin)
	for k, rank := range l.Ranks {
		lines := 0
		for _, p := range rank {
			if v := l.Places[p].Node; v >= 0 && into[v] > 0 {
				lines = max(lines, labelLines(into[v]))
			}
		}
		if k > 0 {
			y += layout.RankGap + float64(layout.LabelLine*lines)
		}
		top[k] = y
		y += layout.NodeHeight
	}
	g.Height = y + layout.Margin
	for i := range l.Places {
		g.Width = max(g.Width, l.Places[i].X+l.Places[i].Width()/2)
	}
	g.Width += 2*layout.Margin + labelRoom
	for v, id := range ids {
		p := &l.Places[l.At[v]]
		g.Nodes = append(g.Nodes, boxOf(id, layers[id], onLayers[id], p.X+layout.Margin-layout.NodeWidth/2, top[p.Rank], link))
	}
	rankOf := func(k int) int { return l.Places[l.Routes[k][len(l.Routes[k])-1]].Rank }
	seen := make([]int, len(ids)) // labels at a node so far
	order := make([]int, len(pairs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case l.Enter[a] < l.Enter[b]:
			return -1
		case l.Enter[a] > l.Enter[b]:
			return 1
		}
		return 0
	})
	for _, k := range order {
		e, to := &r.Edges[k], pairs[k][1]
		edge := route(l, k, top, e)
		if onStreams[e.FIFO] {
			edge.Class, edge.Title, edge.Wide = "edge critical", edge.Title+"; on the critical cycle", max(edge.Wide, 3)
		}
		g.Lines = append(g.Lines, edge)
		x := l.Places[l.At[to]].X + layout.Margin + l.Enter[k]
		yy := top[rankOf(k)]
		text := fmt.Sprintf("%s\u202fbit \u00d7 %s", whole(e.Bits), whole(e.Depth))
		n := into[to]
		switch i := seen[to]; {
		case n <= 2:
			g.Labels = append(g.Labels, label{x + 7 - 14*boolTo(n == 2 && i == 0), yy - 9, text, n == 2 && i == 0})
		case n <= maxLabels:
			g.Labels = append(g.Labels, label{x + 7, yy - 9 - float64(layout.LabelLine*(n-1-i)), text, false})
		case i == 0:
			g.Labels = append(g.Labels, label{x + 7, yy - 9, fmt.Sprintf("%d streams: see the FIFOs", n), false})
		}
		seen[to]++
	}
	g.Text = fmt.Sprintf("%d layers in %d ranks from the input at the top to the output at the bottom, joined by %d streams. The tables of cycles and of FIFOs have all that it shows.",
		len(r.Layers), len(l.Ranks), len(r.Edges))
	return g
}

// maxLabels is how many edges into a node have labels.
const maxLabels = 4

// labelRoom is the width that labels take to the right of the last node's middle, beyond the node.
const labelRoom = 24

// labelLines is the number of lines that the labels of n edges take.
func labelLines(n int) int {
	if n <= 2 || n > maxLabels {
		return 1
	}
	return n
}

func boolTo(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// route is the line of an edge.
func route(l *layout.Layout, k int, top []float64, e *Edge) line {
	var b strings.Builder
	places := l.Routes[k]
	first := &l.Places[places[0]]
	x, y := first.X+layout.Margin+l.Leave[k], top[first.Rank]+layout.NodeHeight
	fmt.Fprintf(&b, "M%s %s", coordinate(x), coordinate(y))
	for i, p := range places[1:] {
		at := &l.Places[p]
		nx, ny := at.X+layout.Margin, top[at.Rank]
		if i == len(places)-2 {
			nx += l.Enter[k]
			ny -= 5 // the arrow
		}
		if nx == x {
			fmt.Fprintf(&b, "V%s", coordinate(ny))
		} else {
			middle := (y + ny) / 2
			fmt.Fprintf(&b, "C%s %s %s %s %s %s", coordinate(x), coordinate(middle), coordinate(nx), coordinate(middle), coordinate(nx), coordinate(ny))
		}
		x, y = nx, ny
		if i < len(places)-2 {
			y = top[at.Rank] + layout.NodeHeight
			fmt.Fprintf(&b, "V%s", coordinate(y))
		}
	}
	return line{Class: "edge", Path: b.String(), Arrow: fmt.Sprintf("M%s %sl4.5 -8h-9z", coordinate(x), coordinate(y+5)),
		Wide:  round2(1 + math.Log2(float64(max(1, e.Bits)))/5),
		Title: fmt.Sprintf("%s: %s to %s, %d bit a token, %d tokens deep, %s tokens an image", e.FIFO, e.From, e.To, e.Bits, e.Depth, whole(e.Tokens))}
}

// coordinate prints a coordinate with a digit.
func coordinate(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// nameRoom is how many characters of a name a box shows.
const nameRoom = 26

// boxOf is the box of a layer, which may be on the critical cycle, or of an input or output.
func boxOf(id string, l *Layer, critical bool, x, y float64, link func(id string) string) node {
	b := node{X: round2(x), Y: y, W: layout.NodeWidth, H: layout.NodeHeight, Class: "io", Title: id}
	b.Lines[0] = short(id, nameRoom)
	if l == nil {
		b.H = layout.NodeHeight - 24
		if id != "input" { // its readers are below
			return b
		}
		b.Y += 24
		return b
	}
	b.Link = link(id)
	b.Lines[1] = l.Kind
	if l.Engine != "" {
		b.Lines[1] += " \u00b7 " + l.Engine
	}
	b.Lines[1] += " \u00b7 " + shape(l.Out)
	b.Class = "unknown"
	title := []string{id + " (" + short(l.Name, maxName) + ")", b.Lines[1], l.Hardware}
	spent := "no figure"
	if t := l.Time; t != nil {
		spent = cyclesText(t.Busy) + " cycles"
	} else if l.Estimate != nil {
		spent = cyclesText(*l.Estimate) + " cycles"
	}
	if u := l.Utilisation; u != nil {
		b.Class = level(*u)
		b.Used = round2(layout.NodeWidth * min(1, *u))
		spent += ", busy " + percent(*u, 0)
	}
	b.Lines[2] = spent
	title = append(title, spent)
	var tags []string
	switch {
	case l.Bottleneck:
		tags = append(tags, "bottleneck")
	case l.Busiest:
		tags = append(tags, "busiest")
	}
	if critical {
		tags = append(tags, "critical cycle")
	}
	if b.Tag = strings.Join(tags, ", "); b.Tag != "" {
		b.Class += " marked"
		title = append(title, b.Tag)
	}
	b.Title = strings.Join(title, "; ")
	return b
}
