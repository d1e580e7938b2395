package design

import "fmt"

// Region is a region (SLR) of the device, with what lies in it of a design whose layers are assigned to the regions in order.
type Region struct {
	Name   string    `json:"name"`
	Layers int       `json:"layers"` // of Net.Layers, behind those of the regions before it
	Budget Resources `json:"budget"` // usable of it
	Used   Resources `json:"used"`
	Wires  int       `json:"wires,omitempty"` // to the next region
	Cut    int       `json:"cut,omitempty"`   // wires to the next region that the design takes
}

// checkRegions refuses regions that are none, that do not hold the layers, or that hold more than they have.
func (d *Design) checkRegions() error {
	if d.Regions == nil {
		return nil
	}
	if n := len(d.Regions); n < 2 || n > maxRegions {
		return fmt.Errorf("regions: %d of them; want 2 to %d", n, maxRegions)
	}
	layers, sum := 0, Vec{}
	for i, r := range d.Regions {
		budget, used := r.Budget.Vec(), r.Used.Vec()
		switch {
		case !(Vec{}).Within(used) || !used.Within(budget) || !budget.Within(d.Device.Vec()):
			return fmt.Errorf("regions[%d]: used %v of a budget of %v; want no more than it has, nor than the device's %v", i, r.Used, r.Budget, d.Device)
		case r.Cut < 0 || r.Cut > r.Wires || i == len(d.Regions)-1 && r.Wires != 0:
			return fmt.Errorf("regions[%d]: cut %d of %d wires; want no more than there are, and none behind the last region", i, r.Cut, r.Wires)
		case r.Layers < 0 || r.Layers > len(d.Net.Layers)-layers:
			return fmt.Errorf("regions[%d]: %d layers; the network has %d, of which %d lie in the regions before", i, r.Layers, len(d.Net.Layers), layers)
		}
		layers, sum = layers+r.Layers, sum.Add(budget)
	}
	if layers != len(d.Net.Layers) {
		return fmt.Errorf("regions: they hold %d layers of %d", layers, len(d.Net.Layers))
	}
	if !sum.Within(d.Free().Vec()) {
		return fmt.Errorf("regions: their budgets together, %v, are more than the device has, %v", sum.Resources(), d.Free())
	}
	return nil
}

// RegionOf is the number of each layer's region, from 0 for the lowest; nil of a design that knows no regions.
func (d *Design) RegionOf() []int {
	var list []int
	for i, r := range d.Regions {
		for range r.Layers {
			list = append(list, i)
		}
	}
	return list
}

// Spread is the number of regions in which layers lie; 0 of a design that knows no regions.
func (d *Design) Spread() (n int) {
	for _, r := range d.Regions {
		n += min(r.Layers, 1)
	}
	return n
}
