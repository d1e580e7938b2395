// Package waterfall draws the way of one image through the layers of a design.
//
// It takes cycles by layer, measured elsewhere, and gives an SVG picture: one bar per layer from its first input to its last output.
package waterfall

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Frame is the way of one image. Cycles count from 0, the first in which the design could take a word of it.
type Frame struct {
	Cycles int64   `json:"cycles"` // until the last output word has left
	Step   int64   `json:"step"`   // cycles of an entry of Starved and Blocked
	Layers []Layer `json:"layers"` // in the order of the network
}

// Layer is the work of one layer. From FirstIn to LastOut, both included, are Fill + Busy + Drain cycles and those of Waits.
type Layer struct {
	ID   string `json:"layer"`
	What string `json:"what"` // operator and engine, for people
	// FirstIn is the cycle in which the layer reads its first input, FirstOut that in which it writes its first output, LastOut
	// that in which it writes its last.
	FirstIn  int64 `json:"first_in"`
	FirstOut int64 `json:"first_out"`
	LastOut  int64 `json:"last_out"`
	Fill     int64 `json:"fill"` // cycles before FirstOut
	// The rest is told by one process, the layer's busiest from FirstOut on: the cycles in which it works, those after its end, in which its
	// results pass the processes behind it, and those in which it waits.
	Process string `json:"process"`
	Busy    int64  `json:"busy"`
	Drain   int64  `json:"drain"`
	Waits   []Wait `json:"waits,omitempty"` // the longest first
	// Starved and Blocked are its waits by time, for data and for room, in steps of Frame.Step cycles, of which entry 0 is the one with
	// FirstOut in it.
	Starved []int64 `json:"starved_by_step"`
	Blocked []int64 `json:"blocked_by_step"`
}

// Wait is the cycles in which a process waited for data of a stream or, if Full, for room in it.
type Wait struct {
	Stream string `json:"stream"`
	Full   bool   `json:"full"`
	Cycles int64  `json:"cycles"`
}

// MostSteps is the largest number of steps of a frame.
const MostSteps = 120

// Check says what is wrong with a frame that was read from a file, or nil: everything that Write relies on.
func (f *Frame) Check() error {
	if f.Cycles < 1 || f.Step < 1 || (f.Cycles-1)/f.Step >= MostSteps {
		return fmt.Errorf("%d cycles in steps of %d: want 1 to %d steps", f.Cycles, f.Step, MostSteps)
	}
	for i := range f.Layers {
		l := &f.Layers[i]
		if l.FirstIn < 0 || l.FirstOut < l.FirstIn || l.LastOut < l.FirstOut || l.LastOut >= f.Cycles {
			return fmt.Errorf("layer %.80q: first input in cycle %d, outputs from %d to %d of %d cycles", l.ID, l.FirstIn, l.FirstOut, l.LastOut, f.Cycles)
		}
		sum := l.Fill + l.Busy + l.Drain
		for _, w := range l.Waits {
			sum += w.Cycles
		}
		if least := slices.Min([]int64{l.Fill, l.Busy, l.Drain}); least < 0 || sum != l.LastOut+1-l.FirstIn {
			return fmt.Errorf("layer %.80q: %d cycles are accounted for, of %d", l.ID, sum, l.LastOut+1-l.FirstIn)
		}
		if n := int(l.LastOut/f.Step-l.FirstOut/f.Step) + 1; len(l.Starved) != n || len(l.Blocked) != n {
			return fmt.Errorf("layer %.80q: waits of %d and %d steps, want %d", l.ID, len(l.Starved), len(l.Blocked), n)
		}
	}
	return nil
}

// The measures of a picture, in pixels.
const (
	letter = 7   // of a name, on average at most
	names  = 44  // letters of a name, at most
	plot   = 640 // of the bars
	right  = 300 // of the words
	row    = 22
	bar    = 14
	top    = 92
	bottom = 46
)

// MostRows is the largest number of layers that a picture shows; of a larger frame it shows the first ones and says so.
const MostRows = 400

// left is the room of the names of rows layers.
func (f *Frame) left(rows int) int {
	longest := 8
	for i := range f.Layers[:rows] {
		longest = max(longest, min(names, len([]rune(f.Layers[i].ID))))
	}
	return letter*longest + 24
}

// Style is the CSS of a picture's classes, in light and dark.
const Style = `.wf { --wf-back: #ffffff; --wf-text: #1b1d20; --wf-soft: #5a6068; --wf-line: #dddfe2; --wf-fill: #b4d0e8; --wf-busy: #2f6fae; --wf-starved: #b87708; --wf-blocked: #b3432f; --wf-drain: #c9ced4; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { .wf { --wf-back: #14161a; --wf-text: #e6e8ea; --wf-soft: #a2a9b2; --wf-line: #32373e; --wf-fill: #284c70; --wf-busy: #5d9fe0; --wf-starved: #d9a03c; --wf-blocked: #e07a64; --wf-drain: #4a5058; } }
.wf .back { fill: var(--wf-back); } .wf text { fill: var(--wf-text); } .wf .soft { fill: var(--wf-soft); } .wf .head { font-size: 16px; font-weight: 600; }
.wf .end { text-anchor: end; } .wf .mid { text-anchor: middle; } .wf .grid { stroke: var(--wf-line); fill: none; }
.wf .fill { fill: var(--wf-fill); } .wf .busy { fill: var(--wf-busy); } .wf .starved { fill: var(--wf-starved); } .wf .blocked { fill: var(--wf-blocked); } .wf .drain { fill: var(--wf-drain); }
`

// legend are the parts of a bar.
var legend = []struct{ class, text string }{
	{"fill", "fill: before its first output"}, {"busy", "works"}, {"starved", "waits for data"}, {"blocked", "waits for room"}, {"drain", "drains: its busiest module is done"},
}

// Write writes a picture of a frame, which Check accepts, at a clock of mhz MHz, as a file of its own.
func Write(w io.Writer, f *Frame, title string, mhz float64) error {
	b := bufio.NewWriter(w)
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	b.WriteString(draw(f, title, mhz, ` xmlns="http://www.w3.org/2000/svg"`, "<style>\n"+Style+"</style>\n"))
	return b.Flush()
}

// Element is the picture's svg element for a page of HTML that has Style. All texts in it are escaped.
func Element(f *Frame, title string, mhz float64) string { return draw(f, title, mhz, "", "") }

// draw is the svg element with further attributes and content.
func draw(f *Frame, title string, mhz float64, attributes, style string) string {
	var b strings.Builder
	rows := min(len(f.Layers), MostRows)
	height, left := top+rows*row+bottom, f.left(rows)
	width := left + plot + right
	us := func(cycles int64) string { return number(float64(cycles) / mhz) }
	about := fmt.Sprintf("%s cycles, %s \u00b5s at %s MHz", count(f.Cycles), us(f.Cycles), number(mhz))
	if rows < len(f.Layers) {
		about += fmt.Sprintf("; the first %d of %d layers", rows, len(f.Layers))
	}
	fmt.Fprintf(&b, `<svg%s class="wf" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="wf-title wf-about">`+"\n", attributes, width, height, width, height)
	fmt.Fprintf(&b, "<title id=\"wf-title\">%s</title>\n<desc id=\"wf-about\">%s. One bar per layer, from its first input to its last output.</desc>\n%s",
		escape(title, 500), about, style)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text class="head" x="12" y="24">%s</text><text class="soft" x="12" y="42">%s</text>`+"\n", escape(title, 130), about)
	x := 12
	for _, l := range legend {
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="52" width="12" height="12"/><text class="soft" x="%d" y="62">%s</text>`+"\n", l.class, x, x+17, l.text)
		x += 36 + 6*len(l.text)
	}
	at := func(cycle int64) float64 { return float64(left) + plot*float64(cycle)/float64(f.Cycles) }
	low := top + rows*row
	for tick := int64(0); tick <= f.Cycles; tick += spacing(f.Cycles) {
		fmt.Fprintf(&b, `<path class="grid" d="M%s %dV%d"/><text class="soft mid" x="%s" y="%d">%s</text><text class="soft mid" x="%s" y="%d">%s</text>`+"\n",
			pixel(at(tick)), top-4, low+4, pixel(at(tick)), top-8, us(tick), pixel(at(tick)), low+18, count(tick))
	}
	fmt.Fprintf(&b, `<text class="soft end" x="%d" y="%d">µs</text><text class="soft end" x="%d" y="%d">cycles</text>`+"\n", left-24, top-8, left-24, low+18)
	for i := range f.Layers[:rows] {
		f.bar(&b, &f.Layers[i], left, top+i*row, at)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// bar draws layer l to the right of left, in the row whose upper edge is y.
func (f *Frame) bar(b *strings.Builder, l *Layer, left, y int, at func(int64) float64) {
	var waits []string
	starved, blocked := int64(0), int64(0)
	for _, w := range l.Waits {
		reason := "data of "
		if w.Full {
			reason = "room in "
			blocked += w.Cycles
		} else {
			starved += w.Cycles
		}
		waits = append(waits, reason+w.Stream+" "+count(w.Cycles))
	}
	all := l.LastOut + 1 - l.FirstIn
	tip := fmt.Sprintf("%s: %s\nfirst input in cycle %s, first output %s, last output %s\nfill %s, works %s, waits for data %s, for room %s, drains %s cycles (%s)",
		l.ID, l.What, count(l.FirstIn), count(l.FirstOut), count(l.LastOut), count(l.Fill), count(l.Busy), count(starved), count(blocked), count(l.Drain), l.Process)
	if len(waits) > 0 {
		tip += "\nwaits for " + strings.Join(waits[:min(len(waits), 4)], ", ")
	}
	fmt.Fprintf(b, "<g><title>%s</title>", escape(tip, 2000))
	fmt.Fprintf(b, `<text class="end" x="%d" y="%d">%s</text>`, left-10, y+bar-2, escape(l.ID, names))
	rect := func(class string, from, to int64) {
		if from < to {
			fmt.Fprintf(b, `<rect class="%s" x="%s" y="%d" width="%s" height="%d"/>`, class, pixel(at(from)), y, pixel(at(to)-at(from)), bar)
		}
	}
	rect("fill", l.FirstIn, l.FirstOut)
	end := l.LastOut + 1 - l.Drain
	rect("busy", l.FirstOut, end)
	rect("drain", end, l.LastOut+1)
	// Waits lie over the bar: in each step as high as their share of it.
	var down, up strings.Builder
	first := l.FirstOut / f.Step
	for k := range l.Starved {
		from, to := max(l.FirstOut, (first+int64(k))*f.Step), min(end, (first+int64(k)+1)*f.Step)
		if from >= to {
			continue
		}
		place := func(path *strings.Builder, edge, sign, cycles int64) {
			if cycles > 0 {
				high := bar * float64(min(cycles, to-from)) / float64(to-from)
				fmt.Fprintf(path, "M%s %dh%sv%sh-%sz", pixel(at(from)), edge, pixel(at(to)-at(from)), pixel(float64(sign)*high), pixel(at(to)-at(from)))
			}
		}
		place(&down, int64(y), 1, l.Starved[k])
		place(&up, int64(y+bar), -1, l.Blocked[k])
	}
	for _, p := range []struct {
		class string
		path  string
	}{{"starved", down.String()}, {"blocked", up.String()}} {
		if p.path != "" {
			fmt.Fprintf(b, `<path class="%s" d="%s"/>`, p.class, p.path)
		}
	}
	words := fmt.Sprintf("%s cycles: fill %s, works %s", count(all), percent(l.Fill, all), percent(l.Busy, all))
	if len(waits) > 0 {
		words += ", waits " + percent(starved+blocked, all)
	}
	fmt.Fprintf(b, `<text class="soft" x="%d" y="%d">%s</text></g>`+"\n", left+plot+10, y+bar-2, words)
}

// spacing is the distance of marks on an axis of a number of cycles: 1, 2 or 5 times a power of ten, for at most nine marks.
func spacing(cycles int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, k := range []int64{1, 2, 5} {
			if cycles/(k*unit) < 8 || unit > 1e17 {
				return k * unit
			}
		}
	}
}

// pixel prints a coordinate.
func pixel(v float64) string {
	return strconv.FormatFloat(float64(int64(v*100+sign(v)/2))/100, 'f', -1, 64)
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// number prints a number with three digits or all of its whole part.
func number(v float64) string {
	digits := 0
	for limit := 100.0; v < limit && digits < 2; limit /= 10 {
		digits++
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// count prints a whole number with thin spaces between groups of three digits.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

func percent(part, whole int64) string {
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 0, 64) + "\u202f%"
}

// escape cuts a text to n letters and escapes it. What XML does not allow is replaced.
func escape(s string, n int) string {
	letters := []rune(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
	if len(letters) > n {
		letters = append(letters[:n-1], '\u2026')
	}
	return html.EscapeString(string(letters))
}
