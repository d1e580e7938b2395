package report

import (
	"bytes"
	"fmt"
	"html/template"

	"hass/internal/report/layout"
)

// graphLegend explains the colours of the graph.
func (r *Run) graphLegend() (list []legend) {
	for i, from := range levels {
		to := 1.0
		if i+1 < len(levels) {
			to = levels[i+1]
		}
		list = append(list, legend{level(from), fmt.Sprintf("%s to %s", decimals(100*from, 0), percent(to, 0))})
	}
	if r.critical() != nil {
		list = append(list, legend{"mark-critical", "critical cycle"})
	}
	return list
}

// key is an entry of a picture's legend.
type key struct {
	legend
	X, Y float64
}

// Middle is the middle of its colour.
func (k key) Middle() float64 { return k.X + 6 }

// TextX and TextY are where its text stands.
func (k key) TextX() float64 { return k.X + 17 }

// TextY is the other coordinate of TextX.
func (k key) TextY() float64 { return k.Y + 10 }

// The legend of a picture in CSS pixels.
const (
	keyHeight = 22
	keyLetter = 5.5 // width of a letter, at most
	keyRoom   = 30  // of the colour and the gap behind the text
)

// pictureStyle are the rules of a picture that a page has from elsewhere.
const pictureStyle = `text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
.back { fill: var(--card); }
.limit { stroke: var(--mark); stroke-width: 3; }
`

// Graph is the graph of the network of a page's run as an SVG file of its own, in light and dark. The same data give the same bytes.
func (d *Data) Graph() ([]byte, error) {
	if len(d.Runs) != 1 {
		return nil, fmt.Errorf("a picture of the network is of one run, not of two")
	}
	r := d.Runs[0]
	g := draw(r, func(string) string { return "" })
	if g == nil {
		return nil, fmt.Errorf("there is no design with a network to draw, or it is too large")
	}
	p := struct {
		Graph         *graph
		Width, Height float64
		Left, Top     float64
		Keys          []key
		Style         template.CSS
	}{Graph: g, Width: max(g.Width, minPicture), Top: layout.Margin, Style: template.CSS(graphStyle + pictureStyle)}
	x := float64(layout.Margin)
	for _, l := range append([]legend{{"", "works"}}, r.graphLegend()...) {
		wide := keyLetter*float64(len([]rune(l.Text))) + keyRoom
		if x+wide > p.Width {
			x, p.Top = layout.Margin, p.Top+keyHeight
		}
		k := key{l, x, p.Top}
		if l.Class == "" { // words alone
			k.X -= 17
			wide -= 22
		}
		p.Keys = append(p.Keys, k)
		x += wide
	}
	p.Top += keyHeight
	p.Left = round2((p.Width - g.Width) / 2)
	p.Height = p.Top + g.Height
	var b bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&b, "picture", p); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}

// minPicture is the least width of a picture.
const minPicture = 480
