// Package cosim brings the two clocks together: what the simulator counts for a design and what the RTL's
// testbench reports.
//
// It takes a network and the images of a call, and gives the cycles to be compared with a verify.RTLCall.
// It never runs a tool and knows nothing of values.
package cosim

import (
	"context"

	"hass/codegen/verify"
	"hass/hwsim"
	"hass/internal/hw"
)

// Expect simulates a call of the hardware for images[order[0]], images[order[1]], ... and gives its cycles.
func Expect(ctx context.Context, n *hw.Network, images [][]int32, order []int) (*verify.RTLCycles, error) {
	call := make([][]int32, len(order))
	for i, k := range order {
		call[i] = images[k]
	}
	sim, err := hwsim.Run(ctx, n, call, hwsim.Options{Finite: true, TimeOnly: true})
	if err != nil {
		return nil, err
	}
	c := &verify.RTLCycles{FirstIn: sim.FirstIn, FirstOut: sim.FirstOut, LastOut: sim.LastOut}
	for _, p := range sim.Processes {
		c.Processes = append(c.Processes, verify.RTLProcess{
			Name: p.Name, Starved: p.Run.StarvedCycles(), Blocked: p.Run.BlockedCycles(), End: p.Ends[len(p.Ends)-1] + 1,
			Counted: p.Kind == hw.Source || p.Kind == hw.WindowProc,
		})
	}
	for _, f := range sim.FIFOs {
		c.FIFOs = append(c.FIFOs, verify.RTLFIFO{Name: f.Name, Most: f.Most})
	}
	return c, nil
}

// Compare gives a line for each difference between the calls of an RTL simulation without stalls and the
// simulator.
func Compare(ctx context.Context, n *hw.Network, images [][]int32, r *verify.RTLResult) ([]string, error) {
	var diffs []string
	for i := range r.Calls {
		want, err := Expect(ctx, n, images, r.Calls[i].Order)
		if err != nil {
			return nil, err
		}
		diffs = append(diffs, r.Calls[i].Compare(*want)...)
	}
	return diffs, nil
}
