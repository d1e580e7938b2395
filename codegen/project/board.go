package project

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"hass/internal/design"
)

// The processing systems that a part may have.
const (
	Zynq   = "zynq"   // Zynq-7000
	ZynqMP = "zynqmp" // Zynq UltraScale+
	NoPS   = "none"
	// Versal is packaged as an IP and no more: its processing system is another.
	Versal = "versal"
)

// Board is the part, board and clock of a project. Its words are checked, because they go into Tcl, shell and configuration
// files.
type Board struct {
	Part     string
	Name     string // of the board in Vivado, "" if none is known
	Family   string // Zynq, ZynqMP, Versal or NoPS
	Memory   string // link.cfg's memory for the m_axi ports; "" leaves it to the linker
	ClockMHz float64
	Setting  ClockSetting // of the clock manager, for a part with a processing system
}

// partForm is the form of a part number. It comes from a platform file, which anyone may have written.
var partForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[A-Za-z0-9]+)*$`)

// boardOf checks a design's board, and the constants of its preprocessing, which drivers read.
func boardOf(d *design.Design) (*Board, error) {
	b := &Board{Part: d.Part, Name: d.Board, ClockMHz: d.Clock.MHz, Family: NoPS}
	if len(d.Part) > 64 || !partForm.MatchString(d.Part) {
		return nil, fmt.Errorf("design: part %q is no AMD part number, such as xczu7ev-ffvc1156-2-e", d.Part)
	}
	if !(d.Clock.MHz >= 1 && d.Clock.MHz <= 2000) {
		return nil, fmt.Errorf("design: a clock of %v MHz; it must be between 1 and 2000", d.Clock.MHz)
	}
	c := d.Net.Tensors[d.Net.Input].C
	if len(d.Preproc.Mean) != c || len(d.Preproc.Std) != c {
		return nil, fmt.Errorf("design: preprocessing has %d means and %d deviations; the input has %d channels", len(d.Preproc.Mean), len(d.Preproc.Std), c)
	}
	for _, v := range append(append([]float64{d.Preproc.Divisor}, d.Preproc.Mean...), d.Preproc.Std...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("design: preprocessing holds %v", v)
		}
	}
	switch {
	case strings.HasPrefix(d.Part, "xc7z"):
		b.Family = Zynq
	case strings.HasPrefix(d.Part, "xczu"), strings.HasPrefix(d.Part, "xck2"):
		b.Family = ZynqMP
	case design.FamilyOf(d.Part) == design.FamilyVersal:
		b.Family = Versal
	case strings.HasPrefix(d.Part, "xcu50"), strings.HasPrefix(d.Part, "xcu55"), strings.HasPrefix(d.Part, "xcu280"):
		b.Memory = "HBM[0]"
	case strings.HasPrefix(d.Part, "xcu"):
		b.Memory = "DDR[0]"
	}
	if err := design.CheckBoard(d.Board); err != nil {
		return nil, fmt.Errorf("design: %w", err)
	}
	if b.HasPS() {
		var err error
		if b.Setting, err = clockSettingFor(b.Family, b.ClockHz()); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// cards describe Alveo cards: the number of dies (SLRs), and the memory for link.cfg.
var cards = []struct {
	part string
	slrs int
	hbm  bool
}{
	{"xcu50", 2, true}, {"xcu55", 3, true}, {"xcu280", 3, true}, {"xcu200", 3, false}, {"xcu250", 4, false},
}

// SLRs is the number of dies of the card, 0 if it is not known.
func (b *Board) SLRs() int {
	for _, c := range cards {
		if strings.HasPrefix(b.Part, c.part) {
			return c.slrs
		}
	}
	return 0
}

// SLR is the die for a kernel that takes total of the device's budget: the die at the memory in link.cfg if the kernel fits
// into it, otherwise "", because a kernel larger than a die must not be confined to one.
func (b *Board) SLR(total, budget design.Resources) string {
	n := b.SLRs()
	if n == 0 || total == (design.Resources{}) {
		return ""
	}
	if !total.Times(n).Vec().Within(budget.Vec()) {
		return ""
	}
	return "SLR0"
}

// Bank is link.cfg's memory for port number i: a separate bank where the card has HBM, the DDR of SLR0 on other cards, "" on
// a part that is not a card.
func (b *Board) Bank(i int) string {
	if strings.HasPrefix(b.Memory, "HBM") {
		return fmt.Sprintf("HBM[%d]", i%32)
	}
	return b.Memory
}

// HasPS tells whether the part has a processing system that the block design knows.
func (b *Board) HasPS() bool { return b.Family == Zynq || b.Family == ZynqMP }

// OnKria tells whether the part is that of a Kria module, whose Linux loads designs with xmutil.
func (b *Board) OnKria() bool { return strings.HasPrefix(b.Part, "xck") }

// HasVitis tells whether the part may be on a card for which Vitis links a device binary.
func (b *Board) HasVitis() bool { return b.Family != Versal && !strings.HasPrefix(b.Part, "xc7a") }

// ClockNs is the period, rounded down to a femtosecond so that it is never longer.
func (b *Board) ClockNs() string {
	return strconv.FormatFloat(math.Floor(1e9/b.ClockMHz)/1e6, 'f', -1, 64)
}

// ClockHz is the clock in whole hertz.
func (b *Board) ClockHz() int64 { return int64(math.Round(b.ClockMHz * 1e6)) }

// MHz is the clock as text.
func (b *Board) MHz() string { return strconv.FormatFloat(b.ClockMHz, 'f', -1, 64) }
