package project

import (
	"fmt"
	"strconv"
)

// PSClockHz is the clock from the processing system to the logic, which its dividers give exactly.
const PSClockHz = 100_000_000

// ClockSetting is the setting of the clock manager that generates a design's clock from the processing
// system's: PSClockHz * Mult / (Divide * Out). Mult and Out are in eighths.
type ClockSetting struct{ Mult8, Divide, Out8 int }

// mmcmLimits are the limits of a family's clock manager in its slowest speed grade (data sheets DS187 and DS925):
// frequency of the oscillator and of the phase detector, in Hz.
type mmcmLimits struct{ vcoLow, vcoHigh, pfdLow, pfdHigh int64 }

func mmcmLimitsOf(family string) mmcmLimits {
	if family == Zynq {
		return mmcmLimits{600e6, 1200e6, 10e6, 450e6}
	}
	return mmcmLimits{800e6, 1600e6, 10e6, 450e6}
}

const (
	minMult8, maxMult8 = 2 * 8, 64 * 8
	minOut8, maxOut8   = 1 * 8, 128 * 8
)

// clockSettingFor is the setting with the fastest clock that does not exceed clockHz. Of equal clocks it takes the one with the
// least divider before the oscillator and then the fastest oscillator, which have the least jitter. It is an error if the
// manager has no such clock.
func clockSettingFor(family string, clockHz int64) (ClockSetting, error) {
	l := mmcmLimitsOf(family)
	var best ClockSetting
	for d := 1; PSClockHz/int64(d) >= l.pfdLow; d++ {
		if PSClockHz/int64(d) > l.pfdHigh {
			continue
		}
		for m := maxMult8; m >= minMult8; m-- {
			vco := int64(PSClockHz) * int64(m) // times 8 d
			if vco > l.vcoHigh*8*int64(d) || vco < l.vcoLow*8*int64(d) {
				continue
			}
			// The least divider whose clock is not too fast.
			by := clockHz * int64(d)
			o := int((int64(PSClockHz)*int64(m) + by - 1) / by)
			o = max(o, minOut8)
			if o > minOut8 && o < 2*minOut8 {
				o = 2 * minOut8 // fractional dividers start above 2
			}
			if o > maxOut8 {
				continue
			}
			if s := (ClockSetting{m, d, o}); best.Divide == 0 || s.faster(best) {
				best = s
			}
		}
	}
	if best.Divide == 0 {
		return best, fmt.Errorf("design: the clock manager makes no clock of %.3f MHz or a little less; use --clock with another", float64(clockHz)/1e6)
	}
	return best, nil
}

// faster compares two settings exactly.
func (s ClockSetting) faster(t ClockSetting) bool {
	return int64(s.Mult8)*int64(t.Divide)*int64(t.Out8) > int64(t.Mult8)*int64(s.Divide)*int64(s.Out8)
}

// Hz is the clock of the setting, rounded down.
func (s ClockSetting) Hz() int64 {
	return int64(PSClockHz) * int64(s.Mult8) / (int64(s.Divide) * int64(s.Out8))
}

// MHz is the clock as text, to the hertz.
func (s ClockSetting) MHz() string { return strconv.FormatFloat(float64(s.Hz())/1e6, 'f', -1, 64) }

// Mult is the multiplier in the clocking wizard's format.
func (s ClockSetting) Mult() string { return eighths(s.Mult8) }

// Out is the divider behind the oscillator in that format.
func (s ClockSetting) Out() string { return eighths(s.Out8) }

func eighths(n int) string { return strconv.FormatFloat(float64(n)/8, 'f', 3, 64) }
