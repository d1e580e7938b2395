package design

import (
	"strings"

	"hass/internal/hw"
)

// EngineRule is the rule for the kinds of engine of a design: EngineAuto, or the name of a kind to allow this kind only.
type EngineRule string

// EngineAuto allows any kind of engine.
const EngineAuto EngineRule = "auto"

// OnlyEngine is the rule that allows one kind of engine.
func OnlyEngine(kind hw.EngineKind) EngineRule { return EngineRule(kind) }

// Allows reports whether the rule allows a kind of engine.
func (r EngineRule) Allows(kind hw.EngineKind) bool { return r == EngineAuto || r == OnlyEngine(kind) }

// Rules are the rules that a command offers.
type Rules []EngineRule

// Join writes the rules with sep between them.
func (r Rules) Join(sep string) string {
	names := make([]string, len(r))
	for i, rule := range r {
		names[i] = string(rule)
	}
	return strings.Join(names, sep)
}

// EngineRules lists the rules: EngineAuto and every kind of engine.
func EngineRules() Rules { return rules(hw.EngineKinds()) }

// LaneRules lists the rules that need no schedule of a layer's weights: EngineAuto and every kind of engine that is defined by lanes
// and multipliers.
func LaneRules() Rules { return rules(hw.LaneEngines()) }

func rules(kinds []hw.EngineKind) Rules {
	list := Rules{EngineAuto}
	for _, kind := range kinds {
		list = append(list, OnlyEngine(kind))
	}
	return list
}
