package hw

import (
	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
)

// LaneKind is the way in which one dot product of an engine selects the pairs to multiply, numbered as in hass_lane. An
// engine of an elastic layer is a bank of banked lanes.
type LaneKind int

// The lane kinds, in the order of hass_lane's KIND.
const (
	DenseLane LaneKind = iota
	CrossbarLane
	BankedLane
	PackedLane // has no hass_lane of its own: several lanes share a hass_packed
)

// laneRow describes a lane kind for all stages.
type laneRow struct {
	name  string // in both targets
	flags bool   // uses non-zero flags of values and weights
	lag   int    // cycles from control to the factors of a product (hass_engine)
}

var laneRows = [...]laneRow{
	DenseLane:    {"DENSE", false, 1},
	CrossbarLane: {"CROSSBAR", true, 7}, // useful pairs, ranks in four steps, selection, its number
	BankedLane:   {"BANKED", true, 3},   // useful pairs, remaining pairs, selection
	PackedLane:   {"PACKED", false, 1},
}

// lanes is the row of a layer's engines; for a layer without engines it is that of lanes without flags.
func (l *Layer) lanes() laneRow {
	if l.Engine == "" || l.Engine.Row().Static {
		return laneRow{}
	}
	return laneRows[l.Engine.Row().Lane]
}

// String is the lane kind's name in both targets.
func (k LaneKind) String() string { return laneRows[k].name }

// LaneParams are the parameters of hass_lane: one dot product of M lanes with N multipliers.
type LaneParams struct {
	Kind    LaneKind `rtl:"KIND"`
	M       int      `rtl:"M"` // lanes
	N       int      `rtl:"N"` // multipliers
	XBits   int      `rtl:"X_BITS"`
	XSigned bool     `rtl:"X_SIGNED"`
	WBits   int      `rtl:"W_BITS"`
	Acc     int      `rtl:"ACC"` // bits of the accumulator
}

// ModuleName is hass_lane.
func (LaneParams) ModuleName() string { return "hass_lane" }

// WeightsParams are the parameters of hass_weights: a memory of rows, filled by the weight chain.
type WeightsParams struct {
	Depth int `rtl:"DEPTH"` // rows
	Row   int `rtl:"ROW"`   // bits of a row
	Words int `rtl:"WORDS"` // words that a row takes from the chain
	// Words have fields of Field0, Field1, Field2 bits in turn; the first Cycle fields repeat.
	Cycle  int         `rtl:"CYCLE,omitempty"`
	Field0 int         `rtl:"FIELD0"`
	Field1 int         `rtl:"FIELD1,omitempty"`
	Field2 int         `rtl:"FIELD2,omitempty"`
	Flag   int         `rtl:"FLAG"`                 // width of a value that has a non-zero flag; 0: no flags
	Flags  memory.Kind `rtl:"FLAG_STYLE,omitempty"` // memory of the flags
	Memory memory.Kind `rtl:"STYLE"`
}

// ModuleName is hass_weights.
func (WeightsParams) ModuleName() string { return "hass_weights" }

// LastField is the number of bits in a row's last word.
func (p *WeightsParams) LastField() int {
	switch p.Cycle {
	case 0, 1:
		return p.Row - (p.Words-1)*p.Field0
	case 2:
		return p.Field1
	}
	return p.Field2
}

// EngineParams are the parameters of hass_engine: a gang of dot-product engines, or one bank of it, with its weights.
type EngineParams struct {
	Kind             LaneKind    `rtl:"KIND"`
	Depthwise        bool        `rtl:"DEPTHWISE"`       // each output lane has its own channel
	M                int         `rtl:"M" hls:"M"`       // lanes of a dot product
	N                int         `rtl:"N" hls:"N"`       // multipliers of a dot product
	Gang             int         `rtl:"GANG" hls:"GANG"` // output lanes
	Px               int         `rtl:"PX" hls:"PX"`     // pixels per beat
	Beats            int         `rtl:"BEATS" hls:"BEATS"`
	XBits            int         `rtl:"X_BITS"`
	XSigned          bool        `rtl:"X_SIGNED"`
	WBits            int         `rtl:"W_BITS"`
	Acc              int         `rtl:"ACC"`               // bits of an accumulator
	Depth            int         `rtl:"DEPTH" hls:"DEPTH"` // rows of weights
	Memory           memory.Kind `rtl:"STYLE"`             // of the weights
	Queue            int         `rtl:"QUEUE"`             // depth of the FIFO before it, in beats
	*Skipping                    // for an engine that skips zeros
	*packing.Packing             // for a packed engine

	Tokens int          // accumulator tokens per image
	Layout WeightLayout // of the rows
}

// Skipping holds the additional parameters of an engine that skips zeros: it inspects beats before they are due (hass_ahead).
type Skipping struct {
	Flags memory.Kind `rtl:"FLAG_STYLE"` // memory of the weights' non-zero flags
}

// AheadParams are the parameters of hass_ahead, an engine's look-ahead.
type AheadParams struct {
	Kind      LaneKind `rtl:"KIND"`
	Depthwise bool     `rtl:"DEPTHWISE"`
	M         int      `rtl:"M"`
	N         int      `rtl:"N"`
	Gang      int      `rtl:"GANG"`
	Px        int      `rtl:"PX"`
	Queue     int      `rtl:"QUEUE"`
}

// ModuleName is hass_ahead.
func (AheadParams) ModuleName() string { return "hass_ahead" }

// Groups is the number of groups of pairs that share multipliers: dot products, or their banks.
func (p *AheadParams) Groups() int {
	if p.Kind == BankedLane {
		return p.Px * p.Gang * p.N
	}
	return p.Px * p.Gang
}

// Tree lists the widths of the registers in the search for the largest count of all groups: one bit for eight groups each, then
// for sixteen of those, until one is left.
func (p *AheadParams) Tree() []int {
	list := []int{fixed.CeilDiv(p.Groups(), 8)}
	for n := list[0]; n > 1; list = append(list, n) {
		n = fixed.CeilDiv(n, 16)
	}
	return list
}

// Cycles is the delay of a token's flags in the look-ahead: flags, useful pairs, counts, the tree.
func (p *AheadParams) Cycles() int { return 3 + len(p.Tree()) }

// Queues are its FIFOs: of the cycles of beats and of their useful pairs.
func (p *AheadParams) Queues() []FIFOParams {
	return []FIFOParams{{Width: fixed.CeilDiv(p.M, p.N), Depth: p.Queue}, {Width: p.Px * p.Gang * p.M, Depth: p.Queue, Lag: 1 + spread(p.Gang)}}
}

// spread is the number of cycles for distributing a token to one copy for every eight lanes of a gang (SPREAD of hass_engine).
func spread(gang int) int {
	if gang > 4 {
		return 1
	}
	return 0
}

// ModuleName is hass_engine.
func (EngineParams) ModuleName() string { return "hass_engine" }

// Lane are the parameters of each of its dot products.
func (p *EngineParams) Lane() LaneParams {
	return LaneParams{Kind: p.Kind, M: p.M, N: p.N, XBits: p.XBits, XSigned: p.XSigned, WBits: p.WBits, Acc: p.Acc}
}

// Spread is the number of cycles for distributing a token to one copy for every eight lanes.
func (p *EngineParams) Spread() int { return spread(p.Gang) }

// Row is the number of weights in a row: those of a beat for all output lanes.
func (p *EngineParams) Row() int { return p.Gang * p.M }

// PerWord is the number of weights in a word of the chain.
func (p *EngineParams) PerWord() int { return 32 / p.WBits }

// WordsPerRow is the number of words that a row takes from the chain.
func (p *EngineParams) WordsPerRow() int { return fixed.CeilDiv(p.Row(), p.PerWord()) }

// Skips reports whether the engine skips zeros, so that values and weights have flags.
func (p *EngineParams) Skips() bool { return laneRows[p.Kind].flags }

// WorstBeat is the largest number of cycles of a beat: all pairs are useful.
func (p *EngineParams) WorstBeat() int { return fixed.CeilDiv(p.M, p.N) }

// Weights are the parameters of its memory.
func (p *EngineParams) Weights() WeightsParams {
	w := WeightsParams{Depth: p.Depth, Row: p.Row() * p.WBits, Words: p.WordsPerRow(), Field0: p.PerWord() * p.WBits, Memory: p.Memory}
	if p.Skips() {
		w.Flag, w.Flags = p.WBits, p.Flags
	}
	return w
}

// Ahead are the parameters of its hass_ahead; only an engine that skips zeros has one.
func (p *EngineParams) Ahead() AheadParams {
	return AheadParams{Kind: p.Kind, Depthwise: p.Depthwise, M: p.M, N: p.N, Gang: p.Gang, Px: p.Px, Queue: p.Queue}
}

// WeightLayout describes the place of every weight of a convolution in the memories of its engines.
type WeightLayout struct {
	MTap, MCh int // taps and channels of a beat
	Chans     int // channels of an output channel's group
	Taps      int // of the kernel
	Lanes     int // output lanes of all gangs
	Banks     int // engines of a gang
}

// EngineOf are the parameters of the engines of a convolution under its hardware choices; all gangs and banks have the
// same.
func EngineOf(net *intnet.Net, l *intnet.Layer, hl Layer) EngineParams {
	w := WindowOf(net, *l, hl)
	in := &net.Tensors[l.In[0]]
	e := EngineParams{
		Kind: hl.Engine.Row().Lane, M: EngineLanes(net, *l, hl) / hl.Banks(), N: hl.N / hl.Banks(), Gang: hl.Gang, Px: hl.OutPx,
		Beats: w.BeatsPerFold(), XBits: in.Format.Bits, XSigned: in.Format.Signed, WBits: l.Conv.WeightBits, Acc: l.Conv.AccBits,
		Depth: w.Folds * w.BeatsPerFold(), Memory: hl.WeightMem, Queue: hl.GangDepth,
		Tokens: w.PixelGroups() * l.Conv.OutC / hl.OutCh,
		Layout: WeightLayout{MTap: hl.MTap, MCh: hl.MCh, Chans: w.FoldChannels(), Taps: l.Conv.Kernel[0] * l.Conv.Kernel[1], Lanes: hl.OutCh, Banks: hl.Banks()},
	}
	if e.Skips() {
		e.Skipping = &Skipping{Flags: memory.ForBuffer(e.Row(), e.Depth)}
	}
	if e.Kind == PackedLane {
		e.Packing = &hl.Packing
	}
	if net.Depthwise(l) {
		// Here a fold is a group of channels, each on its own: its beats are the groups of taps.
		e.Depthwise, e.Beats, e.Layout.MCh, e.Layout.Chans = true, e.Layout.Taps/hl.MTap, 1, 1
	}
	return e
}

// WeightPlace is the place of a weight, the word of its engine's part of the weight chain and its lowest bit there,
// and its identity: output channel, tap of the kernel, channel of the group.
type WeightPlace struct {
	Word, Bit      int
	Out, Tap, Chan int
}

// Place calls put for every weight of engine number index, which belongs to gang g = index / banks, until put returns
// false. Row fold*beats+beat holds, for lane j of the gang and each lane i of the beat that the engine has, the weight
// of output channel fold*lanes + g*gang + j at the tap and channel of i, a channel of its group; each word has PerWord
// weights, the first lowest. In a depthwise convolution lane i is a tap of the output lane's own channel.
func (p *EngineParams) Place(index int, put func(WeightPlace) bool) {
	y := &p.Layout
	g, bank := index/y.Banks, index%y.Banks
	chanGroups := y.Chans / y.MCh
	per := p.PerWord()
	for row := range p.Depth {
		fold, beat := row/p.Beats, row%p.Beats
		tap0, chan0 := beat/chanGroups*y.MTap, beat%chanGroups*y.MCh
		n := 0
		for j := range p.Gang {
			out := fold*y.Lanes + g*p.Gang + j
			for t := range y.MTap {
				for ch := range y.MCh {
					if (t*y.MCh+ch)%y.Banks != bank {
						continue
					}
					if !put(WeightPlace{row*p.WordsPerRow() + n/per, n % per * p.WBits, out, tap0 + t, chan0 + ch}) {
						return
					}
					n++
				}
			}
		}
	}
}
