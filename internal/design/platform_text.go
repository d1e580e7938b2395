package design

import (
	"fmt"
	"strconv"
	"strings"
)

// TOML is the platform in the format that ParsePlatform reads. A platform that is read back is equal, and its text has equal bytes.
func (p *Platform) TOML() []byte {
	var b strings.Builder
	text := func(key, value, comment string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %q%s\n", key, value, comment)
		}
	}
	number := func(key string, v float64, comment string) {
		fmt.Fprintf(&b, "%s = %s%s\n", key, plainFloat(v), comment)
	}
	text("name", p.Name, "")
	text("about", p.About, "")
	text("part", p.Part, "")
	text("board", p.Board, " # Vivado board part")
	text("family", p.Family, "")
	number("clock_mhz", p.ClockMHz, " # the board's own clock, which no design's is above")
	text("source", p.Source, " # of the resources")
	b.WriteString("\n[resources] # of the whole device\n")
	resources(&b, p.Resources, true)
	for _, s := range p.SLRs {
		b.WriteString("\n[[slr]] # from the lowest\n")
		text("name", s.Name, "")
		if s.Wires != 0 {
			fmt.Fprintf(&b, "wires = %d # to the next region\n", s.Wires)
		}
		text("source", s.Source, "")
		resources(&b, s.Resources, false)
	}
	for _, r := range p.Reserved {
		b.WriteString("\n[[reserved]] # not free for a design\n")
		text("what", r.What, "")
		text("slr", r.SLR, "")
		text("source", r.Source, "")
		resources(&b, r.Resources, false)
	}
	if p.Links == nil {
		return []byte(b.String())
	}
	if l := p.Links.Port; l != nil {
		b.WriteString("\n[port] # the memory port that the DMAs share, at the design's clock\n")
		number("bits", float64(l.Bits), "")
		number("efficiency_in", l.In, " # of what the design reads")
		number("efficiency_out", l.Out, " # of what it writes")
		text("source", l.Source, "")
	}
	if l := p.Links.Memory; l != nil {
		b.WriteString("\n[memory] # of the board\n")
		text("name", l.Name, "")
		number("banks", float64(l.Banks), "")
		number("gb_per_s", l.GBs, " # of a bank")
		number("efficiency", l.Efficiency, "")
		text("source", l.Source, "")
	}
	if l := p.Links.Host; l != nil {
		b.WriteString("\n[host] # the link to the host\n")
		number("gb_per_s", l.GBs, "")
		number("efficiency_in", l.In, " # to the board")
		number("efficiency_out", l.Out, " # from it")
		text("source", l.Source, "")
	}
	return []byte(b.String())
}

// resources writes a table of resources, with words for people at the first.
func resources(b *strings.Builder, r Resources, explained bool) {
	comments := [NumResources]string{}
	if explained {
		comments = [NumResources]string{LUTRAM: " # LUTs that can be memory (in SLICEMs), a part of LUT", BRAM18: " # 18 Kb halves", URAM: " # 288 Kb blocks"}
	}
	v := r.Vec()
	for _, i := range []int{DSP, LUT, LUTRAM, FF, BRAM18, URAM} {
		b.WriteString(ResourceNames[i] + " = " + strconv.Itoa(v[i]) + comments[i] + "\n")
	}
}
