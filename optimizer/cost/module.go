package cost

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/memory"
)

// part is a formula and the number of times that an instance has it.
type part struct {
	area  area
	times int
}

// ModuleCost is the cost of an instance of a module of the RTL library on a device family.
func ModuleCost(module hw.Module, family string) (design.Resources, error) {
	m := New(nil, family, nil)
	switch s := module.(type) {
	case hw.ChainHeadParams:
		return chainHead.Resources(), nil
	case hw.ChainEndParams:
		return chainEnd.Resources(), nil
	case hw.RAMParams:
		return memoryUse(memory.Shape{Width: s.Width, Depth: s.Depth, Kind: s.Memory}, family).Resources(), nil
	}
	parts, err := moduleParts(module, family)
	if err != nil {
		return design.Resources{}, err
	}
	var v design.Vec
	for i := range parts {
		a := &parts[i].area
		if a.kind == areaWindow { // rounded as by the optimizer: see window
			f := area{kind: areaWindow}
			f.lut[windowFlags], a.lut[windowFlags] = a.lut[windowFlags], 0
			v = v.Add(m.price(&f, 1))
		}
		v = v.Add(m.price(a, parts[i].times))
	}
	return v.Resources(), nil
}

// ModuleTerms are the terms of an instance for the fit: the name of its formula, the counts by rule,
// including the parts with other formulas, and the terms that the coefficients of LUTs and flip-flops
// multiply.
type ModuleTerms struct {
	Formula string
	Rule    design.Resources
	LUT, FF []float64
}

// TermsOf gives the terms of a module's own formula.
func TermsOf(module hw.Module, family string) (ModuleTerms, error) {
	parts, err := moduleParts(module, family)
	if err != nil {
		return ModuleTerms{}, err
	}
	own := parts[len(parts)-1]
	rule := own.area.rule
	m := New(nil, family, nil)
	for _, q := range parts[:len(parts)-1] {
		rule = rule.Add(m.price(&q.area, q.times))
	}
	return ModuleTerms{areaRows[own.area.kind].name, rule.Resources(), own.area.lut[:], own.area.ff[:]}, nil
}

// moduleParts are the formulas of an instance, its own last.
func moduleParts(module hw.Module, family string) ([]part, error) {
	switch s := module.(type) {
	case hw.AheadParams:
		return append(queueParts(&s, family), part{aheadArea(&s, family), 1}), nil
	case hw.EngineParams:
		return append(queued(&s, family), engineParts(&s, family)...), nil
	case hw.ScheduledParams:
		return scheduledParts(&s, family), nil
	case hw.CollectParams:
		return collectParts(&s, family), nil
	}
	a, ok := areaOf(module, family)
	if !ok {
		return nil, fmt.Errorf("no formula for module %s", module.ModuleName())
	}
	return []part{{a, 1}}, nil
}

// areaOf applies the formula of an instance; false if there is none.
func areaOf(module hw.Module, family string) (area, bool) {
	for k := range areaRows {
		if of := areaRows[k].of; of != nil {
			if a, ok := of(module, family); ok {
				return a, true
			}
		}
	}
	return area{}, false
}
