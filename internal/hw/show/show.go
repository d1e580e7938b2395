// Package show prints a hardware network: tables for people, and a graph in the language of Graphviz's dot.
package show

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hass/internal/hw"
)

// Text prints the network for people: the hardware of every layer, every process with the FIFOs it
// reads and writes, every FIFO. Processes are in topological order, FIFOs in the order of their
// numbers.
func Text(w io.Writer, n *hw.Network) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "layer\tkind\treads\twrites\thardware")
	for i, l := range n.Net.Layers {
		h := &n.Layers[i]
		in := &n.Net.Tensors[l.In[0]]
		out := &n.Net.Tensors[l.Out]
		fmt.Fprintf(t, "%s\t%s\t%dx%dx%d %v\t%dx%dx%d %v\t%s\n", l.ID, l.Kind,
			in.H, in.W, in.C, in.Format, out.H, out.W, out.C, out.Format, Layer(h))
	}
	if err := nextTable(t, w); err != nil {
		return err
	}
	fmt.Fprintln(t, "process\tmodule\tlatency\treads\twrites")
	for i := range n.Processes {
		p := &n.Processes[i]
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", p.Name, p.Kind, p.Latency, names(n, p.In), names(n, p.Out))
	}
	if err := nextTable(t, w); err != nil {
		return err
	}
	fmt.Fprintln(t, "FIFO\tfrom\tto\tholds\tbeat\tbits\tdepth\ttokens/image")
	for i := range n.Streams {
		s := &n.Streams[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%v\t%d\t%d\t%d\n", s.Name, n.Processes[s.From].Name, n.Processes[s.To].Name,
			s.Kind, s.Beat, s.TokenBits(), s.Depth, s.Tokens)
	}
	return t.Flush()
}

// nextTable ends a table, so that its columns do not widen those of the next one.
func nextTable(t *tabwriter.Writer, w io.Writer) error {
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// names joins the names of streams.
func names(n *hw.Network, streams []int) string {
	if len(streams) == 0 {
		return "-"
	}
	var names []string
	for _, s := range streams {
		names = append(names, n.Streams[s].Name)
	}
	return strings.Join(names, " ")
}

// Layer prints the hardware choices of a layer in one line; choices that the layer does not have are left out.
func Layer(l *hw.Layer) string {
	s := fmt.Sprintf("in %v, out %v", hw.Beat{Px: l.InPx, Ch: l.InCh}, hw.Beat{Px: l.OutPx, Ch: l.OutCh})
	if l.MTap > 0 {
		s += fmt.Sprintf(", m %dx%d, line of %d pixels", l.MTap, l.MCh, l.LinePixels)
	}
	switch {
	case l.Engine == "":
	case l.Engine.Row().Static:
		s += fmt.Sprintf(", %s, %d chains of %d banks, fields of %d, behind a FIFO of %d, rows in %s", l.Engine, l.Scheduled.Chains, l.N, l.Scheduled.Field, l.GangDepth, l.WeightMem)
	default:
		s += fmt.Sprintf(", %s %d->%d, %d gangs of %d behind FIFOs of %d, weights in %s", l.Engine, l.M(), l.N, l.Gangs(), l.Gang, l.GangDepth, l.WeightMem)
		if p := l.Packing; l.Engine == hw.Packed {
			s += fmt.Sprintf(", fields of %d, cascades of %d, %d products a multiplier", p.Field, p.Deep, p.Pixels()*p.Filters)
		}
	}
	if l.Turns > 1 {
		s += fmt.Sprintf(", %d lanes of the join to a multiplier", l.Turns)
	}
	return s
}

// Dot prints the network as a graph in Graphviz's dot language: a node for each process, a box around the
// processes of one layer, an edge for each FIFO with its beat and depth.
func Dot(w io.Writer, n *hw.Network) error {
	b := bufio.NewWriter(w)
	// Names are identifiers (package ident), so that nothing from a model needs quoting here.
	fmt.Fprintln(b, "digraph hass {")
	fmt.Fprintln(b, "  rankdir=TB;")
	fmt.Fprintln(b, "  node [shape=box, fontname=\"sans-serif\", fontsize=10];")
	fmt.Fprintln(b, "  edge [fontname=\"sans-serif\", fontsize=8];")
	for i := 0; i < len(n.Processes); {
		layer, end, indent := n.Processes[i].Layer, i+1, "  "
		if layer >= 0 {
			indent = "    "
			for end < len(n.Processes) && n.Processes[end].Layer == layer {
				end++
			}
			fmt.Fprintf(b, "  subgraph cluster_%d {\n    label=\"%s: %s\";\n", layer, n.Net.Layers[layer].ID, n.Net.Layers[layer].Kind)
		}
		for ; i < end; i++ {
			p := &n.Processes[i]
			fmt.Fprintf(b, "%s%s [label=\"%s\\n%s\"];\n", indent, p.Name, p.Name, p.Kind)
		}
		if layer >= 0 {
			fmt.Fprintln(b, "  }")
		}
	}
	for i := range n.Streams {
		s := &n.Streams[i]
		fmt.Fprintf(b, "  %s -> %s [label=\"%v of %d bits\\ndepth %d\"];\n", n.Processes[s.From].Name, n.Processes[s.To].Name, s.Beat, s.Bits, s.Depth)
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}
