package design

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// BudgetShare is the value of --budget-share: one share of the whole device, or usable shares of single resources. The zero value is none.
type BudgetShare struct {
	// All scales the usable shares: above 0 and up to 1. They are Of, or WholeShares where Of is zero.
	All float64
	// Of has the usable share of every resource, or of none. LUTRAM follows LUT.
	Of [NumResources]float64
}

// WholeBudget is the whole device, as WholeShares says.
var WholeBudget = BudgetShare{All: 1}

// DefaultBudget is DefaultShares.
var DefaultBudget = BudgetShare{All: 1, Of: listed(DefaultShares())}

// listed are shares by resource, without LUTRAM.
func listed(s Shares) [NumResources]float64 {
	of := s.List()
	of[LUTRAM] = 0
	return of
}

// shareNames are the resources of a list of shares. BRAM is another name of BRAM18.
var shareNames = map[string]int{"DSP": DSP, "LUT": LUT, "FF": FF, "BRAM": BRAM18, "BRAM18": BRAM18, "URAM": URAM}

// ParseBudgetShare reads one share (0.5) or a list (DSP=1,LUT=0.8). A resource that a list does not name has its share of DefaultShares.
func ParseBudgetShare(text string) (BudgetShare, error) {
	bad := func(word string) error {
		return fmt.Errorf("%.40q: want a share above 0 and up to 1, or a list such as DSP=0.9,LUT=0.7,FF=0.7,BRAM=0.85,URAM=0.85", word)
	}
	if !strings.Contains(text, "=") {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) {
			return BudgetShare{}, bad(text)
		}
		return BudgetShare{All: v}, nil
	}
	if len(text) > 200 {
		return BudgetShare{}, bad(text)
	}
	b, named := DefaultBudget, [NumResources]bool{}
	for word := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(word, "=")
		r, ok := shareNames[strings.ToUpper(strings.TrimSpace(name))]
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		switch {
		case !ok || err != nil || !(v > 0 && v <= 1):
			return BudgetShare{}, bad(word)
		case named[r]:
			return BudgetShare{}, fmt.Errorf("%s is there twice", ResourceNames[r])
		}
		b.Of[r], named[r] = v, true
	}
	return b, nil
}

// UnmarshalText reads the text of a flag.
func (b *BudgetShare) UnmarshalText(text []byte) (err error) {
	*b, err = ParseBudgetShare(string(text))
	return err
}

// String is what ParseBudgetShare reads.
func (b BudgetShare) String() string {
	if !b.Listed() {
		return strconv.FormatFloat(b.All, 'g', -1, 64)
	}
	var words []string
	for r, v := range b.Of {
		if v != 0 {
			words = append(words, ResourceNames[r]+"="+strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
	return strings.Join(words, ",")
}

// Listed tells whether single resources have shares.
func (b BudgetShare) Listed() bool { return b.Of != [NumResources]float64{} }

// Shares are the usable shares that it stands for.
func (b BudgetShare) Shares() (Shares, error) {
	s := WholeShares()
	if !(b.All > 0 && b.All <= 1) {
		return s, fmt.Errorf("%g: want a share above 0 and up to 1", b.All)
	}
	if b.Listed() {
		s = Shares{DSP: b.Of[DSP], LUT: b.Of[LUT], FF: b.Of[FF], BRAM18: b.Of[BRAM18], URAM: b.Of[URAM]}
	}
	return s.Scaled(b.All), nil
}

// Crowded is the share of a device from which on placement and routing are at risk. AMD's guidance for timing closure is lower
// (UG949, and report_qor_assessment of UG906): 70 % of the LUTs, 50 % of the flip-flops, 80 % of DSPs, block RAM and UltraRAM.
const Crowded = 0.85

// roomy are the shares that leave room, by resource.
var roomy = [NumResources]string{DSP: "DSP=0.8", LUT: "LUT=0.7", FF: "FF=0.7", BRAM18: "BRAM=0.8", URAM: "URAM=0.8", LUTRAM: "LUT=0.7"}

// Crowding says which resources of the device are filled from Crowded on, and what to do; "" if none is. What the platform reserves counts
// as filled.
func (d *Design) Crowding() string {
	var full, keep []string
	used := d.Total.Vec().Add(d.Reserved.Vec())
	for r, device := range d.Device.Vec() {
		if device == 0 || float64(used[r]) < Crowded*float64(device) {
			continue
		}
		full = append(full, fmt.Sprintf("%.1f %% of the %s", 100*float64(used[r])/float64(device), ResourceNames[r]))
		if !slices.Contains(keep, roomy[r]) {
			keep = append(keep, roomy[r])
		}
	}
	if full == nil {
		return ""
	}
	return fmt.Sprintf("the design fills %s of %s: from %.0f %% on, place and route may fail or miss the clock; --budget-share %s leaves room",
		strings.Join(full, ", "), plain(d.Part), 100*Crowded, strings.Join(keep, ","))
}
