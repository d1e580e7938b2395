package folding

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/pixels"
)

// Pins say which hardware of a network's layers a folding file allows. Nil allows all. Several goroutines may ask at once.
type Pins struct {
	file   *File
	net    *intnet.Net
	values [][]string // by layer and key: "" is free; nil: all are

	mu   sync.Mutex
	seen []refusal // by layer
}

// refusal is how near the choices that were asked about came.
type refusal struct {
	depth int             // the key that the nearest of them did not have; len(keys) if one had all
	would map[string]bool // the values of that key among the nearest
}

// allows tells whether a choice has the pinned values of the keys from one to another, and remembers a value that it has instead.
func (p *Pins) allows(i int, hl *hw.Layer, from, to int) bool {
	if p == nil || p.values[i] == nil {
		return true
	}
	for k := from; k < to; k++ {
		want := p.values[i][k]
		if want == "" {
			continue
		}
		if value := keys[k].of(hl); value != want {
			p.remember(i, k, value)
			return false
		}
	}
	p.remember(i, to, "")
	return true
}

// remember keeps the values of the key that the nearest choices do not have. A depth without values is one that was reached.
func (p *Pins) remember(i, depth int, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &p.seen[i]
	if depth < r.depth {
		return
	}
	if depth > r.depth || r.would == nil {
		*r = refusal{depth, map[string]bool{}}
	}
	if value != "" {
		r.would[value] = true
	}
}

// Lanes tells whether layer i may have these pixels, lanes, engine, multipliers and output channels a beat.
func (p *Pins) Lanes(i int, hl hw.Layer) bool { return p.allows(i, &hl, 0, lanesEnd) }

// Choice tells whether layer i, a convolution, may have this hardware but for its input's channels a beat.
func (p *Pins) Choice(i int, hl hw.Layer) bool { return p.allows(i, &hl, 0, choiceEnd) }

// Reads tells whether layer i may read so many channels a beat.
func (p *Pins) Reads(i, ch int) bool { return p.allows(i, &hw.Layer{InCh: ch}, choiceEnd, allEnd) }

// Whole tells whether layer i may have this hardware.
func (p *Pins) Whole(i int, hl hw.Layer) bool { return p.allows(i, &hl, 0, allEnd) }

// Among are those of a list that layer i may have.
func (p *Pins) Among(i int, list []hw.Layer) []hw.Layer {
	return slices.DeleteFunc(list, func(hl hw.Layer) bool { return !p.Whole(i, hl) })
}

// Pinned tells whether anything of layer i is pinned.
func (p *Pins) Pinned(i int) bool { return p != nil && p.values[i] != nil }

// Narrow is a function that leaves widths of layer i out, for a layer with pins one that leaves none out: the width that is pinned may be
// of no interest.
func (p *Pins) Narrow(i int, narrow func(widths []int, cycles float64) []int) func(widths []int, cycles float64) []int {
	if !p.Pinned(i) {
		return narrow
	}
	return func(widths []int, _ float64) []int { return widths }
}

// Widths are the widths tried for every tensor, with those of all its widths that layers are pinned to.
func (p *Pins) Widths(all, tried [][]int) [][]int {
	if p == nil {
		return tried
	}
	wide := slices.Clone(tried)
	for i := range p.net.Layers {
		if p.values[i] == nil {
			continue
		}
		l := &p.net.Layers[i]
		for _, name := range []string{"in_ch", "out_ch"} {
			w, err := strconv.Atoi(p.values[i][at(name)])
			if err != nil {
				continue // free
			}
			// A module that keeps its beat reads what it writes.
			for _, t := range append(slices.Clone(l.In), l.Out) {
				if slices.Contains(all[t], w) && !slices.Contains(wide[t], w) {
					wide[t] = append(slices.Clone(wide[t]), w)
					slices.Sort(wide[t])
				}
			}
		}
	}
	return wide
}

// Refused is the error of a layer that has none of the hardware that its pins allow: it names the key at which the nearest choices that
// were asked about end, and their values of it. It is nil if no pin is the reason.
func (p *Pins) Refused(i int) error {
	if p == nil || p.values[i] == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &p.seen[i]
	if len(r.would) == 0 {
		return nil
	}
	return p.refusal(i, r.depth, slices.Collect(maps.Keys(r.would)))
}

func (p *Pins) refusal(i, k int, would []string) *Error {
	slices.SortFunc(would, keys[k].compare)
	where := ""
	var before []string
	for b := range k {
		if v := p.values[i][b]; v != "" {
			before = append(before, keys[b].name+" = "+keys[b].text(v))
		}
	}
	if before != nil {
		where = " beside " + strings.Join(before, ", ")
	}
	return &Error{Path: p.file.Path, Layer: p.net.Layers[i].ID, Key: keys[k].name, depth: k,
		Text: fmt.Sprintf(" = %s cannot be had%s; %s would do", keys[k].text(p.values[i][k]), where, list(&keys[k], would))}
}

// Pixels are those of some numbers of pixels per beat (pixels.Of) that the pins allow. It is an error if there are none.
func (p *Pins) Pixels(numbers []int) (fit []int, err error) {
	if p == nil {
		return numbers, nil
	}
	var nearest *Error
	for _, n := range numbers {
		e := p.fits(pixels.Of(p.net, n))
		switch {
		case e == nil:
			fit = append(fit, n)
		case e.Nearer(nearest):
			nearest = e
		}
	}
	if fit == nil {
		// Of the key that is refused: all values that some number gives.
		i, k := p.layer(nearest.Layer), at(nearest.Key)
		var would []string
		for _, n := range numbers {
			hl := pixelsOf(p.net, i, pixels.Of(p.net, n))
			if v := keys[k].of(&hl); !slices.Contains(would, v) {
				would = append(would, v)
			}
		}
		if slices.Contains(would, p.values[i][k]) {
			return nil, &Error{Path: p.file.Path, Layer: nearest.Layer, Key: nearest.Key,
				Text: fmt.Sprintf(" = %s goes with the pixels of no other pinned layer; all follow from one number of pixels a beat (--pixels)", p.values[i][k])}
		}
		slices.SortFunc(would, keys[k].compare)
		return nil, &Error{Path: p.file.Path, Layer: nearest.Layer, Key: nearest.Key,
			Text: fmt.Sprintf(" = %s cannot be had; %s would do", p.values[i][k], list(&keys[k], would))}
	}
	return fit, nil
}

func (p *Pins) layer(id string) int {
	return slices.IndexFunc(p.net.Layers, func(l intnet.Layer) bool { return l.ID == id })
}

// pixelsOf are the pixels of layer i, by tensor.
func pixelsOf(net *intnet.Net, i int, px []int) hw.Layer {
	l := &net.Layers[i]
	return hw.Layer{InPx: px[l.In[0]], OutPx: px[l.Out]}
}

// fits is nil if the pixels of all layers are those that are pinned; else it is about the first that are not.
func (p *Pins) fits(px []int) *Error {
	for i := range p.net.Layers {
		if p.values[i] == nil {
			continue
		}
		hl := pixelsOf(p.net, i, px)
		for _, name := range []string{"in_px", "out_px"} {
			k := at(name)
			if want := p.values[i][k]; want != "" && keys[k].of(&hl) != want {
				return &Error{Layer: p.net.Layers[i].ID, Key: name, depth: i}
			}
		}
	}
	return nil
}

// Explain says how much is pinned.
func (p *Pins) Explain() string {
	whole, some := 0, 0
	for i, values := range p.values {
		switch free := p.free(i); {
		case values == nil:
		case free == 0:
			whole++
		default:
			some++
		}
	}
	return fmt.Sprintf("folding file: all choices of %d layers are pinned and some of %d, of %d; bounds hold for designs with these choices", whole, some, len(p.values))
}

// free is the number of choices of layer i that are not pinned.
func (p *Pins) free(i int) (n int) {
	if p.values[i] == nil {
		return len(keys)
	}
	l := kindOf{p.net.Layers[i].Kind, p.values[i][at("engine")] == string(hw.ScheduledEngine)}
	for _, name := range written(l) {
		if p.values[i][at(name)] == "" {
			n++
		}
	}
	return n
}

// Again are the same pins, which have been asked about nothing.
func (p *Pins) Again() *Pins {
	if p == nil {
		return nil
	}
	return &Pins{file: p.file, net: p.net, values: p.values, seen: make([]refusal, len(p.seen))}
}

// May tells whether layer i may have an engine with these lanes, multipliers and output channels a beat. Refused is not about what was
// asked here.
func (p *Pins) May(i, tap, ch int, kind hw.EngineKind, n, out int) bool {
	if !p.Pinned(i) {
		return true
	}
	hl := hw.Layer{MTap: tap, MCh: ch, Engine: kind, N: n, OutCh: out}
	for k := at("engine"); k < lanesEnd; k++ {
		if want := p.values[i][k]; want != "" && keys[k].of(&hl) != want {
			return false
		}
	}
	return true
}
