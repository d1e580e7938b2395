package optimizer

import (
	"fmt"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// part is a formula and how often an instance has it.
type part struct {
	area  area
	times int
}

// ModuleParams are the parameters of an instance of an RTL module: integers or sized literals.
type ModuleParams map[string]string

// num is an integer parameter; 0 if it is not there.
func (p ModuleParams) num(name string) int {
	v, _ := p.big(name)
	return int(v)
}

func (p ModuleParams) or(name string, otherwise int) int {
	if _, ok := p[name]; !ok {
		return otherwise
	}
	return p.num(name)
}

func (p ModuleParams) big(name string) (int64, bool) {
	s, ok := p[name]
	if !ok {
		return 0, false
	}
	base := 10
	if i := strings.IndexByte(s, '\''); i >= 0 {
		s = strings.TrimPrefix(s[i+1:], "s")
		if s == "" {
			return 0, false
		}
		if s[0] == 'h' {
			base = 16
		}
		s = s[1:]
	}
	if base == 16 {
		v, err := strconv.ParseUint(s, 16, 64)
		return int64(v), err == nil
	}
	v, err := strconv.ParseInt(s, base, 64)
	return v, err == nil
}

// ModuleCost is the cost of an instance of an RTL module, from the parameters that codegen gives it.
func ModuleCost(module string, p ModuleParams, family string) (Resources, error) {
	m := costModel{family: family}
	if strings.HasPrefix(module, "hass_weights_") {
		if module == "hass_weights_head" {
			return chainHead.resources(), nil
		}
		return chainEnd.resources(), nil
	}
	if module == "hass_ram" {
		s := p.memory("WIDTH", "DEPTH", "STYLE")
		v := s.cost(family)
		return v.resources(), nil
	}
	parts, err := moduleParts(module, p, family)
	if err != nil {
		return Resources{}, err
	}
	var v vec
	for i := range parts {
		a := &parts[i].area
		if a.kind == areaWindow { // as the optimizer rounds: see window
			f := area{kind: areaWindow}
			f.lut[windowFlags], a.lut[windowFlags] = a.lut[windowFlags], 0
			v = v.add(m.price(&f, 1))
		}
		v = v.add(m.price(a, parts[i].times))
	}
	return v.resources(), nil
}

// ModuleTerms are the terms of an instance for the fit: the name of its formula, the counts that follow from
// rules, with other formulas' shares if it has several, and what the coefficients of LUTs and flip-flops multiply.
type ModuleTerms struct {
	Formula string
	Rule    Resources
	LUT, FF []float64
}

// TermsOf gives the terms of a module's own formula.
func TermsOf(module string, p ModuleParams, family string) (ModuleTerms, error) {
	parts, err := moduleParts(module, p, family)
	if err != nil {
		return ModuleTerms{}, err
	}
	own := parts[len(parts)-1]
	rule := own.area.rule
	m := costModel{family: family}
	for _, q := range parts[:len(parts)-1] {
		rule = rule.add(m.price(&q.area, q.times))
	}
	return ModuleTerms{areaNames[own.area.kind], rule.resources(), own.area.lut[:], own.area.ff[:]}, nil
}

func (p ModuleParams) memory(width, depth, style string) memoryShape {
	return memoryShape{p.num(width), p.num(depth), []string{MemLUTRAM, MemBRAM, MemURAM}[min(2, max(0, p.num(style)))]}
}

func (p ModuleParams) requant(in int, steps int) requantShape {
	out := p.or("OUT_BITS", p.num("BITS"))
	return requantShape{in: in, out: out, shift: p.num("SHIFT"), steps: steps, lo: int64(p.num("LO")), hi: int64(p.num("HI")), even: p.num("ROUNDING") > 0}
}

func (p ModuleParams) beats() beatsShape {
	return beatsShape{p.num("PX"), p.num("CH"), p.num("W"), p.num("CHANNEL_BEATS"), p.requant(0, 1)}
}

func (p ModuleParams) lane() laneShape {
	x := p.num("X_BITS")
	s := laneShape{[]hw.EngineKind{hw.Dense, hw.Crossbar, hw.Banked}[p.num("KIND")], p.num("M"), p.num("N"), x, p.num("W_BITS"), x, p.num("ACC")}
	if p.num("X_SIGNED") == 0 {
		s.x++
	}
	return s
}

func (p ModuleParams) strided(axis string) strided {
	return strided{p.or(axis+"S", 1), p.num(axis + "_START"), p.or(axis+"_STEP", 1), p.or(axis+"_COUNT", 1)}
}

// moduleParts are the formulas of an instance, its own last.
func moduleParts(module string, p ModuleParams, family string) ([]part, error) {
	one := func(a area) ([]part, error) { return []part{{a, 1}}, nil }
	signed := func(bits, flag string) int {
		if p.num(flag) == 0 {
			return p.num(bits) + 1
		}
		return p.num(bits)
	}
	switch module {
	case "hass_fifo":
		return one(fifoArea(hw.FIFOParams{Width: p.num("WIDTH"), Depth: p.num("DEPTH"), Block: p.num("BLOCK") != 0}, family))
	case "hass_fork":
		return one(forkArea(hw.ForkParams{Outs: p.num("OUTS")}))
	case "hass_convert":
		return one(convertArea(hw.ConvertParams{Bits: p.num("BITS"), Pixels: p.num("PIXELS"), From: p.num("FROM"), To: p.num("TO")}))
	case "hass_source":
		return one(sourceArea(hw.SourceParams{Width: p.num("WIDTH"), Beats: p.num("BEATS")}))
	case "hass_sink":
		return one(sinkArea(hw.SinkParams{Beats: p.num("BEATS")}))
	case "hass_control":
		return one(controlArea(hw.ControlParams{Outputs: p.num("OUTPUTS")}))
	case "hass_lane":
		return one(p.lane().area(family))
	case "hass_weights":
		mem := p.memory("ROW", "DEPTH", "STYLE")
		row, words, field := p.num("ROW"), p.num("WORDS"), p.num("FIELD0")
		return one(weightsShape{mem.depth, row, words, row - (words-1)*field, p.num("FLAG"), mem.style}.area(family))
	case "hass_engine":
		lane := p.lane()
		mem := p.memory("M", "DEPTH", "STYLE")
		s := engineShape{lane: lane, gang: p.num("GANG"), px: p.num("PX"), beats: p.num("BEATS"),
			weights: weightsOf(p.num("GANG")*lane.m, lane.w, mem.depth, lane.kind != hw.Dense, mem.style)}
		return s.parts(family, 1), nil
	case "hass_join":
		return one(joinShape{p.num("GANGS"), p.num("GANG"), p.num("PX"), p.or("BANKS", 1), p.num("W"), p.num("FOLDS"), p.requant(p.num("ACC_BITS")+p.or("BIAS_FRAC", 0), p.num("STEPS"))}.area(family))
	case "hass_window":
		w := hw.WindowParams{Bits: p.num("BITS"), H: p.num("H"), W: p.num("W"), C: p.num("C"), OH: p.num("OH"), OW: p.num("OW"),
			KH: p.num("KH"), KW: p.num("KW"), SH: p.num("SH"), SW: p.num("SW"), DH: p.num("DH"), DW: p.num("DW"),
			InPx: p.num("IN_PX"), InCh: p.num("IN_CH"), OutPx: p.num("OUT_PX"), MTap: p.num("M_TAP"), MCh: p.num("M_CH"), Folds: p.num("FOLDS"), Groups: p.num("GROUPS"),
			LinePixels: p.num("LINE_PIXELS"), Rows: p.num("ROWS"), RowBanks: p.num("ROW_BANKS"), ColBanks: p.num("COL_BANKS"), Lanes: p.num("LANES"),
			PT: p.num("PT"), PL: p.num("PL"), Tau: p.num("TAU"), Flags: p.num("FLAGS") > 0, Block: p.num("BLOCK") > 0}
		return one(windowArea(&w, family))
	case "hass_pool", "hass_globalpool":
		s := poolShape{bits: p.num("BITS"), signed: p.num("SIGNED") > 0, px: p.num("PX"), ch: p.num("CH"), taps: p.or("TAPS", p.num("PX")), tapGroups: p.num("TAP_GROUPS"),
			h: p.num("H"), w: p.num("W"), channels: p.num("CHANNEL_BEATS"), max: p.num("MAX") > 0, rows: p.or("ROW_CLASSES", 1), cols: p.or("COLUMN_CLASSES", 1), mul: p.or("MUL_BITS", 1),
			block: p.num("STYLE") > 0, drop: p.or("DROP", 0), requant: p.requant(0, 1)}
		if module == "hass_pool" {
			return one(s.area(family))
		}
		return one(s.global(family))
	case "hass_add", "hass_mul":
		s := operandsShape{beats: p.beats(), a: signed("BITS0", "SIGNED0"), b: signed("BITS1", "SIGNED1"), second: p.num("BITS1"), positive: p.num("SIGNED0")+p.num("SIGNED1") == 0, broadcast: p.num("BROADCAST") > 0,
			block: p.num("STYLE") > 0, beatsPerImage: p.or("BEATS", 1)}
		if module == "hass_mul" {
			return one(s.mul(family))
		}
		return one(s.add(family, [2]int{p.num("ALIGN0"), p.num("ALIGN1")}))
	case "hass_requant_stream":
		return one(requantArea(p.beats(), signed("IN_BITS", "IN_SIGNED"), p.num("IN_SIGNED") > 0))
	case "hass_activation":
		fns := []intnet.ActFn{intnet.ActHardSigmoid, intnet.ActHardSwish, intnet.ActLeaky, intnet.ActCurve}
		add, _ := p.big("ADD")
		return one(activationShape{beats: p.beats(), fn: fns[p.num("KIND")&3], x: signed("IN_BITS", "IN_SIGNED"), xBits: p.num("IN_BITS"), rows: p.num("ROWS"), columns: p.num("COLUMNS"),
			table: p.num("TABLE_BITS"), slope: p.or("SLOPE_BITS", 1), addBits: bits.Len64(uint64(max(add, -add))) + 1, top: int64(p.num("TOP")), step: p.num("STEP")}.area(family))
	case "hass_concat":
		return one(p.concat().area())
	case "hass_slice":
		a := area{kind: areaSlice}
		a.strided([]strided{p.strided("CHANNEL"), p.strided("COLUMN"), p.strided("ROW")}, 0)
		return one(a)
	case "hass_zeroinsert":
		a := area{kind: areaZeroInsert}
		c := p.num("CHANNEL_BEATS")
		a.strided([]strided{{c, 0, 1, c}, p.strided("COLUMN"), p.strided("ROW")}, p.num("WIDTH"))
		return one(a)
	case "hass_resize":
		return one(resizeShape{bits: p.num("BITS"), value: signed("BITS", "SIGNED"), ch: p.num("CH"), channels: p.num("CHANNEL_BEATS"), inW: p.num("IN_W"), outH: p.num("OUT_H"), outW: p.num("OUT_W"),
			reads: p.num("READS_BITS"), from: p.num("FROM_BITS"), rowScale: p.num("ROW_SCALE"), colScale: p.num("COLUMN_SCALE"), block: p.num("STYLE") > 0, requant: p.requant(0, 1)}.area(family))
	}
	return nil, fmt.Errorf("no formula for module %q", module)
}

// concat reads a concat's inputs and program.
func (p ModuleParams) concat() concatShape {
	plan := hw.ConcatPlan{Out: p.num("OUT"), Kept: p.num("KEPT"), Ports: make([]hw.ConcatPort, p.num("INS"))}
	n, index := len(plan.Ports), p.num("INDEX")
	ch, base, unit, places := p.wide("CHANNELS"), p.wide("BASE"), p.wide("UNIT"), p.wide("PLACES")
	for i := range plan.Ports {
		plan.Ports[i] = hw.ConcatPort{Ch: field(ch, 32*i, 32), Base: field(base, 32*i, 32), Unit: field(unit, 32*i, 32), Places: field(places, 32*i, 32)}
	}
	program, word := p.wide("PROGRAM"), n*(1+index)+1
	for k := range p.num("STEPS") {
		s := hw.ConcatStep{Write: program.Bit(k*word+n) == 1}
		for i := range n {
			s.Reads |= uint64(program.Bit(k*word+i)) << i
			s.Places = append(s.Places, field(program, k*word+n+1+i*index, index))
		}
		plan.Steps = append(plan.Steps, s)
	}
	return concatShape{plan, p.num("PIXELS"), p.num("BITS")}
}

// wide is a vector of any length in hexadecimal; 0 if it is not there.
func (p ModuleParams) wide(name string) *big.Int {
	_, hex, _ := strings.Cut(p[name], "'h")
	v, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		return new(big.Int)
	}
	return v
}

// field is some bits of a vector.
func field(v *big.Int, at, bits int) int {
	f := new(big.Int).Rsh(v, uint(at))
	return int(f.And(f, big.NewInt(1<<bits-1)).Int64())
}
