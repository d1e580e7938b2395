// Package scheduled lists the scheduled engines that a convolution can have, with the rows that its real weights need for each
// number of banks and chains.
//
// It takes an integer network with its weights; it gives the hardware of layers with the rows of their longest chain, equal to those
// of hw.Expand. The assignment of words to banks is searched once for every layer and number of banks, and kept. It does not price
// hardware and does not choose between layers.
package scheduled

import (
	"context"
	"fmt"
	"sync"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/packing"
	"hass/internal/schedule"
)

// Banks are the numbers of banks to try. More banks take fewer LUTs per product, but if a filter has few weights per bank, the banks
// fill unevenly and more places stay empty.
var Banks = []int{1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18}

// packedBits is the largest width of activations of which two share a multiplier.
const packedBits = 8

// Menu holds the schedules of a network's layers. It may be used by several goroutines at once.
type Menu struct {
	net    *intnet.Net
	family string
	mu     sync.Mutex
	plans  map[key]*assigned
}

type key struct{ layer, banks, field int }

// assigned is a layer's schedule for one number of banks.
type assigned struct {
	once    sync.Once
	places  string
	longest []int // by number of chains 1, 2, ...: rows of the longest one
	err     error
}

// NewMenu returns an empty menu for a network with its weights and a device family.
func NewMenu(net *intnet.Net, family string) *Menu {
	return &Menu{net: net, family: family, plans: map[key]*assigned{}}
}

// Fits reports whether a layer may have a scheduled engine: a convolution of one group, with weights.
func Fits(net *intnet.Net, layer int) bool {
	l := &net.Layers[layer]
	return l.Kind == intnet.KindConv && l.Conv.Groups == 1 && len(l.Conv.Weights) > 0
}

// packs reports whether the product of each weight of a layer fits a field.
func (m *Menu) packs(layer, field int) bool { return m.assigned(layer, 1, field).err == nil }

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
		var rows []int // by filter
		for _, r := range plan.Chains[0] {
			if n++; r.Last {
				rows, n = append(rows, n), 0
			}
		}
		for chains := range min(hw.MaxChains, len(rows)) {
			_, longest := schedule.Deal(rows, chains+1)
			a.longest = append(a.longest, longest)
		}
	})
	return a
}

// Engine is a scheduled engine of a layer.
type Engine struct {
	Layer  hw.Layer
	Rows   int // of the longest chain
	Cycles int // per image, of engine and sums
}

// Engines are the scheduled engines of a layer: every number of banks with every number of chains that saves cycles. Pixels, depths and
// memories are those of base; channels per beat become 1. Two pixels share a multiplier if activations are narrow enough. Errors name the
// layer, or are the context's.
func (m *Menu) Engines(ctx context.Context, layer int, base hw.Layer) ([]Engine, error) {
	l := &m.net.Layers[layer]
	if !Fits(m.net, layer) {
		return nil, fmt.Errorf("layer %s can have no scheduled engine", l.ID)
	}
	base.Engine, base.MTap, base.MCh, base.InCh, base.OutCh, base.Gang = hw.ScheduledEngine, 1, 1, 1, 1, 1
	w := hw.WindowOf(m.net, *l, base)
	base.LinePixels = w.FullLinePixels()
	field := 0
	if bits := m.net.Tensors[l.In[0]].Format.Bits; base.OutPx > 1 && bits <= packedBits && m.packs(layer, packing.PairField(bits, design.WideOperand(m.family))) {
		field = packing.PairField(bits, design.WideOperand(m.family))
	}
	var list []Engine
	for _, banks := range Banks {
		if banks > w.BeatsPerFold() {
			break
		}
		if err := ctx.Err(); err != nil { // a search of banks takes up to a second
			return nil, err
		}
		a := m.assigned(layer, banks, field)
		if a.err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.ID, a.err)
		}
		last := 0 // cycles with fewer chains
		for k, rows := range a.longest {
			e := Engine{Layer: base, Rows: rows}
			e.Layer.N, e.Layer.Scheduled = banks, hw.Scheduled{Chains: k + 1, Field: field, Places: a.places}
			s := hw.ScheduledOf(m.net, l, e.Layer, rows)
			e.Layer.Turns = hw.TurnsOf(m.net, l, e.Layer, s.Iterations/l.Conv.OutC)
			if e.Cycles = s.LayerCycles(l.Conv.OutC); k == 0 || e.Cycles < last {
				list = append(list, e)
				last = e.Cycles
			}
		}
	}
	return list, nil
}
