// Package slr assigns the layers of a design to the regions (SLRs) of a large device, in order, so that no region's budget and no
// boundary's wires are exceeded.
//
// It takes what every layer costs, the wires between layers, and the regions. It chooses no hardware: where no assignment exists, the
// caller asks the optimizer for a smaller design.
package slr

import (
	"fmt"
	"strings"

	"hass/internal/design"
	"hass/internal/hw/place"
	"hass/optimizer/cost"
)

// Region is what a region has for a design.
type Region struct {
	Name   string
	Budget design.Vec
	Wires  int // to the next region
}

// Problem is a sequence of layers and a sequence of regions.
type Problem struct {
	Names  []string     // of the layers
	Layers []design.Vec // what each takes
	// Wires are, by layer, the wires that a boundary in front of that layer cuts; the first entry is not used.
	Wires   []int
	Regions []Region
}

// Plan is an assignment: region r has the layers from Ends[r-1] (0 for the first region) up to but not including Ends[r].
type Plan struct {
	Ends    []int
	Largest float64 // the largest share of a budget, or of the wires of a boundary, that is taken
}

// none is a share beyond any budget.
const none = 1e9

// share is the largest share of a budget that layers take.
func share(used, budget design.Vec) (most float64) {
	for r, n := range used {
		switch {
		case n == 0:
		case n > budget[r]:
			return none
		default:
			most = max(most, float64(n)/float64(budget[r]))
		}
	}
	return most
}

// crossing is the share of the wires behind region r that an end there takes.
func (p *Problem) crossing(r, end int) float64 {
	if r == len(p.Regions)-1 || end == 0 || end == len(p.Layers) || p.Wires[end] == 0 {
		return 0 // nothing lies on one side
	}
	if p.Wires[end] > p.Regions[r].Wires {
		return none
	}
	return float64(p.Wires[end]) / float64(p.Regions[r].Wires)
}

// Solve is the plan whose largest share is least, the one with the earliest ends if several are as good; nil if no plan keeps all budgets.
func (p *Problem) Solve() *Plan {
	layers, regions := len(p.Layers), len(p.Regions)
	// best[r][e] is the least largest share with which the first r regions have the first e layers, from[r][e] where region r begins then.
	best, from := make([][]float64, regions+1), make([][]int, regions+1)
	for r := range best {
		best[r], from[r] = make([]float64, layers+1), make([]int, layers+1)
		for e := range best[r] {
			best[r][e] = none
		}
	}
	best[0][0] = 0
	for r := range p.Regions {
		for start := range layers + 1 {
			if best[r][start] >= none {
				continue
			}
			var used design.Vec
			for end := start; end <= layers; end++ {
				if end > start {
					used = used.Add(p.Layers[end-1])
				}
				s := share(used, p.Regions[r].Budget)
				if s >= none {
					break // more layers take no less
				}
				if s = max(s, best[r][start], p.crossing(r, end)); s < best[r+1][end] {
					best[r+1][end], from[r+1][end] = s, start
				}
			}
		}
	}
	if best[regions][layers] >= none {
		return nil
	}
	plan := &Plan{Ends: make([]int, regions), Largest: best[regions][layers]}
	for r, end := regions, layers; r > 0; r-- {
		plan.Ends[r-1] = end
		end = from[r][end]
	}
	return plan
}

// Filled are the regions with what a plan puts into each.
func (p *Problem) Filled(plan *Plan) (list []design.Region) {
	start := 0
	for r, end := range plan.Ends {
		reg := &p.Regions[r]
		var used design.Vec
		for _, v := range p.Layers[start:end] {
			used = used.Add(v)
		}
		cut := 0
		if r < len(p.Regions)-1 && end > 0 && end < len(p.Layers) {
			cut = p.Wires[end]
		}
		list = append(list, design.Region{Name: reg.Name, Layers: end - start, Budget: reg.Budget.Resources(), Used: used.Resources(), Wires: reg.Wires, Cut: cut})
		start = end
	}
	return list
}

// Check compares the regions of a design with those that its layers fill.
func Check(d *design.Design) error {
	if d.Regions == nil {
		return nil
	}
	var regions []Region
	plan := &Plan{}
	end := 0
	for _, r := range d.Regions {
		regions = append(regions, Region{r.Name, r.Budget.Vec(), r.Wires})
		end += r.Layers
		plan.Ends = append(plan.Ends, end)
	}
	p, err := Of(d, regions)
	if err != nil {
		return err
	}
	for i, want := range p.Filled(plan) {
		if have := d.Regions[i]; have != want {
			return fmt.Errorf("regions[%d]: used %v and cut %d; %v and %d follow from the design: it was edited, or another version of hass wrote it (run optimize again)", i, have.Used, have.Cut, want.Used, want.Cut)
		}
	}
	return nil
}

// Lines say in words what every region holds.
func (p *Problem) Lines(plan *Plan) (lines []string) {
	start := 0
	for r, reg := range p.Filled(plan) {
		end := plan.Ends[r]
		used, budget := reg.Used.Vec(), reg.Budget.Vec()
		what := "no layer"
		if end > start {
			what = p.Names[start] + " to " + p.Names[end-1]
		}
		var parts []string
		for i, n := range used {
			if n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d of %d", design.ResourceNames[i], n, budget[i]))
			}
		}
		line := fmt.Sprintf("region %s: %s", reg.Name, what)
		if parts != nil {
			line += ": " + strings.Join(parts, ", ")
		}
		if r < len(p.Regions)-1 {
			line += fmt.Sprintf("; %d of %d wires to %s", reg.Cut, reg.Wires, p.Regions[r+1].Name)
		}
		lines = append(lines, line)
		start = end
	}
	return lines
}

// handshake are the wires that a stream has beside its data, valid and ready; chain are those of the chain that loads the weights.
const handshake, chain = 2, 32 + handshake

// Regions are the regions of a platform, of whose free resources a design may use the usable shares.
func Regions(platform *design.Platform, usable design.Shares) (list []Region) {
	for i, free := range platform.SLRFree() {
		list = append(list, Region{platform.SLRs[i].Name, usable.Budget(free).Vec(), platform.SLRs[i].Wires})
	}
	return list
}

// Of is the problem of a design on a device with regions. Processes and FIFOs lie where package place says; input, output and control lie
// with the first layer.
func Of(d *design.Design, regions []Region) (*Problem, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	m := cost.New(d.Net, d.Family, d.CostModel.Calibration)
	p := &Problem{Wires: make([]int, len(n.Layers)), Regions: regions}
	layers, _, io := m.Network(n)
	p.Layers = layers
	p.Layers[0] = p.Layers[0].Add(io)
	at := place.Layers(n)
	for i, to := range place.Streams(n, at) {
		s := &n.Streams[i]
		p.Layers[to] = p.Layers[to].Add(m.StreamAt(n, i))
		for cut := at[s.From] + 1; cut <= to; cut++ {
			p.Wires[cut] += s.Width() + s.Flags + handshake
		}
	}
	for i := range n.Net.Layers {
		p.Names = append(p.Names, n.Net.Layers[i].ID)
		p.Wires[i] += chain
	}
	return p, nil
}
