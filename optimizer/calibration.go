package optimizer

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"hass/internal/userfile"
)

// The modules of the RTL library that a calibration can scale, by the name of their kind of process.
type module int

const (
	moduleFIFO module = iota
	moduleEngine
	moduleWindow
	moduleJoin
	modulePool
	moduleGlobalPool
	moduleAdd
	moduleMul
	moduleRequant
	moduleActivation
	moduleConcat
	moduleSlice
	moduleResize
	moduleZeroInsert
	moduleConvert
	moduleFork
	moduleSource
	moduleSink
	moduleControl
	modules
)

var moduleNames = [modules]string{
	"fifo", "engine", "window", "join", "pool", "globalpool", "add", "mul", "requant", "activation", "concat", "slice", "resize", "zeroinsert",
	"convert", "fork", "source", "sink", "control",
}

// ModuleNames are the modules that a calibration can scale.
func ModuleNames() []string { return slices.Clone(moduleNames[:]) }

// Calibration are factors on the cost model's formulas, fitted to a user's own synthesis by hass calibrate.
type Calibration struct {
	Tool  string           `toml:"tool" json:"tool"` // that made the reports
	Date  string           `toml:"date" json:"date"`
	Scale map[string]Scale `toml:"scale" json:"scale"` // by module; those that are not named are 1

	factors [modules][nres]float64
}

// Scale are the factors of one module and what they rest on.
type Scale struct {
	LUT       float64 `toml:"LUT" json:"LUT"`
	FF        float64 `toml:"FF" json:"FF"`
	DSP       float64 `toml:"DSP" json:"DSP"`
	BRAM18    float64 `toml:"BRAM18" json:"BRAM18"`
	URAM      float64 `toml:"URAM" json:"URAM"`
	LUTRAM    float64 `toml:"LUTRAM" json:"LUTRAM"`
	Instances int     `toml:"instances" json:"instances"`
	LUTError  float64 `toml:"lut_error" json:"lut_error"` // 90th percentile of what is left, relative
	FFError   float64 `toml:"ff_error" json:"ff_error"`
}

// maxCalibrationFile bounds a calibration file in bytes.
const maxCalibrationFile = 1 << 20

// LoadCalibration reads a file written by hass calibrate.
func LoadCalibration(file string) (*Calibration, error) {
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

// ParseCalibration reads a calibration and refuses factors that no synthesis gives.
func ParseCalibration(data []byte) (*Calibration, error) {
	var c Calibration
	md, err := userfile.DecodeTOML(data, &c)
	if err != nil {
		return nil, err
	}
	if u := md.Undecoded(); len(u) > 0 {
		return nil, fmt.Errorf("unknown key %s", u[0])
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	return &c, nil
}

// prepare checks the factors and readies them for the cost model.
func (c *Calibration) prepare() error {
	if len(c.Scale) == 0 {
		return fmt.Errorf("no [scale.<module>]; hass calibrate writes such files")
	}
	for name, s := range c.Scale {
		k := slices.Index(moduleNames[:], name)
		if k < 0 {
			return fmt.Errorf("unknown module %q; known: %s", name, strings.Join(moduleNames[:], ", "))
		}
		for i, f := range s.list() {
			if math.IsNaN(f) || f < 0 || f > 100 {
				return fmt.Errorf("scale of %s of %s is %v; want 0..100", resourceNames[i], name, f)
			}
		}
		if s.Instances < 0 || !(s.LUTError >= 0 && s.LUTError <= 100) || !(s.FFError >= 0 && s.FFError <= 100) {
			return fmt.Errorf("scale of %s: %d instances, errors %v and %v", name, s.Instances, s.LUTError, s.FFError)
		}
	}
	for k, name := range moduleNames {
		c.factors[k] = [nres]float64{1, 1, 1, 1, 1, 1}
		if s, ok := c.Scale[name]; ok {
			for i, f := range s.list() {
				if f > 0 { // 0 or left out: nothing was counted
					c.factors[k][i] = f
				}
			}
		}
	}
	return nil
}

// list is in the order of vec.
func (s Scale) list() [nres]float64 {
	return [nres]float64{s.DSP, s.LUT, s.FF, s.BRAM18, s.URAM, s.LUTRAM}
}

// ScaleOf makes a Scale of factors by resource name.
func ScaleOf(f map[string]float64) Scale {
	return Scale{LUT: f["LUT"], FF: f["FF"], DSP: f["DSP"], BRAM18: f["BRAM18"], URAM: f["URAM"], LUTRAM: f["LUTRAM"]}
}

// scaled applies a user's calibration to the cost of an instance.
func (m costModel) scaled(k module, v vec) vec {
	if m.scales == nil {
		return v
	}
	for i, f := range m.scales.factors[k] {
		v[i] = int(float64(v[i])*f + 0.5)
	}
	return v
}

// The coefficients that package internal/synth has fitted to the sweep.
//
//go:embed calibration/xc7.toml
var fitFile string

// SweepData is the sweep itself: the modules that were synthesised, their parameters and counts (package
// internal/synth reads it).
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

// Fit are the coefficients of a formula's terms and the leave-one-out errors, relative to the LUTs and FFs of
// an instance.
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
		panic("optimizer: calibration/xc7.toml: " + err.Error())
	}
	for k, name := range areaNames {
		f, ok := s.file.Module[name]
		if !ok || len(f.LUT) > maxTerms || len(f.FF) > maxTerms {
			continue // TestFitFile says so
		}
		copy(s.fits[k].lut[:], f.LUT)
		copy(s.fits[k].ff[:], f.FF)
		s.fits[k].errLUT, s.fits[k].errFF = f.LUTP90, f.FFP90
	}
	return s
}()

// Calibrated tells that the LUT and FF formulas are fitted to synthesis.
const Calibrated = true

// CalibrationDate is when the built-in coefficients were fitted, and the tool.
func CalibrationDate() (date, tool string) { return builtin.file.Date, builtin.file.Tool }

// moduleOf is the module that a formula belongs to.
var moduleOf = [areaKinds]module{
	areaFIFO: moduleFIFO, areaWeights: moduleEngine, areaDense: moduleEngine, areaCrossbar: moduleEngine, areaBanked: moduleEngine, areaEngine: moduleEngine,
	areaWindow: moduleWindow, areaJoin: moduleJoin, areaPool: modulePool, areaGlobalPool: moduleGlobalPool, areaAdd: moduleAdd, areaMul: moduleMul, areaRequant: moduleRequant,
	areaActivation: moduleActivation, areaConcat: moduleConcat, areaSlice: moduleSlice, areaResize: moduleResize, areaZeroInsert: moduleZeroInsert,
	areaConvert: moduleConvert, areaFork: moduleFork, areaSource: moduleSource, areaSink: moduleSink, areaControl: moduleControl,
}
