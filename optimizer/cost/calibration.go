package cost

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"hass/internal/design"
	"hass/internal/userfile"
)

// moduleNames are the modules of the RTL library that a calibration can scale, named after their kind of process: those in
// the table of formulas.
var moduleNames = func() (names []string) {
	for k := range areaRows {
		if areaRows[k].module == areaKind(k) {
			names = append(names, areaRows[k].name)
		}
	}
	return names
}()

// ModuleNames are the modules that a calibration can scale.
func ModuleNames() []string { return slices.Clone(moduleNames) }

// maxCalibrationFile bounds a calibration file in bytes.
const maxCalibrationFile = 1 << 20

// LoadCalibration reads a file written by hass calibrate.
func LoadCalibration(file string) (*design.Calibration, error) {
	data, err := userfile.Read(file, maxCalibrationFile)
	if err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	c, err := ParseCalibration(data)
	if err != nil {
		return nil, fmt.Errorf("calibration %s: %w", file, err)
	}
	return c, nil
}

// ParseCalibration reads a calibration and refuses implausible factors.
func ParseCalibration(data []byte) (*design.Calibration, error) {
	var c design.Calibration
	md, err := userfile.DecodeTOML(data, &c)
	if err != nil {
		return nil, err
	}
	if u := md.Undecoded(); len(u) > 0 {
		return nil, fmt.Errorf("unknown key %s", u[0])
	}
	if err := CheckCalibration(&c); err != nil {
		return nil, err
	}
	return &c, nil
}

// CheckCalibration refuses implausible factors.
func CheckCalibration(c *design.Calibration) error {
	if len(c.Scale) == 0 && c.Clock == nil {
		return fmt.Errorf("neither [scale.<module>] nor [clock]; hass calibrate writes such files")
	}
	if c.Clock != nil {
		if err := checkClock(c.Clock); err != nil {
			return fmt.Errorf("clock: %w", err)
		}
	}
	for name, s := range c.Scale {
		if !slices.Contains(moduleNames, name) {
			return fmt.Errorf("unknown module %q; known: %s", name, strings.Join(moduleNames, ", "))
		}
		for i, f := range s.List() {
			if math.IsNaN(f) || f < 0 || f > 100 {
				return fmt.Errorf("scale of %s of %s is %v; want 0..100", design.ResourceNames[i], name, f)
			}
		}
		if s.Instances < 0 || !(s.LUTError >= 0 && s.LUTError <= 100) || !(s.FFError >= 0 && s.FFError <= 100) {
			return fmt.Errorf("scale of %s: %d instances, errors %v and %v", name, s.Instances, s.LUTError, s.FFError)
		}
	}
	return nil
}

// clockError is the largest relative difference between the figures of a calibration's clock, which are rounded.
const clockError = 1e-3

// checkClock refuses an implausible clock.
func checkClock(c *design.ClockScale) error {
	near := func(a, b float64) bool { return math.Abs(a-b) <= clockError*math.Abs(b) }
	switch {
	case !slices.Contains(design.Families(), c.Family):
		return fmt.Errorf("family %.40q; want one of %q", c.Family, design.Families())
	case !(c.Factor >= 0.05 && c.Factor <= 20):
		return fmt.Errorf("factor %v; want 0.05..20", c.Factor)
	case !(c.MHz > 0 && c.ModelMHz > 0 && c.PeriodNs > 0) || !near(c.Factor*c.ModelMHz, c.MHz):
		return fmt.Errorf("factor %v, of mhz %v over model_mhz %v", c.Factor, c.MHz, c.ModelMHz)
	case !near(1000/(c.PeriodNs-c.SlackNs), c.MHz):
		return fmt.Errorf("mhz %v, of a period of %v ns and a slack of %v ns", c.MHz, c.PeriodNs, c.SlackNs)
	}
	return nil
}

// factors are a calibration's factors on the resources of each formula's module.
type factors [areaKinds][design.NumResources]float64

// factorsOf gives the factors of a calibration; nil without one.
func factorsOf(c *design.Calibration) *factors {
	if c == nil {
		return nil
	}
	var all factors
	for k := range areaRows {
		all[k] = [design.NumResources]float64{1, 1, 1, 1, 1, 1}
		if s, ok := c.Scale[areaRows[areaRows[k].module].name]; ok {
			for i, f := range s.List() {
				if f > 0 { // 0 or absent: nothing was counted
					all[k][i] = f
				}
			}
		}
	}
	return &all
}

// scaled applies a user's calibration to the cost of an instance with formula k.
func (m Model) scaled(k areaKind, v design.Vec) design.Vec {
	if m.factors == nil {
		return v
	}
	for i, f := range m.factors[k] {
		v[i] = int(float64(v[i])*f + 0.5)
	}
	return v
}

// The coefficients fitted to the sweep by package optimizer/cost/fit.
//
//go:embed calibration/xc7.toml
var fitFile string

// SweepData is the sweep: the synthesised modules with their parameters and counts (package
// optimizer/cost/fit reads it).
//
//go:embed calibration/xc7.csv
var SweepData string

// FitFile is the form of the file of coefficients.
type FitFile struct {
	Tool   string         `toml:"tool"`
	Date   string         `toml:"date"`
	Flags  string         `toml:"flags"`
	Points int            `toml:"points"`
	Module map[string]Fit `toml:"module"` // by formula
}

// Fit holds the coefficients of a formula's terms and the leave-one-out errors, relative to the LUTs and FFs
// of an instance.
type Fit struct {
	Points    int       `toml:"points"`
	LUT       []float64 `toml:"lut"`
	FF        []float64 `toml:"ff"`
	LUTMedian float64   `toml:"lut_error_median"`
	LUTP90    float64   `toml:"lut_error_p90"`
	FFMedian  float64   `toml:"ff_error_median"`
	FFP90     float64   `toml:"ff_error_p90"`
}

// fitSet is a parsed FitFile.
type fitSet struct {
	file FitFile
	fits [areaKinds]fitted
}

var builtin = func() *fitSet {
	s := &fitSet{}
	if _, err := toml.Decode(fitFile, &s.file); err != nil {
		panic("cost: calibration/xc7.toml: " + err.Error())
	}
	for k := range areaRows {
		f, ok := s.file.Module[areaRows[k].name]
		if !ok || len(f.LUT) > maxTerms || len(f.FF) > maxTerms {
			continue // TestFitFile reports it
		}
		copy(s.fits[k].lut[:], f.LUT)
		copy(s.fits[k].ff[:], f.FF)
		s.fits[k].errLUT, s.fits[k].errFF = f.LUTP90, f.FFP90
	}
	return s
}()

// Calibrated means that the LUT and FF formulas are fitted to synthesis.
const Calibrated = true

// BuiltIn is the file of the built-in coefficients.
func BuiltIn() FitFile { return builtin.file }
