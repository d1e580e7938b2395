package design

import (
	"fmt"

	"hass/internal/hw"
)

// Reserved is a part of a device that is not free for a design, such as the shell of an Alveo card.
type Reserved struct {
	What      string    `json:"what"`
	SLR       string    `json:"slr,omitempty"` // the region in which it lies; "" on a device of one
	Resources Resources `json:"resources"`
	Source    string    `json:"source"`
}

// SLR is a super logic region: a die of a large device.
type SLR struct {
	Name      string    `json:"name"`
	Resources Resources `json:"resources"`
	// Wires are the super long lines to the next region of the list; 0 for the last.
	Wires  int    `json:"wires,omitempty"`
	Source string `json:"source"`
}

// Links are the ways of images to a design and of results from it. A part that is nil is not there or not known.
type Links struct {
	Port   *Port   `json:"port,omitempty"`
	Memory *Memory `json:"memory,omitempty"`
	Host   *Host   `json:"host,omitempty"`
}

// Port is the memory port that the DMAs of all streams share. It moves a word a cycle of the design's clock, reads and writes at once.
type Port struct {
	Bits   int     `json:"bits"`
	In     float64 `json:"efficiency_in"`  // of what the design reads: share of the cycles in which a word moves
	Out    float64 `json:"efficiency_out"` // of what it writes
	Source string  `json:"source"`
}

// Memory is the memory of a board that holds images and results.
type Memory struct {
	Name       string  `json:"name"`
	Banks      int     `json:"banks"`
	GBs        float64 `json:"gb_per_s"`   // of a bank, 10^9 bytes a second
	Efficiency float64 `json:"efficiency"` // share of it that transfers reach
	Source     string  `json:"source"`
}

// Host is the link from a host's memory to the board's. One transfer after the other uses it.
type Host struct {
	GBs    float64 `json:"gb_per_s"`
	In     float64 `json:"efficiency_in"`  // to the board
	Out    float64 `json:"efficiency_out"` // from it
	Source string  `json:"source"`
}

// Free are the resources that are not reserved.
func (p *Platform) Free() Resources { return p.Resources.Vec().Sub(p.Taken().Vec()).Resources() }

// Taken are the reserved resources.
func (p *Platform) Taken() Resources {
	var v Vec
	for _, r := range p.Reserved {
		v = v.Add(r.Resources.Vec())
	}
	return v.Resources()
}

// Fabric is the platform without what plays no part in the choice of hardware: texts and links.
func (p Platform) Fabric() Platform {
	p.About, p.Source, p.Links = "", "", nil
	return p
}

// Whole refuses a platform of which only a part of the way to a board is known. Versal devices are priced and packaged; the block design,
// the clock manager and the drivers are those of other families.
func (p *Platform) Whole() error {
	if p.Family == FamilyVersal {
		return fmt.Errorf("platform %s is a Versal device: \"hass optimize\" designs for it and \"hass generate\" packages the IP; nothing else knows Versal", plain(p.Name))
	}
	return nil
}

// share reports whether v is above 0 and up to 1.
func share(v float64) bool { return v > 0 && v <= 1 }

// Bounds of links; no board is near them.
const (
	maxPortBits = 1 << 16
	maxBanks    = 1 << 10
	maxGBs      = 1e6
)

// Check refuses impossible links.
func (l *Links) Check() error {
	if l == nil {
		return nil
	}
	rate := func(v float64) bool { return v > 0 && v <= maxGBs }
	if p := l.Port; p != nil {
		if p.Bits < 8 || p.Bits > maxPortBits || p.Bits%8 != 0 {
			return fmt.Errorf("port.bits %d; want whole bytes, 8 to %d bits", p.Bits, maxPortBits)
		}
		if !share(p.In) || !share(p.Out) {
			return fmt.Errorf("port.efficiency_in %v, efficiency_out %v; want shares above 0 and up to 1", p.In, p.Out)
		}
	}
	if m := l.Memory; m != nil && (m.Banks < 1 || m.Banks > maxBanks || !rate(m.GBs) || !share(m.Efficiency)) {
		return fmt.Errorf("memory: %d banks of %v GB/s, efficiency %v; want 1 to %d banks, GB/s above 0 and a share above 0 and up to 1", m.Banks, m.GBs, m.Efficiency, maxBanks)
	}
	if h := l.Host; h != nil && (!rate(h.GBs) || !share(h.In) || !share(h.Out)) {
		return fmt.Errorf("host: %v GB/s, efficiency_in %v, efficiency_out %v; want GB/s above 0 and shares above 0 and up to 1", h.GBs, h.In, h.Out)
	}
	return nil
}

// checkRegions refuses regions that are not those of the device and reservations that do not fit.
func (p *Platform) checkRegions() error {
	free, sum := map[string]Vec{}, Vec{}
	for i, s := range p.SLRs {
		if _, twice := free[s.Name]; twice {
			return fmt.Errorf("slr %d: %q is there twice", i+1, s.Name)
		}
		if last := i == len(p.SLRs)-1; last != (s.Wires == 0) {
			return fmt.Errorf("slr %q: %d wires; every region but the last has wires to the next", s.Name, s.Wires)
		}
		free[s.Name], sum = s.Resources.Vec(), sum.Add(s.Resources.Vec())
	}
	for r, n := range sum {
		if p.SLRs != nil && n != p.Resources.Vec()[r] {
			return fmt.Errorf("slr: the regions have %d %s together, the device has %d", n, ResourceNames[r], p.Resources.Vec()[r])
		}
	}
	if p.SLRs == nil {
		free[""] = p.Resources.Vec()
	}
	for i, r := range p.Reserved {
		left, ok := free[r.SLR]
		if !ok {
			return fmt.Errorf("reserved %d: slr %q; want the region of the device in which it lies", i+1, r.SLR)
		}
		if left = left.Sub(r.Resources.Vec()); !(Vec{}).Within(left) {
			return fmt.Errorf("reserved %d: %q takes more than is left of the device or of its region", i+1, r.What)
		}
		free[r.SLR] = left
	}
	if p.Free().LUT == 0 {
		return fmt.Errorf("reserved: no LUT is left for a design")
	}
	return nil
}

// SLRFree are the resources of every region that are not reserved, nil on a device of one.
func (p *Platform) SLRFree() []Resources {
	var list []Resources
	for _, s := range p.SLRs {
		v := s.Resources.Vec()
		for _, r := range p.Reserved {
			if r.SLR == s.Name {
				v = v.Sub(r.Resources.Vec())
			}
		}
		list = append(list, v.Resources())
	}
	return list
}

// Rates are the images per second that the parts of a system allow.
type Rates struct {
	BytesIn  int     `json:"bytes_in"` // of an image, as its stream carries it
	BytesOut int     `json:"bytes_out"`
	Core     float64 `json:"core"`             // of the design alone
	Link     float64 `json:"link,omitempty"`   // of the memory port; 0 where the platform names none
	Memory   float64 `json:"memory,omitempty"` // of one bank that holds images and results
	Host     float64 `json:"host,omitempty"`   // of the link to the host
	Least    string  `json:"least"`            // core, link, memory or host
	Images   float64 `json:"images_per_second"`
}

// Stream is a stream of images or results: words of an image, bytes of a word.
type Stream struct{ Words, Bytes int }

// NewRates are the rates of a design that makes core images a second at a clock in MHz.
func NewRates(in, out []Stream, l *Links, mhz, core float64) *Rates {
	r := &Rates{Core: core, Least: "core", Images: core}
	for _, s := range in {
		r.BytesIn += s.Words * s.Bytes
	}
	for _, s := range out {
		r.BytesOut += s.Words * s.Bytes
	}
	if l == nil {
		return r
	}
	if p := l.Port; p != nil {
		// A DMA moves a word of its stream a cycle; all DMAs of a direction share the port.
		cycles := max(float64(r.BytesIn*8)/float64(p.Bits)/p.In, float64(r.BytesOut*8)/float64(p.Bits)/p.Out)
		for _, s := range in {
			cycles = max(cycles, float64(s.Words)/p.In)
		}
		for _, s := range out {
			cycles = max(cycles, float64(s.Words)/p.Out)
		}
		r.Link = mhz * 1e6 / cycles
	}
	if m := l.Memory; m != nil {
		r.Memory = m.GBs * 1e9 * m.Efficiency / float64(r.BytesIn+r.BytesOut)
	}
	if h := l.Host; h != nil {
		r.Host = h.GBs * 1e9 / (float64(r.BytesIn)/h.In + float64(r.BytesOut)/h.Out)
	}
	for _, o := range []struct {
		name string
		rate float64
	}{{"link", r.Link}, {"memory", r.Memory}, {"host", r.Host}} {
		if o.rate > 0 && o.rate < r.Images {
			r.Least, r.Images = o.name, o.rate
		}
	}
	return r
}

// String lists the rates and names the least.
func (r *Rates) String() string {
	s := fmt.Sprintf("core %.1f", r.Core)
	for _, o := range []struct {
		name string
		rate float64
	}{{"link", r.Link}, {"memory", r.Memory}, {"host", r.Host}} {
		if o.rate > 0 {
			s += fmt.Sprintf(", %s %.1f", o.name, o.rate)
		}
	}
	return fmt.Sprintf("%s images/s: %s is the least (%d bytes in, %d out an image)", s, r.Least, r.BytesIn, r.BytesOut)
}

// Rates are the rates of a design with the network n whose core makes core images a second. They are nil if the platform names no links.
func (d *Design) Rates(n *hw.Network, core float64) *Rates {
	if d.Links == nil {
		return nil
	}
	var in, out []Stream
	of := func(i int) Stream { return Stream{n.Streams[i].Tokens, hw.AXIBits(n.Streams[i].Width()) / 8} }
	for i := range n.Processes {
		switch p := &n.Processes[i]; p.Kind {
		case hw.Source:
			in = append(in, of(p.Out[0]))
		case hw.Sink:
			out = append(out, of(p.In[0]))
		default: // inside
		}
	}
	return NewRates(in, out, d.Links, d.Clock.MHz, core)
}
