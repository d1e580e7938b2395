package report

import (
	"strconv"
	"strings"
)

// table is a table of a page.
type table struct {
	ID      string
	Caption string
	Note    string // below it
	Cols    []column
	Rows    []row
	Plain   bool // few rows: not sortable, no frame that scrolls down
}

// column is the head of a column.
type column struct {
	Title string
	Unit  string
	Num   bool
	Bar   bool // holds drawings, which cannot be sorted
	Help  string
}

// row is a row; the first cell is its head.
type row struct {
	ID    string // to link to it
	Class string
	Cells []cell
}

// cell is a cell. Num cells have the figure itself in Value, which sorting goes by and tests read back.
type cell struct {
	Text  string
	Value string
	Num   bool
	Link  string // ID of an element
	Class string
	Title string // more than the text says
	Bar   *bar
	Tag   string // a mark beside the text
}

// Pieces are the parts of the text between which a line of a narrow table may break: identifiers break behind underscores.
func (c cell) Pieces() []string {
	if c.Num {
		return []string{c.Text}
	}
	return strings.Split(piecesAt.Replace(c.Text), "\x00")
}

var piecesAt = strings.NewReplacer("_", "_\x00")

// bar is a drawing of shares: it says what the numbers beside it say.
type bar struct {
	Parts []part
	Marks []mark
}

// part is a piece of a bar, in percent of its length.
type part struct {
	X, Width float64
	Class    string
	lane, of int // 0 of 0 is a part as high as the bar
}

// The heights of bars, and the gap between lanes.
const (
	barHeight = 14
	barInset  = 1
)

// Y is the top of the part.
func (p part) Y() float64 {
	if p.of == 0 {
		return barInset
	}
	return round2(float64(p.lane) * barHeight / float64(p.of))
}

// High is the height of the part.
func (p part) High() float64 {
	if p.of == 0 {
		return barHeight - 2*barInset
	}
	return round2(barHeight/float64(p.of) - barInset)
}

// mark is a line across a bar.
type mark struct {
	X     float64
	Class string
}

// exact prints a figure so that it is read back as it is.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// none stands for a figure that is not known.
var none = cell{Text: "\u2013", Num: true, Class: "none"}

// number is a cell of a figure that is shown as text.
func number(v float64, text string) cell { return cell{Text: text, Value: exact(v), Num: true} }

// numberOr is number of a figure that may not be known.
func numberOr(v *float64, text func(float64) string) cell {
	if v == nil {
		return none
	}
	return number(*v, text(*v))
}

// integer is a cell of a count.
func integer(v int) cell { return number(float64(v), whole(v)) }

// words is a cell of text.
func words(text string) cell { return cell{Text: short(text, maxName), Title: longer(text)} }

// longer is a text that short cuts, bounded as well; "" if it cuts nothing.
func longer(text string) string {
	if short(text, maxName) == text {
		return ""
	}
	return short(text, 4*maxName)
}

// scale gives parts of a bar whose full length is full, one after the other.
func scale(full float64, values []float64, classes []string) []part {
	var parts []part
	at := 0.0
	for i, v := range values {
		w := percentOf(v, full)
		if w = min(w, 100-at); w > 0 {
			parts = append(parts, part{X: round2(at), Width: round2(w), Class: classes[i]})
			at += w
		}
	}
	return parts
}

// percentOf is v in percent of full, 0..100.
func percentOf(v, full float64) float64 {
	if !(full > 0) || !(v > 0) {
		return 0
	}
	return min(100, 100*v/full)
}

// round2 keeps two digits: pages stay small, and equal on every machine.
func round2(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', 2, 64), 64)
	return r
}
