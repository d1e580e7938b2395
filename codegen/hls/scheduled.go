package hls

import (
	"hass/internal/hw"
)

// scheduledText is the configuration and body of a scheduled engine: places, rows, the words of two
// windows.
func (p *generator) scheduledText(i int, cfg string, in hw.Stream, outs []hw.Stream) (string, string) {
	m := p.HW.ScheduledModule(p.HW.Processes[i].Layer)
	c := newConfig(cfg)
	c.typ("in_beat", beatType(in))
	c.typ("out_beat", beatType(outs[0]))
	c.typ("activation", laneType(m.XBits, m.XSigned))
	c.typ("weight", signedType(m.WBits))
	c.typ("address", unsignedType(m.AddressBits()))
	c.typ("place", unsignedType(m.PlaceBits()))
	c.typ("acc", signedType(m.Acc))
	for _, q := range hw.HLSParams(m) {
		c.f("  static constexpr int %s = %s;\n", q.Name, q.Value)
	}
	c.num("IN_BITS", m.XBits)
	c.num("WEIGHT_BITS", m.WBits)
	var b writer
	memory := func(declaration, name, impl string, dim int) {
		b.f("  static %s;\n", declaration)
		b.f("#pragma HLS ARRAY_RESHAPE variable = %s complete dim = %d\n", name, dim)
		b.f("#pragma HLS BIND_STORAGE variable = %s type = ram_s2p impl = %s\n#pragma HLS RESET variable = %s off\n", name, impl, name)
	}
	memory(cfg+"::place places["+cfg+"::BEATS][1]", "places", m.PlaceMemory.String(), 2)
	lanes := cfg + "::CHAINS * " + cfg + "::BANKS"
	memory(cfg+"::weight weights["+cfg+"::ROWS]["+lanes+"]", "weights", m.Memory.String(), 2)
	memory(cfg+"::address addresses["+cfg+"::ROWS]["+lanes+"]", "addresses", m.Memory.String(), 2)
	memory("ap_uint<1> lasts["+cfg+"::ROWS]["+cfg+"::CHAINS]", "lasts", m.Memory.String(), 2)
	memory(cfg+"::activation words["+cfg+"::CHAINS]["+cfg+"::BANKS][2 * hass::scheduled_shape<"+cfg+">::SIZE]["+cfg+"::PX]", "words", m.BankMemory.String(), 4)
	b.f("#pragma HLS ARRAY_PARTITION variable = words complete dim = 1\n#pragma HLS ARRAY_PARTITION variable = words complete dim = 2\n")
	b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_schedule<%s>(places, weights, addresses, lasts, %d, chain_in, chain_out);\n  } else {\n    hass::scheduled<%s>(places, weights, addresses, lasts, words, images, in%s);\n  }\n",
		cfg, p.forward(i), cfg, numbered(", out", len(outs)))
	return c.end(), b.String()
}

// collectText is the configuration and body of the collect that orders the sums of a scheduled
// engine's chains.
func (p *generator) collectText(i int, cfg string, ins []hw.Stream, out hw.Stream) (string, string) {
	layer := p.HW.Processes[i].Layer
	m := p.HW.CollectModule(layer)
	table := m.Table()
	c := newConfig(cfg)
	c.typ("beat", beatType(out))
	c.typ("port", unsignedType(table.Row))
	c.num("FILTERS", m.Filters)
	c.num("WINDOWS", out.Tokens/m.Filters)
	var b writer
	b.f("  static %s::port ports[%s::FILTERS][1];\n#pragma HLS ARRAY_RESHAPE variable = ports complete dim = 2\n#pragma HLS BIND_STORAGE variable = ports type = ram_1p impl = %s\n#pragma HLS RESET variable = ports off\n", cfg, cfg, table.Memory)
	b.f("  if (mode == hass::MODE_LOAD) {\n    hass::load_ports<%s>(ports, %d, chain_in, chain_out);\n  } else {\n    hass::collect<%s>(ports, images, out%s);\n  }\n", cfg, p.forward(i), cfg, numbered(", in", len(ins)))
	return c.end(), b.String()
}
