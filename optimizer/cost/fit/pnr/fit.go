package pnr

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/fit"
	"hass/optimizer/cost/utilisation"
)

// Sample is a point with its delay, the mean of its seeds.
type Sample struct {
	fit.Point
	NS       float64
	Seeds    int
	From, To string // ends of the slowest path of the last seed
	paths    delay.Paths
}

// Samples are the routed points of a data file. Lines that match none of points are left out: unknown is their number.
func Samples(f *File, points []fit.Point) (samples []Sample, unknown int, err error) {
	known := map[string]fit.Point{}
	for _, p := range points {
		known[fit.Canonical(p.ModuleName(), strings.Fields(p.ParamText()))] = p
	}
	at := map[string]int{}
	for i := range f.Lines {
		l := &f.Lines[i]
		if l.Failed != "" {
			continue
		}
		k := fit.Canonical(l.Module, strings.Fields(l.Params))
		p, ok := known[k]
		if !ok {
			unknown++
			continue
		}
		ns := max(delay.Floor, 1000/l.MHz)
		if j, ok := at[k]; ok {
			s := &samples[j]
			s.NS = (s.NS*float64(s.Seeds) + ns) / float64(s.Seeds+1)
			s.Seeds++
			continue
		}
		s := Sample{Point: p, NS: ns, Seeds: 1, From: l.From, To: l.To}
		if s.paths, err = delay.PathsOf(p.Module); err != nil {
			return nil, 0, err
		}
		at[k] = len(samples)
		samples = append(samples, s)
	}
	return samples, unknown, nil
}

// expected are the coefficients before any measurement, in nanoseconds in the order of delay.Features: the data sheet's delays of
// cells, and a net of ordinary length. They decide where samples are too few or too alike, and the initial choice of the slowest
// path.
var expected = []float64{1.4, 0.6, 0.6, 0.11, 0.1, 0.5, 0.4, 2.1, 0.5, 0.1}

// Weights of the expected values, in samples: of a coefficient, and of an offset of 0.
const (
	priorCoefficient = 1.5
	priorOffset      = 0.3
)

// expectedNetwork is the derate before any whole network is routed: a guess with a wide error.
var expectedNetwork = delay.NetworkFit{Fill: 0.3, Modules: 0.01, Error: 0.25}

// rounds is the number of rounds of choosing the slowest paths and solving for the coefficients.
const rounds = 25

// FitSamples fits the coefficients, leaving out the sample at index without; -1 uses all. Errors are relative to a sample's
// delay.
//
// The slowest path of a module depends on the coefficients, so the fit alternates between choosing paths and solving.
// Coefficients of features are not negative.
func FitSamples(samples []Sample, without int) *delay.Coefficients {
	n := len(delay.Features())
	size := n + len(delay.Kinds())
	x := make([]float64, size)
	copy(x, expected)
	c := coefficients(x)
	rms := make([]float64, n) // root mean square of a feature's share of a delay, with the expected coefficients
	for round := range rounds {
		ata, atb := make([][]float64, size), make([]float64, size)
		for i := range ata {
			ata[i] = make([]float64, size)
		}
		clear(rms)
		row := make([]float64, size)
		for k := range samples {
			if k == without {
				continue
			}
			s := &samples[k]
			clear(row)
			ns, at := c.Slowest(&s.paths)
			if s.NS <= delay.Floor && ns <= delay.Floor {
				continue // faster than any clock: the exact delay does not matter
			}
			copy(row, s.paths.List[at][:])
			row[n+s.paths.Kind] = 1
			w := 1 / (s.NS * s.NS)
			for i, a := range row {
				if a == 0 {
					continue
				}
				if i < n {
					rms[i] += a * a * w / float64(len(samples))
				}
				atb[i] += w * a * s.NS
				for j, b := range row {
					ata[i][j] += w * a * b
				}
			}
		}
		for i := range size {
			w := priorOffset / 9 // an offset's share of a delay of 3 ns
			if i < n {
				w = priorCoefficient * max(rms[i], 1e-3)
				atb[i] += w * expected[i]
			}
			ata[i][i] += w
		}
		next := descend(ata, atb, x, n)
		// A half step keeps the fit from alternating between two paths.
		if round > 4 {
			for i := range next {
				next[i] = (next[i] + x[i]) / 2
			}
		}
		x = next
		c = coefficients(x)
	}
	return c
}

func coefficients(x []float64) *delay.Coefficients {
	c := &delay.Coefficients{}
	n := copy(c.NS[:], x)
	c.Offset = slices.Clone(x[n:])
	return c
}

// descend solves the normal equations by coordinate descent; the first n unknowns are not negative.
func descend(ata [][]float64, atb, start []float64, n int) []float64 {
	x := slices.Clone(start)
	for range 400 {
		moved := 0.0
		for i := range x {
			old := x[i]
			g := atb[i]
			for j, a := range ata[i] {
				if j != i {
					g -= a * x[j]
				}
			}
			x[i] = g / ata[i][i]
			if i < n {
				x[i] = max(0, x[i])
			}
			moved = max(moved, math.Abs(x[i]-old))
		}
		if moved < 1e-9 {
			break
		}
	}
	return x
}

// Residual is a sample with the model's leave-one-out estimate.
type Residual struct {
	Sample
	Model float64 // ns
}

// Error is the relative error.
func (r *Residual) Error() float64 { return math.Abs(r.Model/r.NS - 1) }

// Fit fits the coefficients to samples and gives their file, and every sample with its leave-one-out estimate. The derate of
// whole networks is fitted afterwards (FitNetworks).
func Fit(samples []Sample, about string) (*delay.File, []Residual) {
	c := FitSamples(samples, -1)
	f := &delay.File{NS: map[string]float64{}, Kind: map[string]delay.Fit{}, Points: len(samples)}
	f.Tool, f.Date = aboutTool(about)
	for i, name := range delay.Features() {
		f.NS[name] = math.Round(c.NS[i]*1e4) / 1e4
	}
	residuals := make([]Residual, len(samples))
	byKind := make([][]float64, len(delay.Kinds()))
	var all []float64
	for k := range samples {
		s := &samples[k]
		out := FitSamples(samples, k)
		ns, _ := out.Slowest(&s.paths)
		residuals[k] = Residual{*s, ns}
		e := residuals[k].Error()
		byKind[s.paths.Kind] = append(byKind[s.paths.Kind], e)
		all = append(all, e)
		f.Seeds = max(f.Seeds, s.Seeds)
	}
	for i, name := range delay.Kinds() {
		k := delay.Fit{Points: len(byKind[i]), Offset: math.Round(c.Offset[i]*1e4) / 1e4}
		k.Median, k.P90 = quantiles(byKind[i])
		f.Kind[name] = k
	}
	f.Median, f.P90 = quantiles(all)
	f.Network = expectedNetwork
	return f, residuals
}

// NetworkSample is a whole network that was routed.
type NetworkSample struct {
	Name          string
	MHz           float64 // routed, the mean of its seeds
	From          string  // start of its slowest path
	Ends          string  // latest arrivals, for the last seed
	Slowest       string  // the slowest instance by the model
	ModuleMHz     float64 // clock of that instance alone, by the model
	Fill          float64
	Modules       int
	Model         float64 // MHz by the model with this network left out of the fit of the derate
	seeds         int
	fill, modules float64 // terms of the derate
}

// NetworkSamples are the networks of a data file with the clock of their slowest module by a fit of modules.
func NetworkSamples(f *File, networks []Network, c *delay.Coefficients) ([]NetworkSample, error) {
	var list []NetworkSample
	for i := range networks {
		n := &networks[i]
		s := NetworkSample{Name: n.Name}
		for k := range f.Lines {
			if l := &f.Lines[k]; l.Params == n.Name && l.Failed == "" {
				s.MHz = (s.MHz*float64(s.seeds) + l.MHz) / float64(s.seeds+1)
				s.seeds++
				s.From, s.Ends = l.From, l.Ends
				s.Fill = delay.Fill(design.Resources{DSP: l.Counts.DSP, LUT: l.LUT, BRAM18: l.BRAM18}, part)
			}
		}
		if s.seeds == 0 {
			continue
		}
		slowest := 0.0
		err := delay.Modules(n.HW, func(name string, m hw.Module) error {
			p, err := delay.PathsOf(m)
			if err != nil {
				return err
			}
			s.Modules++
			if ns, _ := c.Slowest(&p); ns > slowest {
				slowest, s.Slowest = ns, name
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		s.ModuleMHz = 1000 / slowest
		s.fill, s.modules = delay.DerateTerms(s.Fill, s.Modules)
		list = append(list, s)
	}
	return list, nil
}

// part holds the resources of the part.
var part = design.Resources{DSP: 80, LUT: 17600, FF: 35200, BRAM18: 120}

// enoughNetworks is the number of networks from which on the derate is fitted to them. With fewer, the expected derate is used and the
// expected error counts for each missing network: two or three networks do not show how the clock falls as a part fills.
const enoughNetworks = 6

// priorNetwork is the weight of the expected derate, in networks.
const priorNetwork = 0.5

// fitDerate fits the derate, leaving out the network at index without; -1 uses all. Coefficients are not negative.
func fitDerate(list []NetworkSample, without int) delay.NetworkFit {
	// Relative errors: the terms and 1 minus the ratio, in units of the measured clock.
	expect := []float64{expectedNetwork.Fill, expectedNetwork.Modules}
	ata, atb := [][]float64{{0, 0}, {0, 0}}, []float64{0, 0}
	add := func(row []float64, y float64) {
		for i, a := range row {
			atb[i] += a * y
			for j, b := range row {
				ata[i][j] += a * b
			}
		}
	}
	for i := range list {
		s := &list[i]
		if i != without {
			r := s.ModuleMHz / s.MHz
			add([]float64{s.fill * r, s.modules * r}, r-1)
		}
	}
	add([]float64{0.5 * math.Sqrt(priorNetwork), 0}, 0.5*math.Sqrt(priorNetwork)*expect[0])
	add([]float64{0, 5 * math.Sqrt(priorNetwork)}, 5*math.Sqrt(priorNetwork)*expect[1])
	x := descend(ata, atb, expect, 2)
	return delay.NetworkFit{Fill: x[0], Modules: x[1]}
}

// FitNetworks fits the derate of whole networks and sets the leave-one-out estimate of each.
func FitNetworks(list []NetworkSample) delay.NetworkFit {
	if len(list) == 0 {
		return expectedNetwork
	}
	var errs []float64
	for i := range list {
		s := &list[i]
		out := expectedNetwork
		if len(list) >= enoughNetworks {
			out = fitDerate(list, i)
		}
		s.Model = s.ModuleMHz * out.Derate(s.Fill, s.Modules)
		errs = append(errs, math.Abs(s.Model/s.MHz-1))
	}
	for len(errs) < enoughNetworks {
		errs = append(errs, expectedNetwork.Error)
	}
	f := expectedNetwork
	if len(list) >= enoughNetworks {
		f = fitDerate(list, -1)
	}
	f.Networks = len(list)
	f.Fill, f.Modules = math.Round(f.Fill*1e4)/1e4, math.Round(f.Modules*1e4)/1e4
	_, f.Error = quantiles(errs)
	return f
}

func quantiles(v []float64) (median, p90 float64) {
	median, p90 = utilisation.Quantiles(v)
	return math.Round(median*1e4) / 1e4, math.Round(p90*1e4) / 1e4
}

// aboutTool takes tools and date from a data file's comment.
func aboutTool(comment string) (tool, date string) {
	_, rest, _ := strings.Cut(comment, "(counted): ")
	tool, rest, _ = strings.Cut(rest, "; ")
	date, _, _ = strings.Cut(rest, ";")
	return tool, date
}

// FitFiles fits modules and whole networks of two data files.
func FitFiles(modules, whole *File) (*Fitted, error) {
	points, err := Known()
	if err != nil {
		return nil, err
	}
	r := &Fitted{}
	var samples []Sample
	if samples, r.Unknown, err = Samples(modules, points); err != nil {
		return nil, err
	}
	r.File, r.Residuals = Fit(samples, modules.Comment)
	c, err := delay.CoefficientsOf(r.File)
	if err != nil {
		return nil, err
	}
	networks, err := Networks()
	if err != nil {
		return nil, err
	}
	if r.Networks, err = NetworkSamples(whole, networks, c); err != nil {
		return nil, err
	}
	r.File.Network = FitNetworks(r.Networks)
	return r, nil
}

// Fitted is the result of a fit.
type Fitted struct {
	File      *delay.File
	Residuals []Residual // of modules, left out in turn
	Networks  []NetworkSample
	Unknown   int // lines that match no point
}

// Text writes a file of coefficients.
func Text(f *delay.File) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Coefficients of the delays of modules (optimizer/cost/delay) on xc7z010-1, fitted to xc7z010-1.csv by make fit-clock.\n"+
		"# Errors are relative, of points left out of the fit in turn.\n\n")
	if err := toml.NewEncoder(&b).Encode(f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
