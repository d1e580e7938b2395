// Package scheduled lists scheduled engines of convolutions: what numbers of banks and chains make of a layer's real weights.
//
// It takes an integer network with its weights; it gives hardware of layers, the exact rows and cycles of which are those of
// hw.Expand. The banks of the words are searched once for every layer and number of banks, and kept. It prices nothing and
// chooses nothing between layers.
package scheduled

import (
	"fmt"
	"slices"
	"sync"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/schedule"
)

// Banks are the numbers of banks that are tried. Where a filter has few weights in each, banks are less full: the more there are, the
// fewer LUTs a product takes and the more places stay empty.
var Banks = []int{1, 2, 3, 4, 6, 8, 10, 12, 16}

// fieldOf is the number of bits of a packed field by device family: what is left of a DSP slice's wider operand beside two activations of
// 8 bits.
func fieldOf(family string, bits int) int {
	wide := 25
	if family == design.FamilyUSPlus {
		wide = 27
	}
	return wide - 1 - bits
}

// packedBits is the most bits of activations of which two share a multiplier.
const packedBits = 8

// Menu knows the schedules of a network's layers. It may be asked by several goroutines at once.
type Menu struct {
	net    *intnet.Net
	family string
	mu     sync.Mutex
	plans  map[key]*assigned
}

type key struct{ layer, banks, field int }

// assigned is what a number of banks makes of a layer.
type assigned struct {
	once   sync.Once
	places string
	rows   []int // by filter
	err    error
}

// NewMenu knows nothing yet of a network whose weights are there, for a device family.
func NewMenu(net *intnet.Net, family string) *Menu {
	return &Menu{net: net, family: family, plans: map[key]*assigned{}}
}

// Fits tells whether a layer may have a scheduled engine: a convolution of one group, with weights.
func (m *Menu) Fits(layer int) bool {
	l := &m.net.Layers[layer]
	return l.Kind == intnet.KindConv && l.Conv.Groups == 1 && len(l.Conv.Weights) > 0
}

// assigned searches the banks of a layer's words, once.
func (m *Menu) assigned(layer, banks, field int) *assigned {
	m.mu.Lock()
	a := m.plans[key{layer, banks, field}]
	if a == nil {
		a = new(assigned)
		m.plans[key{layer, banks, field}] = a
	}
	m.mu.Unlock()
	a.once.Do(func() {
		l := &m.net.Layers[layer]
		w := hw.ScheduleWeights(l.Conv)
		var bank []int
		if bank, a.err = schedule.Assign(w, banks); a.err != nil {
			return
		}
		a.places = hw.PlacesOf(bank)
		plan, err := hw.PlanOf(m.net, l, hw.Layer{N: banks, Scheduled: hw.Scheduled{Chains: 1, Field: field, Places: a.places}})
		if err != nil {
			a.err = err
			return
		}
		n := 0
		for _, r := range plan.Chains[0] {
			if n++; r.Last {
				a.rows, n = append(a.rows, n), 0
			}
		}
	})
	return a
}

// longest is the number of rows of the longest of so many chains: filters go to the least loaded one, in order.
func (a *assigned) longest(chains int) int {
	load := make([]int, chains)
	for _, n := range a.rows {
		k := 0
		for i := range load {
			if load[i] < load[k] {
				k = i
			}
		}
		load[k] += n
	}
	return slices.Max(load)
}

// Choices are the scheduled engines of a layer that take at most so many cycles an image, one for each number of banks that can: that of
// the fewest chains. Of base they have the beats, pixels and memories; in_ch and out_ch become 1. Two pixels share a multiplier
// where activations are narrow enough. Errors name the layer.
func (m *Menu) Choices(layer int, base hw.Layer, cycles int) ([]hw.Layer, error) {
	l := &m.net.Layers[layer]
	if !m.Fits(layer) {
		return nil, fmt.Errorf("layer %s can have no scheduled engine", l.ID)
	}
	base.Engine, base.MTap, base.MCh, base.InCh, base.OutCh, base.Gang = hw.ScheduledEngine, 1, 1, 1, 1, 1
	w := hw.WindowOf(m.net, *l, base)
	base.LinePixels = w.FullLinePixels()
	field := 0
	if bits := m.net.Tensors[l.In[0]].Format.Bits; base.OutPx > 1 && bits <= packedBits {
		field = fieldOf(m.family, bits)
	}
	phase := cycles / w.PixelGroups() // iterations of a phase, at most
	var list []hw.Layer
	for _, banks := range Banks {
		if banks > w.BeatsPerFold() || w.BeatsPerFold()+banks-1 > phase {
			continue
		}
		a := m.assigned(layer, banks, field)
		if a.err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.ID, a.err)
		}
		most := min(hw.MaxChains, len(a.rows))
		total := 0
		for _, n := range a.rows {
			total += n
		}
		for chains := max(1, (total+phase-1)/phase); chains <= most; chains++ {
			if a.longest(chains) <= phase {
				c := base
				c.N, c.Scheduled = banks, hw.Scheduled{Chains: chains, Field: field, Places: a.places}
				list = append(list, c)
				break
			}
		}
	}
	return list, nil
}
