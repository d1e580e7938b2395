// Package limits is the table of the targets' limits: the widths of ports, streams, memories and arrays, and the number of processes. It counts the demand
// of a layer's hardware choice, and of a whole network, on each.
package limits

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"hass/internal/hw"
)

// Target is the language of a generated project, or both where hardware must suit either.
type Target string

// The targets.
const (
	HLS  Target = "hls"  // C++ for Vitis HLS
	RTL  Target = "rtl"  // SystemVerilog
	Both Target = "both" // the stricter of both for each limit
)

// ParseTarget is the target of a name.
func ParseTarget(name string) (Target, error) {
	switch t := Target(name); t {
	case HLS, RTL, Both:
		return t, nil
	}
	return "", fmt.Errorf("target %.40q: want %s, %s or %s", name, HLS, RTL, Both)
}

// Includes reports whether hardware made for t keeps the limits of a language.
func (t Target) Includes(language Target) bool { return t == language || t == Both }

// Limit identifies a limited resource of a target.
type Limit int

// The limits.
const (
	PortBits     Limit = iota // TDATA of an AXI4-Stream port
	TokenBits                 // a token of a tensor's stream: a C++ struct in hls::stream
	WideBits                  // a window beat or a token of accumulators, which is split over several streams if one is too narrow
	RowBits                   // a word of a memory whose inner dimension is reshaped
	PartElements              // elements of a completely partitioned array
	VectorBits                // a SystemVerilog vector: a word of a FIFO, a row of weights, the useful pairs of a beat, the concatenated inputs of a join
	Thresholds                // of an output channel of a join
	StreamTokens              // tokens of a stream per image: the range of a counter
	ProcessFIFOs              // FIFOs on one side of a process
	ProcessCount              // processes of the design
	FIFOCount                 // FIFOs of the design
	limitCount   = iota
)

// Limits are the largest values that a target allows, by Limit; 0 is no limit.
type Limits [limitCount]int

// wideParts is the largest number of streams over which a token is split.
const wideParts = 4

// LimitRow is a line of the table of limits.
type LimitRow struct {
	Name, Unit string // of the resource and of its measure
	HLS, RTL   int    // the limit of each language; 0: no limit
	Why        string // origin of the limit
}

// limitTable has the limits of the targets.
var limitTable = [limitCount]LimitRow{
	PortBits:     {"port", "bits", 1024, 1024, "AMD's DMA engines and the integers of ap_int.h stop there"},
	TokenBits:    {"stream", "bits a token", hw.StreamBits, 0, "Vitis HLS refuses wider structs in streams"},
	WideBits:     {"stream of window beats or accumulators", "bits a token", wideParts * hw.StreamBits, 0, "four streams side by side, in step"},
	RowBits:      {"memory row", "bits", 65536, 0, "Vitis HLS refuses wider reshaped arrays"},
	PartElements: {"partitioned array", "elements", 1024, 0, "Vitis HLS refuses more in a completely partitioned array"},
	VectorBits:   {"vector", "bits", 0, 65536, "IEEE 1800 asks no tool for wider packed arrays"},
	Thresholds:   {"join", "thresholds a channel", 15, 15, "each has a comparator of its own; a multiplier serves more levels"},
	StreamTokens: {"stream", "tokens an image", math.MaxInt32, math.MaxInt32, "its counters have 32 bits"},
	ProcessFIFOs: {"process", "FIFOs on one side", 64, 64, "a schedule's step has a bit for each"},
	ProcessCount: {"design", "processes", 1024 - ChainEnds, 1536, "one kernel's DATAFLOW region, or the registers of hass_control, hold no more"},
	FIFOCount:    {"design", "FIFOs", 0, 12288, "the registers of hass_control hold no more"},
}

// ChainEnds is the number of processes of a C++ kernel besides those of the design: the ends of the weight chain.
const ChainEnds = 2

// Limits is the table's column of a target; "" is Both.
func (t Target) Limits() (l Limits) {
	for k := range limitTable {
		l[k] = limitTable[k].Of(t)
	}
	return l
}

// Allow reports whether a need is within the limit.
func (l *Limits) Allow(k Limit, need int) bool { return l[k] == 0 || need <= l[k] }

// Breach is a limit of a target that a design exceeds, or that every hardware choice of one of its layers exceeds. It is an
// error.
type Breach struct {
	Target Target // HLS or RTL
	Limit  Limit
	Where  string // a port, a process or a FIFO, with its layer
	Need   int
}

// Error names limit, place and figures.
func (b *Breach) Error() string {
	f := &limitTable[b.Limit]
	name := f.Name
	if b.Where != "" {
		name = b.Where
	}
	return fmt.Sprintf("%s: %s %s; %s takes at most %s (%s)", name, grouped(b.Need), f.Unit, b.Target, grouped(b.most()), f.Why)
}

func (b *Breach) most() int {
	l := b.Target.Limits()
	return l[b.Limit]
}

// AllowedBy reports whether a target allows the need.
func (b *Breach) AllowedBy(t Target) bool {
	l := t.Limits()
	return l.Allow(b.Limit, b.Need)
}

// Excess is the ratio of the need to the limit.
func (b *Breach) Excess() float64 { return float64(b.Need) / float64(b.most()) }

// breach is the breach of a limit of target t by a need; it names the language that has the limit.
func (t Target) breach(k Limit, where string, need int) *Breach {
	language := HLS
	if hls := HLS.Limits(); t == RTL || hls.Allow(k, need) {
		language = RTL
	}
	return &Breach{language, k, where, need}
}

// grouped writes a number with commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Of is the limit of a target, 0 if there is none.
func (r *LimitRow) Of(t Target) int {
	switch {
	case t == HLS:
		return r.HLS
	case t == RTL:
		return r.RTL
	case r.HLS == 0 || r.RTL == 0:
		return max(r.HLS, r.RTL)
	}
	return min(r.HLS, r.RTL)
}

// String describes the limit of a target.
func (r *LimitRow) String(t Target) string {
	return fmt.Sprintf("%s of %s %s", r.Name, grouped(r.Of(t)), r.Unit)
}

// LimitTable is the table of limits in the order of Limit.
func LimitTable() []LimitRow { return slices.Clone(limitTable[:]) }
