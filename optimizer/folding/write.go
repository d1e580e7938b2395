package folding

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// written are the keys that a folding file of a design has for a layer: its choices. A scheduled engine reads and writes one channel a
// beat and has beats of one lane, so these are none.
func written(l kindOf) []string {
	list := names(l)
	if l.scheduled {
		list = slices.DeleteFunc(list, func(name string) bool {
			return slices.Contains([]string{"m_tap", "m_ch", "out_ch", "gang", "in_ch"}, name)
		})
	}
	return list
}

// Of is the folding file of a design: all choices of every layer, in the order of the network. Equal designs give equal bytes.
func Of(d *design.Design) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Folding of %s on %s, by %s (--target %s, --engine %s).\n", comment(d.Model), comment(d.Platform), comment(d.Tool), d.Target, d.EngineRule)
	b.WriteString("# \"hass optimize --folding\" and \"hass build --folding\" keep what stands here and choose what does not:\n" +
		"# delete a key, or a table, to leave it to the optimizer. docs/formats.md describes the keys.\n")
	for i := range d.Net.Layers {
		l, hl := &d.Net.Layers[i], &d.Layers[i]
		c := &d.Costs[i]
		fmt.Fprintf(&b, "\n# %s: %s; %.0f cycles, %d DSP, %d LUT\n[layer.%s]\n", comment(l.Name), shape(d.Net, l), c.Cycles, c.Resources.DSP, c.Resources.LUT, l.ID)
		for _, name := range written(kindOf{l.Kind, hl.Engine == hw.ScheduledEngine}) {
			k := &keys[at(name)]
			fmt.Fprintf(&b, "%s = %s\n", name, k.text(k.of(hl)))
		}
	}
	return b.Bytes()
}

// shape describes a layer.
func shape(net *intnet.Net, l *intnet.Layer) string {
	in, out := net.Tensors[l.In[0]], net.Tensors[l.Out]
	s := string(l.Kind)
	switch l.Kind {
	case intnet.KindConv:
		s += fmt.Sprintf(" %dx%d", l.Conv.Kernel[0], l.Conv.Kernel[1])
	case intnet.KindPool:
		s += fmt.Sprintf(" %dx%d", l.Pool.Kernel[0], l.Pool.Kernel[1])
	}
	return s + fmt.Sprintf(", %dx%d of %d channels to %dx%d of %d", in.H, in.W, in.C, out.H, out.W, out.C)
}

// comment is a text that a comment can hold: the model's names may have any characters.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
