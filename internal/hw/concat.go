package hw

import (
	"fmt"
	"math/big"
	"slices"

	"hass/internal/intnet"
)

// ConcatPlan is the program of a concat: what each iteration of a group of pixels reads and writes, and where
// the channels it reads go. The inputs are read in beats of their own widths and the output is written in beats
// of another, so that no width has to divide all of them.
//
// The module keeps a row of lanes for each pixel of a beat, whose first Out lanes become the next beat written. An
// iteration reads at most one beat of each input, namely of those with channels that this beat still lacks, and puts it into its place in
// the row. When the beat's channels are all there it writes them, and what is left moves Out lanes down.
// After the last iteration nothing is left.
type ConcatPlan struct {
	Ports []ConcatPort
	Out   int // channels of a beat written
	Kept  int // lanes of a pixel that are occupied after an iteration, at most
	Steps []ConcatStep
}

// ConcatPort is an input of a concat: its beats' first channels go to lanes Base, Base+Unit, ... of the row.
type ConcatPort struct {
	Ch         int // channels of a beat read
	Parts      int // beats of a group of pixels
	Base, Unit int
	Places     int // how many lanes there are where a beat may begin
}

// ConcatStep is an iteration.
type ConcatStep struct {
	Reads  uint64 // bit i: a beat of input i
	Places []int  // by input: its beat goes to lane Base + Places*Unit; where none is read, as with the beat before
	Write  bool
}

// Span is the number of lanes of the row.
func (p *ConcatPlan) Span() int { return p.Out + p.Kept }

// PortCh is the number of channels per beat that an input port of a layer reads. That of a concat is the largest divisor of the
// port's channels up to InCh.
func PortCh(net *intnet.Net, l *intnet.Layer, inCh, port int) int {
	if l.Kind != intnet.KindConcat {
		return inCh
	}
	c := net.Tensors[l.In[port]].C
	for w := min(inCh, c); ; w-- {
		if c%w == 0 {
			return w
		}
	}
}

// concatWalk runs the iterations of a group of pixels; step gets what each reads, how many beats of each input were
// read before it, whether it writes, and which beat it works at.
func concatWalk(ports []ConcatPort, out int, step func(reads uint64, before []int, write bool, beat int)) {
	total := 0
	first := make([]int, len(ports)) // of the input's channels in the output
	for i, p := range ports {
		first[i] = total
		total += p.Ch * p.Parts
	}
	read, before := make([]int, len(ports)), make([]int, len(ports))
	for beat := 0; beat < total/out; {
		lacks := func(i int) bool {
			return read[i] < ports[i].Parts && first[i]+read[i]*ports[i].Ch < (beat+1)*out
		}
		copy(before, read)
		reads, write := uint64(0), true
		for i := range ports {
			if lacks(i) {
				reads |= 1 << i
				read[i]++
				write = write && !lacks(i)
			}
		}
		step(reads, before, write, beat)
		if write {
			beat++
		}
	}
}

// concatPorts are the inputs' beats.
func concatPorts(net *intnet.Net, l *intnet.Layer, inCh int) []ConcatPort {
	ports := make([]ConcatPort, len(l.In))
	for i, t := range l.In {
		ch := PortCh(net, l, inCh, i)
		ports[i] = ConcatPort{Ch: ch, Parts: net.Tensors[t].C / ch}
	}
	return ports
}

// ConcatSteps is the number of iterations that a concat spends on a group of pixels: as many as the output has beats, or
// more where an input has more beats than that.
func ConcatSteps(net *intnet.Net, l *intnet.Layer, inCh, outCh int) int {
	n := 0
	concatWalk(concatPorts(net, l, inCh), outCh, func(uint64, []int, bool, int) { n++ })
	return n
}

// NewConcatPlan is the program of a concat layer that reads beats of up to inCh channels and writes beats of outCh.
func NewConcatPlan(net *intnet.Net, l *intnet.Layer, inCh, outCh int) ConcatPlan {
	p := ConcatPlan{Ports: concatPorts(net, l, inCh), Out: outCh}
	n := len(p.Ports)
	first := make([]int, n)
	for i := 1; i < n; i++ {
		first[i] = first[i-1] + p.Ports[i-1].Ch*p.Ports[i-1].Parts
	}
	at := make([]int, n) // the place of the port's last beat, -1 before any
	for i := range at {
		at[i] = -1
	}
	most := make([]int, n)
	concatWalk(p.Ports, outCh, func(reads uint64, before []int, write bool, beat int) {
		s := ConcatStep{Reads: reads, Places: make([]int, n), Write: write}
		for i := range p.Ports {
			port := &p.Ports[i]
			if reads>>i&1 == 1 {
				place := first[i] + before[i]*port.Ch - beat*outCh
				if at[i] < 0 {
					port.Base, most[i] = place, place
				} else {
					port.Unit = gcd(port.Unit, max(place-at[i], at[i]-place))
					port.Base, most[i] = min(port.Base, place), max(most[i], place)
				}
				at[i] = place
				end := place + port.Ch
				if write {
					end -= outCh
				}
				p.Kept = max(p.Kept, end)
			}
			s.Places[i] = at[i]
		}
		p.Steps = append(p.Steps, s)
	})
	for i := range p.Ports {
		port := &p.Ports[i]
		if port.Unit == 0 {
			port.Unit = 1 // a single place
		}
		port.Places = (most[i]-port.Base)/port.Unit + 1
		for k := range p.Steps {
			// Before the port's first beat, as with that.
			place := p.Steps[k].Places[i]
			for next := k; place < 0; next++ {
				place = p.Steps[next].Places[i]
			}
			p.Steps[k].Places[i] = (place - port.Base) / port.Unit
		}
	}
	return p
}

// ConcatParams are the parameters of hass_concat: the plan of a concat layer, as tables.
type ConcatParams struct {
	Bits   int // of a value
	Pixels int // per beat
	Plan   ConcatPlan
}

// ModuleName is hass_concat.
func (ConcatParams) ModuleName() string { return "hass_concat" }

// ConcatOf are the parameters of a concat under its hardware choices.
func ConcatOf(net *intnet.Net, l *intnet.Layer, hl Layer) ConcatParams {
	return ConcatParams{net.Tensors[l.Out].Format.Bits, hl.OutPx, NewConcatPlan(net, l, hl.InCh, hl.OutCh)}
}

// RTLParams prints the plan: words of the program have a bit for each input that is read, one for the write, then the
// places.
func (p ConcatParams) RTLParams() []Param {
	plan := &p.Plan
	n, all, places := len(plan.Ports), 0, 1
	var ch, base, unit, choices []int64
	for _, c := range plan.Ports {
		all += c.Ch
		ch, base, unit, choices = append(ch, int64(c.Ch)), append(base, int64(c.Base)), append(unit, int64(c.Unit)), append(choices, int64(c.Places))
		places = max(places, c.Places)
	}
	bitsOfPlace := index(places)
	width := n*(1+bitsOfPlace) + 1
	program := new(big.Int)
	for _, s := range slices.Backward(plan.Steps) {
		word := new(big.Int)
		for _, at := range slices.Backward(s.Places) {
			word.Lsh(word, uint(bitsOfPlace)).Or(word, big.NewInt(int64(at)))
		}
		word.Lsh(word, 1)
		if s.Write {
			word.SetBit(word, 0, 1)
		}
		word.Lsh(word, uint(n)).Or(word, new(big.Int).SetUint64(s.Reads))
		program.Lsh(program, uint(width)).Or(program, word)
	}
	table := func(name string, v []int64) Param { return Param{name, Table{32, v}.Text()} }
	return []Param{
		intParam("INS", n), intParam("BITS", p.Bits), intParam("PIXELS", p.Pixels), intParam("OUT", plan.Out), intParam("KEPT", plan.Kept), intParam("IN", all),
		table("CHANNELS", ch), table("BASE", base), table("UNIT", unit), table("PLACES", choices),
		intParam("INDEX", bitsOfPlace), intParam("STEPS", len(plan.Steps)), {"PROGRAM", fmt.Sprintf("%d'h%x", len(plan.Steps)*width, program)},
	}
}

// ConcatPlan is the program of a concat process.
func (n *Network) ConcatPlan(p *Process) ConcatPlan {
	hl := n.Layers[p.Layer]
	return NewConcatPlan(n.Net, &n.Net.Layers[p.Layer], hl.InCh, hl.OutCh)
}

// runs is the plan as a schedule.
func (p *ConcatPlan) runs() []run {
	var runs []run
	for _, s := range p.Steps {
		st := Step{Reads: s.Reads}
		if s.Write {
			st.Writes = 1
		}
		if k := len(runs) - 1; k >= 0 && runs[k].step == st {
			runs[k].n++
		} else {
			runs = append(runs, run{1, st})
		}
	}
	return runs
}

// checkConcat refuses beats that a concat cannot have.
func checkConcat(net *intnet.Net, l *intnet.Layer, hl Layer) error {
	if hl.InPx != hl.OutPx {
		return fmt.Errorf("a concat keeps its pixels per beat")
	}
	for i := range l.In {
		if PortCh(net, l, hl.InCh, i) == hl.InCh {
			return nil
		}
	}
	return fmt.Errorf("in_ch %d divides the channels of no input", hl.InCh)
}
