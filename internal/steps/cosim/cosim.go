// Package cosim brings the two clocks together: what the simulator counts for a design and what a run of its project
// reports.
//
// It takes a network and golden images, and gives the cycles with which a verify.Result is compared.
// It never runs a tool and knows nothing of values and targets.
package cosim

import (
	"context"

	"hass/codegen/verify"
	"hass/hwsim"
	"hass/internal/hw"
)

// Compare gives a line for each difference between what a run over the images counted and the simulator.
func Compare(ctx context.Context, n *hw.Network, images [][]int32, r verify.Result) ([]string, error) {
	return r.CompareCycles(&simulator{ctx, n, images})
}

// simulator is a verify.Simulator of a network and its golden images.
type simulator struct {
	ctx    context.Context
	n      *hw.Network
	images [][]int32
}

// Cycles simulates a call of the hardware for images[order[0]], images[order[1]], ...
func (s *simulator) Cycles(order []int) (*verify.Cycles, error) {
	return Expect(s.ctx, s.n, s.images, order)
}

// Beats simulates the first images.
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

// Expect simulates a call of the hardware for images[order[0]], images[order[1]], ... and gives its cycles.
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
			Counted: p.Kind == hw.Source || p.Kind == hw.WindowProc || p.Kind == hw.ScheduledProc, // they know the number of images
		})
	}
	for _, f := range sim.FIFOs {
		c.FIFOs = append(c.FIFOs, verify.FIFO{Name: f.Name, Most: f.Most})
	}
	return c, nil
}
