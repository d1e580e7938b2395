package hw

import (
	"fmt"
	"math/big"
	"slices"

	"hass/internal/hw/repack"
	"hass/internal/intnet"
)

// PortCh is the number of channels per beat that an input port of a layer reads. For a concat it is the largest divisor of the
// port's channels up to InCh.
func PortCh(net *intnet.Net, l *intnet.Layer, inCh, port int) int {
	if l.Kind != intnet.KindConcat {
		return inCh
	}
	return repack.Width(net.Tensors[l.In[port]].C, inCh)
}

// concatChannels are the channels of a concat's inputs.
func concatChannels(net *intnet.Net, l *intnet.Layer) []int {
	c := make([]int, len(l.In))
	for i, t := range l.In {
		c[i] = net.Tensors[t].C
	}
	return c
}

// ConcatSteps is the number of iterations that a concat spends on a group of pixels.
func ConcatSteps(net *intnet.Net, l *intnet.Layer, inCh, outCh int) int {
	return repack.Steps(concatChannels(net, l), inCh, outCh)
}

// NewConcatPlan is the program of a concat layer that reads beats of up to inCh channels and writes beats of outCh channels.
func NewConcatPlan(net *intnet.Net, l *intnet.Layer, inCh, outCh int) repack.Plan {
	return repack.New(concatChannels(net, l), inCh, outCh)
}

// ConcatParams are the parameters of hass_concat: the plan of a concat layer, as tables.
type ConcatParams struct {
	Bits   int // of a value
	Pixels int // per beat
	Plan   repack.Plan
}

// ModuleName is hass_concat.
func (ConcatParams) ModuleName() string { return "hass_concat" }

// ConcatOf are the parameters of a concat under its hardware choices.
func ConcatOf(net *intnet.Net, l *intnet.Layer, hl Layer) ConcatParams {
	return ConcatParams{net.Tensors[l.Out].Format.Bits, hl.OutPx, NewConcatPlan(net, l, hl.InCh, hl.OutCh)}
}

// RTLParams prints the plan: a word of the program has a bit for each input that is read, one for the write, then the
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
func (n *Network) ConcatPlan(p *Process) repack.Plan {
	hl := n.Layers[p.Layer]
	return NewConcatPlan(n.Net, &n.Net.Layers[p.Layer], hl.InCh, hl.OutCh)
}

// planRuns converts the plan to a schedule.
func planRuns(p *repack.Plan) []run {
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

// checkConcat refuses beats that are impossible for a concat.
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
