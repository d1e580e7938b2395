// Package area compares the cost model with synthesis for whole designs: it runs yosys on the RTL that codegen writes.
package area

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"text/tabwriter"
	"time"

	"hass/codegen/project"
	"hass/codegen/rtl"
	"hass/internal/design"
	"hass/internal/intnet"
	"hass/optimizer/cost"
	"hass/optimizer/cost/fit"
	"hass/optimizer/cost/utilisation"
)

// FlatEngines is the largest number of engines (output lanes times pixels) of a network that is synthesised as a whole:
// flattened synthesis takes half an hour for ten times as many.
const FlatEngines = 64

// Compared is one set of parameters of a module in a design: the number of instances that have it, the model's estimate for one
// instance, and yosys' result.
type Compared struct {
	fit.Point
	Instances     int
	Model, Actual utilisation.Counts
}

// Comparison is the model against synthesis for a design.
type Comparison struct {
	Modules []Compared // module by module; empty if the network was synthesised as a whole only
	Flat    bool       // Actual is of the whole network, flattened
	// Totals of the design.
	Model, Actual utilisation.Counts
	// Sum over Modules, if there are any.
	Sum utilisation.Counts
	// The relative errors that the model states.
	LUTError, FFError float64
	CPU               time.Duration // CPU time of yosys
}

// Engines is the number of engines of a design.
func Engines(d *design.Design) int {
	n := 0
	for i, l := range d.Net.Layers {
		if l.Kind == intnet.KindConv {
			n += d.Layers[i].OutCh * d.Layers[i].OutPx
		}
	}
	return n
}

// Check synthesises a design's RTL with STATS=0, which the cost model assumes, and compares it with the model. It synthesises
// the whole network flattened if it has at most FlatEngines engines, and module by module, each distinct set of parameters
// once, if it has more or if modules is true. dir is for temporary files.
func Check(ctx context.Context, d *design.Design, dir string, modules bool, log func(string)) (*Comparison, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	list := n.Instances()
	family, name := design.Family7, "xc7"
	byKey := map[string]int{}
	c := &Comparison{LUTError: d.CostModel.LUTError, FFError: d.CostModel.FFError}
	for _, in := range list {
		p := fit.PointOf(in.Module)
		key := p.Key()
		i, ok := byKey[key]
		if !ok {
			i = len(c.Modules)
			byKey[key] = i
			m, err := cost.ModuleCost(p.Module, family)
			if err != nil {
				return nil, err
			}
			c.Modules = append(c.Modules, Compared{Point: p, Model: utilisation.CountsOf(m)})
		}
		c.Modules[i].Instances++
	}
	for _, m := range c.Modules {
		c.Model = c.Model.Plus(m.Model, m.Instances)
	}
	c.Flat = Engines(d) <= FlatEngines
	y := &fit.Yosys{Dir: dir}
	if modules || !c.Flat {
		log(fmt.Sprintf("%d instances, %d distinct modules on %s", len(list), len(c.Modules), name))
		points := make([]fit.Point, len(c.Modules))
		for i := range c.Modules {
			points[i] = c.Modules[i].Point
		}
		counts, err := y.RunAll(ctx, points, 8, log)
		if err != nil {
			return nil, err
		}
		for i := range counts {
			c.Modules[i].Actual = counts[i]
			c.Sum = c.Sum.Plus(counts[i], c.Modules[i].Instances)
		}
		c.Actual = c.Sum
	} else {
		c.Modules = nil
	}
	if c.Flat {
		log("the whole network, flattened")
		if c.Actual, err = flat(ctx, y, d); err != nil {
			return nil, err
		}
	}
	c.CPU = y.CPU
	return c, nil
}

// flat synthesises the whole top.
func flat(ctx context.Context, y *fit.Yosys, d *design.Design) (utilisation.Counts, error) {
	lib, err := y.Library()
	if err != nil {
		return utilisation.Counts{}, err
	}
	p, err := project.New(d, nil)
	if err != nil {
		return utilisation.Counts{}, err
	}
	text, err := rtl.Top(p)
	if err != nil {
		return utilisation.Counts{}, err
	}
	top := filepath.Join(lib, "hass_top.sv")
	if err := os.WriteFile(top, text, 0o666); err != nil {
		return utilisation.Counts{}, err
	}
	defer os.Remove(top)
	counts, err := y.RunAll(ctx, []fit.Point{{Module: topParams{}}}, 1, func(string) {})
	if err != nil {
		return utilisation.Counts{}, err
	}
	return counts[0], nil
}

// topParams are the parameters of a design's top.
type topParams struct {
	Stats bool `rtl:"STATS"`
}

// ModuleName is hass_top.
func (topParams) ModuleName() string { return "hass_top" }

// Report prints the comparison: by kind of module, then totals.
func (c *Comparison) Report(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	off := func(m, a int) string {
		if a == 0 {
			return "-"
		}
		return fmt.Sprintf("%+.1f %%", 100*(float64(m)/float64(a)-1))
	}
	row := func(name string, n int, m, a utilisation.Counts) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t\n", name, n, m.LUT, a.LUT, off(m.LUT, a.LUT), m.FF, a.FF, off(m.FF, a.FF), m.DSP, a.DSP, m.BRAM18, a.BRAM18)
	}
	fmt.Fprintln(t, "module\tinstances\tLUT model\tyosys\terror\tFF model\tyosys\terror\tDSP model\tyosys\tBRAM18 model\tyosys\t")
	type sum struct {
		n             int
		model, actual utilisation.Counts
	}
	kinds := map[string]*sum{}
	for _, m := range c.Modules {
		s := kinds[m.ModuleName()]
		if s == nil {
			s = &sum{}
			kinds[m.ModuleName()] = s
		}
		s.n += m.Instances
		s.model, s.actual = s.model.Plus(m.Model, m.Instances), s.actual.Plus(m.Actual, m.Instances)
	}
	names := make([]string, 0, len(kinds))
	for n := range kinds {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		row(n, kinds[n].n, kinds[n].model, kinds[n].actual)
	}
	if len(c.Modules) > 0 {
		row("sum of modules", 0, c.Model, c.Sum)
	}
	if c.Flat {
		row("flattened", 0, c.Model, c.Actual)
	}
	return t.Flush()
}
