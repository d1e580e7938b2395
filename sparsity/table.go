package sparsity

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Totals are the densities of a whole network, each layer weighted by its MACs.
type Totals struct {
	MACs                                                 int64 // per image
	WeightDensity, ActivationDensity, PairDensity, Pairs float64
}

// Totals sums up the layers. Pairs is the mean number of useful pairs per image.
func (p *Profile) Totals() Totals {
	var t Totals
	for _, l := range p.Layers {
		m := float64(l.MACs)
		t.MACs += l.MACs
		t.WeightDensity += m * l.WeightDensity
		t.ActivationDensity += m * l.ActivationDensity
		t.Pairs += m * l.PairDensity
	}
	if t.MACs > 0 {
		m := float64(t.MACs)
		t.WeightDensity, t.ActivationDensity, t.PairDensity = t.WeightDensity/m, t.ActivationDensity/m, t.Pairs/m
	}
	return t
}

// Table prints the densities of all layers for people. Names from the model are
// quoted where they are not plain text.
func Table(w io.Writer, p *Profile) error {
	b := bufio.NewWriter(w)
	width := len("all, by MACs")
	names := make([]string, len(p.Layers))
	for i, l := range p.Layers {
		names[i] = plain(l.Name)
		width = max(width, utf8.RuneCountInString(names[i]))
	}
	snr := make(map[string]string)
	for _, l := range p.Fidelity.Layers {
		if snr[l.ID] = "-"; l.SNR != nil {
			snr[l.ID] = fmt.Sprintf("%.2f", *l.SNR)
		}
	}
	fmt.Fprintf(b, "share of non-zero elements over %d images, %s bits; signal to noise of the result over %d images\n\n", p.Images, p.Bits, p.Fidelity.Images)
	fmt.Fprintf(b, "%-*s  %14s  %8s  %11s  %8s  %16s  %8s\n", width, "layer", "MACs/image", "weights", "activations", "pairs", "pairs/image", "dB")
	row := func(name string, macs int64, wd, ad, pd float64, db string) {
		line := fmt.Sprintf("%-*s  %14d  %8.4f  %11.4f  %8.4f  %16.0f  %8s", width, name, macs, wd, ad, pd, pd*float64(macs), db)
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
	for i, l := range p.Layers {
		row(names[i], l.MACs, l.WeightDensity, l.ActivationDensity, l.PairDensity, snr[l.ID])
	}
	t := p.Totals()
	row("all, by MACs", t.MACs, t.WeightDensity, t.ActivationDensity, t.PairDensity, "")
	fmt.Fprintf(b, "\nA pair is a product with weight and activation both non-zero; padding counts as zero. Skipping all others would\nspeed up multipliers that are always busy by %s.\n", speedup(t.PairDensity))
	fmt.Fprintf(b, "Signal to noise of the integer network against the float network: %s\n", p.Fidelity.Summary())
	return b.Flush()
}

func speedup(density float64) string {
	if density == 0 {
		return "any factor"
	}
	return fmt.Sprintf("%.2fx", 1/density)
}

// plain keeps a name that is short printable text, and quotes and truncates any
// other.
func plain(name string) string {
	const longest = 48
	if utf8.RuneCountInString(name) > longest {
		r := []rune(name)
		name = "..." + string(r[len(r)-longest+3:])
	}
	if q := strconv.Quote(name); q != `"`+name+`"` || name == "" {
		return q
	}
	return name
}
