package delay

import (
	"fmt"
	"sync"

	"github.com/BurntSushi/toml"

	"hass/internal/hw"
	"hass/optimizer/cost/calibration"
)

// Floor is the least delay of any module, in nanoseconds: the fastest global clock buffer of the part allows 464 MHz.
const Floor = 1000.0 / 464

// File is the form of the file of coefficients.
type File struct {
	Tool   string             `toml:"tool"` // of mapping and of place and route, with versions
	Date   string             `toml:"date"`
	Seeds  int                `toml:"seeds"`  // largest number of seeds of a point
	Points int                `toml:"points"` // modules with parameters
	Median float64            `toml:"error_median"`
	P90    float64            `toml:"error_p90"`
	NS     map[string]float64 `toml:"ns"` // by feature
	Kind   map[string]Fit     `toml:"kind"`
	// Network is the derate of a whole network against the clock of its slowest module.
	Network NetworkFit `toml:"network"`
}

// Fit describes the fit of a kind of module; errors are relative leave-one-out errors.
type Fit struct {
	Points int     `toml:"points"`
	Offset float64 `toml:"offset_ns"`
	Median float64 `toml:"error_median"`
	P90    float64 `toml:"error_p90"`
}

// NetworkFit are the coefficients of the derate: 1 - Fill*(the fullest share) - Modules*fixed.CeilLog2(modules). Error is the relative error of
// the clock of a whole network.
type NetworkFit struct {
	Networks int     `toml:"networks"`
	Fill     float64 `toml:"fill"`
	Modules  float64 `toml:"log2_modules"`
	Error    float64 `toml:"error"`
}

// Coefficients are those of a fit as numbers.
type Coefficients struct {
	NS      [features]float64
	Offset  []float64 // by kind
	network NetworkFit
}

// CoefficientsOf takes the coefficients from a file; a missing one is an error.
func CoefficientsOf(f *File) (*Coefficients, error) {
	c := &Coefficients{Offset: make([]float64, len(allKinds)), network: f.Network}
	for i, name := range featureNames {
		v, ok := f.NS[name]
		if !ok {
			return nil, fmt.Errorf("no coefficient of %s", name)
		}
		c.NS[i] = v
	}
	for i, name := range allKinds {
		k, ok := f.Kind[name]
		if !ok {
			return nil, fmt.Errorf("no coefficients of modules of kind %s", name)
		}
		c.Offset[i] = k.Offset
	}
	return c, nil
}

// Parse reads a file of coefficients.
func Parse(text string) (*File, error) {
	f := &File{}
	if _, err := toml.Decode(text, f); err != nil {
		return nil, err
	}
	return f, nil
}

// builtIn is the file of the built-in coefficients.
var builtIn = sync.OnceValues(func() (*Coefficients, *File) {
	f, err := Parse(calibration.Delays)
	if err != nil {
		panic("delay: xc7z010-1.toml: " + err.Error())
	}
	c, err := CoefficientsOf(f)
	if err != nil {
		panic("delay: xc7z010-1.toml: " + err.Error())
	}
	return c, f
})

// Slowest is the delay of the slowest of some paths in nanoseconds, and its index.
func (c *Coefficients) Slowest(s *Paths) (ns float64, at int) {
	for i := range s.N {
		v := 0.0
		for k, x := range s.List[i] {
			v += c.NS[k] * x
		}
		if i == 0 || v > ns {
			ns, at = v, i
		}
	}
	return max(Floor, ns+c.Offset[s.Kind]), at
}

// Of is the delay of a module's slowest register-to-register path, in nanoseconds, placed and routed alone on xc7z010-1.
func Of(m hw.Module) (ns float64, err error) {
	s, err := PathsOf(m)
	if err != nil {
		return 0, err
	}
	c, _ := builtIn()
	ns, _ = c.Slowest(&s)
	return ns, nil
}
