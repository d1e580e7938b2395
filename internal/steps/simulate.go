package steps

import (
	"context"
	"fmt"
	"slices"

	"hass/hwsim"
	"hass/hwsim/report"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/intnet"
	"hass/internal/steps/rundir"
	"hass/internal/steps/waves"
	"hass/optimizer/derive"
)

// SimulateOptions are the options of Simulate.
type SimulateOptions struct {
	Design string // the design to simulate
	Data   string // data set (TOML)
	Images int    // number of images, back to back; at least 4 for a steady-state figure; 0 is 8, or all of a smaller set
	Stall  int    // percentage of cycles in which words at input and output are delayed at random, 0 to 90
	Seed   uint64 // seed of the stalls
	Waves  waves.Files
}

// SimulateResult is a simulation compared with the design's predictions.
type SimulateResult struct {
	*report.Report
	Mismatches int // images whose outputs differ from the integer network's

	design string // its file
	set    *dataset.Set
}

// Simulate gives cycles, stalls and FIFO occupancy of a design on images. If images differ from the integer network, it
// returns an error along with the result.
func Simulate(ctx context.Context, o SimulateOptions, rep Reporter) (*SimulateResult, error) {
	if err := checkStall(o.Stall); err != nil {
		return nil, err
	}
	if o.Images < 0 {
		return nil, badOption("--images %d: want at least 1, or 0 for %d", o.Images, simulated)
	}
	for _, file := range o.Waves.Outputs() {
		if err := writable(file, o.Design, o.Data); err != nil {
			return nil, err
		}
	}
	d, err := derive.ReadDesign(o.Design)
	if err != nil {
		return nil, err
	}
	set, err := dataset.Open(o.Data)
	if err != nil {
		return nil, err
	}
	if err := apart(o.Waves.Outputs(), designFiles(o.Design, d), set.Files()); err != nil {
		return nil, err
	}
	in := d.Net.Tensors[d.Net.Input]
	if err := set.Check([]int{1, in.C, in.H, in.W}); err != nil {
		return nil, err
	}
	few, err := firstSimulated(set, o.Images, rep)
	if err != nil {
		return nil, err
	}
	if err := o.Waves.Check(o.Stall, few.Len()); err != nil {
		return nil, badOption("%v", err)
	}
	w, err := o.Waves.Writer(d, few.Len(), images(d.Net, few))
	if err != nil {
		return nil, err
	}
	sim, mismatches, err := simulate(ctx, d, few,
		hwsim.Options{Stall: float64(o.Stall) / 100, Seed: o.Seed, Observe: w.Observer(), Progress: rep.track(TaskSimulate)})
	if err != nil {
		return nil, err
	}
	if err := w.Write(ctx, rep.note); err != nil {
		return nil, err
	}
	r, err := reportOf(d, sim)
	if err != nil {
		return nil, err
	}
	result := &SimulateResult{Report: r, Mismatches: mismatches, design: o.Design, set: set}
	if mismatches > 0 {
		return result, fmt.Errorf("%d of %d images differ from the integer network", mismatches, sim.Images)
	}
	return result, nil
}

// checkStall checks --stall, which has the same meaning in all commands and in make sim-stall.
func checkStall(percent int) error {
	if percent < 0 || percent > 90 {
		return badOption("--stall %d: want 0 to 90 percent", percent)
	}
	return nil
}

// Artifact labels the result with the hashes of the design file and the data set.
func (r *SimulateResult) Artifact() (*rundir.Simulation, error) {
	hash, err := artifact.HashFile(r.design)
	if err != nil {
		return nil, err
	}
	data, err := r.set.Hash()
	if err != nil {
		return nil, err
	}
	return &rundir.Simulation{
		Header: artifact.NewHeader(rundir.SimulationSchema, rundir.SimulationVersion, map[string]string{"design": hash, "dataset": data}),
		Report: r.Report, Mismatches: r.Mismatches,
	}, nil
}

// reportOf compares a simulation with the design's predictions.
func reportOf(d *design.Design, sim *hwsim.Result) (*report.Report, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	pred := report.Predicted{CyclesPerImage: d.Predicted.CyclesPerImage}
	for i := range d.Net.Layers {
		pred.Layers = append(pred.Layers, d.Costs[i].Cycles)
	}
	return report.New(n, sim, pred)
}

// simulate runs the images of a set through the simulator and counts those whose outputs
// differ from the integer executor's.
func simulate(ctx context.Context, d *design.Design, set *dataset.Set, opt hwsim.Options) (*hwsim.Result, int, error) {
	n := set.Len()
	inputs := make([][]int32, n)
	load := images(d.Net, set)
	for i := range inputs {
		var err error
		if inputs[i], err = load(i); err != nil {
			return nil, 0, err
		}
	}
	network, err := d.Network()
	if err != nil {
		return nil, 0, err
	}
	sim, err := hwsim.Run(ctx, network, inputs, opt)
	if err != nil {
		return nil, 0, err
	}
	ref, err := intnet.New(d.Net)
	if err != nil {
		return nil, 0, err
	}
	mismatches := 0
	err = intnet.RunMany(ctx, ref, n, 0,
		func(i int) ([]int32, error) { return inputs[i], nil },
		func(_ *intnet.Exec, out [][]int32) ([][]int32, error) {
			c := make([][]int32, len(out))
			for k := range out {
				c[k] = append([]int32(nil), out[k]...)
			}
			return c, nil
		},
		func(i int, want [][]int32) error {
			if !equalOutputs(sim.Outputs[i], want) {
				mismatches++
			}
			return nil
		})
	return sim, mismatches, err
}

func equalOutputs(a, b [][]int32) bool {
	return slices.EqualFunc(a, b, func(x, y []int32) bool { return slices.Equal(x, y) })
}
