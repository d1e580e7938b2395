package folding

import (
	"slices"
	"strconv"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// key is a choice of a layer's hardware, under the name that design.json has for it.
type key struct {
	name  string
	of    func(hl *hw.Layer) string
	words []string            // its values if they are words; else they are numbers
	only  func(l kindOf) bool // the layers that have the choice
}

// kindOf is what decides the keys of a layer.
type kindOf struct {
	kind      intnet.Kind
	scheduled bool // the engine is a scheduled one
}

func anyLayer(kindOf) bool    { return true }
func windowed(l kindOf) bool  { return l.kind == intnet.KindConv || l.kind == intnet.KindPool }
func weighted(l kindOf) bool  { return l.kind == intnet.KindConv }
func scheduled(l kindOf) bool { return l.kind == intnet.KindConv && l.scheduled }

func number(of func(hl *hw.Layer) int) func(hl *hw.Layer) string {
	return func(hl *hw.Layer) string { return strconv.Itoa(of(hl)) }
}

// keys are all keys, in the order in which the optimizer comes to know them.
var keys = []key{
	{"in_px", number(func(hl *hw.Layer) int { return hl.InPx }), nil, anyLayer},
	{"out_px", number(func(hl *hw.Layer) int { return hl.OutPx }), nil, anyLayer},
	{"engine", func(hl *hw.Layer) string { return string(hl.Engine) }, engineWords(), weighted},
	{"m_tap", number(func(hl *hw.Layer) int { return hl.MTap }), nil, windowed},
	{"m_ch", number(func(hl *hw.Layer) int { return hl.MCh }), nil, windowed},
	{"n", number(func(hl *hw.Layer) int { return hl.N }), nil, weighted},
	{"out_ch", number(func(hl *hw.Layer) int { return hl.OutCh }), nil, anyLayer},
	{"gang", number(func(hl *hw.Layer) int { return hl.Gang }), nil, weighted},
	{"chains", number(func(hl *hw.Layer) int { return hl.Scheduled.Chains }), nil, scheduled},
	{"weight_mem", func(hl *hw.Layer) string { return hl.WeightMem.String() }, memoryWords(), weighted},
	{"bank_mem", func(hl *hw.Layer) string { return hl.Scheduled.BankMem.String() }, memoryWords(), scheduled},
	{"in_ch", number(func(hl *hw.Layer) int { return hl.InCh }), nil, anyLayer},
}

// The keys that each question of the optimizer is about: those of lanes before the memories, the memories, the stream that is read.
var (
	lanesEnd  = at("gang")
	choiceEnd = at("in_ch")
	allEnd    = len(keys)
)

// at is the place of a key; -1 if there is none of that name.
func at(name string) int { return slices.IndexFunc(keys, func(k key) bool { return k.name == name }) }

func engineWords() (words []string) {
	for _, k := range hw.EngineKinds() {
		words = append(words, string(k))
	}
	return words
}

func memoryWords() (words []string) {
	for _, k := range memory.Kinds {
		words = append(words, k.String())
	}
	return words
}

// names are the keys that a layer has.
func names(l kindOf) (list []string) {
	for _, k := range keys {
		if k.only(l) {
			list = append(list, k.name)
		}
	}
	return list
}

// compare orders values of a key: numbers by size, words as listed.
func (k *key) compare(a, b string) int {
	if k.words != nil {
		return slices.Index(k.words, a) - slices.Index(k.words, b)
	}
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x - y
}

// text is a value as TOML.
func (k *key) text(value string) string {
	if k.words != nil {
		return strconv.Quote(value)
	}
	return value
}
