// Package cosim compares the cycles that the simulator counts for a design with the cycles that a run of the design's
// project reports.
//
// It takes a network and golden images, and gives the cycles with which a verify.Result is compared.
// It never runs a tool and does not depend on values or targets.
package cosim

import (
	"context"

	"hass/codegen/verify"
	"hass/hwsim"
	"hass/internal/hw"
)

// Compare returns a line for each difference between the counts of a run over the images and the simulator's.
func Compare(ctx context.Context, n *hw.Network, images [][]int32, r verify.Result) ([]string, error) {
	return r.CompareCycles(&simulator{ctx, n, images})
}

// simulator is a verify.Simulator of a network and its golden images.
type simulator struct {
	ctx    context.Context
	n      *hw.Network
	images [][]int32
}

// Cycles simulates one call of the hardware for images[order[0]], images[order[1]], ...
func (s *simulator) Cycles(order []int) (*verify.Cycles, error) {
	return Expect(s.ctx, s.n, s.images, order)
}

// Beats simulates the first images and gives for each engine the number of beats by their cycles.
func (s *simulator) Beats(images int) (map[string][]int64, error) {
	sim, err := hwsim.Run(s.ctx, s.n, s.images[:images], hwsim.Options{Finite: true})
	if err != nil {
		return nil, err
	}
	beats := map[string][]int64{}
	for _, p := range sim.Processes {
		if p.Kind == hw.Engine {
			beats[p.Name] = p.Hist
		}
	}
	return beats, nil
}

// Expect simulates one call of the hardware for images[order[0]], images[order[1]], ... and gives its cycles.
func Expect(ctx context.Context, n *hw.Network, images [][]int32, order []int) (*verify.Cycles, error) {
	call := make([][]int32, len(order))
	for i, k := range order {
		call[i] = images[k]
	}
	sim, err := hwsim.Run(ctx, n, call, hwsim.Options{Finite: true, TimeOnly: true})
	if err != nil {
		return nil, err
	}
	c := &verify.Cycles{FirstIn: sim.FirstIn, FirstOut: sim.FirstOut, LastOut: sim.LastOut}
	for _, p := range sim.Processes {
		c.Processes = append(c.Processes, verify.Process{
			Name: p.Name, Starved: p.Run.StarvedCycles(), Blocked: p.Run.BlockedCycles(), End: p.Ends[len(p.Ends)-1] + 1,
			Counted: p.Kind == hw.Source || p.Kind == hw.WindowProc || p.Kind == hw.ScheduledProc, // these processes count the images
		})
	}
	for _, f := range sim.FIFOs {
		c.FIFOs = append(c.FIFOs, verify.FIFO{Name: f.Name, Most: f.Most})
	}
	return c, nil
}
