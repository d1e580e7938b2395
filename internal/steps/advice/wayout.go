// Package advice says what a user may do about an error of the optimizer.
//
// It takes the error and the user's choices and gives the error with a hint that names options of the command line. It decides nothing.
package advice

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/optimizer"
	"hass/optimizer/ask"
)

// Choices are what a user chose of a design, as options of the command line.
type Choices struct {
	Engine      design.EngineRule
	BudgetShare design.BudgetShare
	Pixels      int // 0 is auto
	Target      limits.Target
	Clock       float64 // MHz; 0 is none
	Folding     string  // file, or ""
}

// WayOut adds to the error of a network that no hardware within the target's limits is there for what may help.
func WayOut(err error, h Choices) error {
	var slow *optimizer.ClockError
	if errors.As(err, &slow) {
		ways := []string{fmt.Sprintf("--clock %.0f or less, or none for the clock with the most images per second", math.Floor(slow.MHz))}
		if h.Engine != design.EngineAuto {
			ways = append(ways, "--engine auto")
		}
		if slow.Layer == "" && h.BudgetShare.All > 0.5 {
			ways = append(ways, "a smaller --budget-share, since a part that is less full is faster")
		}
		return fmt.Errorf("%w\nhint: %s", err, strings.Join(ways, "; "))
	}
	if none := (*ask.UnreachableError)(nil); errors.As(err, &none) {
		ways := []string{"ask for less", "a larger platform"}
		if h.BudgetShare != design.WholeBudget {
			ways = append(ways, "a larger --budget-share")
		}
		if h.Pixels != 0 {
			ways = append(ways, "--pixels auto")
		}
		if h.Engine != design.EngineAuto {
			ways = append(ways, "--engine auto")
		}
		if h.Clock > 0 {
			ways = append(ways, "no --clock")
		}
		if h.Folding != "" {
			ways = append(ways, "fewer pins in "+h.Folding)
		}
		return fmt.Errorf("%w\nhint: %s, or fewer bits (--bits of \"hass profile\")", err, strings.Join(ways, ", "))
	}
	var over *optimizer.LimitError
	if !errors.As(err, &over) {
		return err
	}
	b := over.Breach
	var ways []string
	if other := limits.RTL; b.Target == limits.HLS && h.Target != other && b.AllowedBy(other) {
		ways = append(ways, "--target rtl, which takes more")
	}
	if h.Engine != design.EngineAuto {
		ways = append(ways, "--engine auto")
	}
	switch b.Limit {
	case limits.ProcessCount, limits.FIFOCount:
		ways = append(ways, "a model of fewer layers, or one cut in two")
	case limits.ProcessFIFOs:
		ways = append(ways, "a model in which fewer layers read one tensor")
	case limits.StreamTokens:
		ways = append(ways, "smaller images")
	default: // something is too wide
		if over.Pixels > 1 {
			ways = append(ways, fmt.Sprintf("fewer pixels per beat (--pixels %d)", over.Pixels/2))
		}
		ways = append(ways, "fewer bits (--bits or --widths of \"hass profile\")")
	}
	return fmt.Errorf("%w\nhint: %s", err, strings.Join(ways, "; "))
}
