package main

import (
	"fmt"
	"io"
	"slices"

	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/intnet"
	"hass/optimizer"
)

// simulateCmd runs the simulator.
type simulateCmd struct {
	Design string `arg:"" help:"Design to simulate." type:"path"`
	Data   string `required:"" help:"Data set (TOML)." type:"path"`
	Images int    `default:"8" help:"Number of images, back to back; at least 4 for a steady-state figure."`
	Stall  int    `help:"Make the words at input and output late at random, this often in percent, 0 to 90." placeholder:"PERCENT"`
	Seed   uint64 `help:"Seed of the stalls." default:"1"`
	Trace  string `help:"Write a Chrome/Perfetto trace (JSON)." type:"path"`
	JSON   bool   `help:"Print JSON instead of tables."`
}

// Help is the example shown by --help.
func (simulateCmd) Help() string {
	return "Example:\n  hass simulate design.json --data test.toml --images 8"
}

// Run simulates, compares with the integer network and reports.
func (c simulateCmd) Run(e *env) error {
	if err := checkStall(c.Stall); err != nil {
		return err
	}
	if c.Images < 1 {
		return usage("--images %d: want at least 1", c.Images)
	}
	if c.Trace != "" {
		if err := writable(c.Trace, c.Design, c.Data); err != nil {
			return err
		}
	}
	d, err := optimizer.ReadDesign(c.Design)
	if err != nil {
		return err
	}
	set, err := dataset.Open(c.Data)
	if err != nil {
		return err
	}
	if c.Trace != "" {
		if err := apart([]string{c.Trace}, designFiles(c.Design, d), set.Files()); err != nil {
			return err
		}
	}
	in := d.Net.Tensors[d.Net.Input]
	if err := set.Check([]int{1, in.C, in.H, in.W}); err != nil {
		return err
	}
	sim, mismatches, err := e.simulate(d, set, c.Images, hwsim.Options{Stall: float64(c.Stall) / 100, Seed: c.Seed, Trace: c.Trace != ""})
	if err != nil {
		return err
	}
	if c.Trace != "" {
		if err := artifact.WriteFile(e.ctx, c.Trace, func(w io.Writer) error { return sim.WriteTrace(w) }); err != nil {
			return err
		}
	}
	rep, err := report(d, sim)
	if err != nil {
		return err
	}
	if c.JSON {
		var s *simulation
		if s, err = newSimulation(rep, mismatches, c.Design, set); err == nil {
			err = artifact.Encode(e.stdout, s)
		}
	} else {
		err = rep.WriteText(e.stdout)
	}
	if err != nil {
		return err
	}
	if mismatches > 0 {
		return fmt.Errorf("%d of %d images differ from the integer network", mismatches, sim.Images)
	}
	return nil
}

// simulation is the JSON answer, and RUN/simulation.json.
type simulation struct {
	artifact.Header
	*hwsim.Report
	Mismatches int `json:"mismatches"` // images whose outputs differ from the integer network's
}

// checkStall checks --stall, which has one meaning in all commands and in make sim-stall.
func checkStall(percent int) error {
	if percent < 0 || percent > 90 {
		return usage("--stall %d: want 0 to 90 percent", percent)
	}
	return nil
}

// newSimulation labels a report with the hashes of the design file and the data set.
func newSimulation(rep *hwsim.Report, mismatches int, design string, set *dataset.Set) (*simulation, error) {
	hash, err := artifact.HashFile(design)
	if err != nil {
		return nil, err
	}
	data, err := set.Hash()
	if err != nil {
		return nil, err
	}
	return &simulation{artifact.NewHeader("hass.simulation", 1, map[string]string{"design": hash, "dataset": data}), rep, mismatches}, nil
}

// report sets a simulation against the design's predictions.
func report(d *optimizer.Design, sim *hwsim.Result) (*hwsim.Report, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	pred := hwsim.Predicted{CyclesPerImage: d.Predicted.CyclesPerImage}
	for i := range d.Net.Layers {
		pred.Layers = append(pred.Layers, d.Costs[i].Cycles)
	}
	return hwsim.NewReport(n, sim, pred)
}

// latency is the latency in cycles of the first image of a set alone.
func (e *env) latency(d *optimizer.Design, set *dataset.Set) (int64, error) {
	n, err := d.Network()
	if err != nil {
		return 0, err
	}
	x, err := images(d.Net, set)(0)
	if err != nil {
		return 0, err
	}
	return hwsim.Latency(e.ctx, n, x)
}

// simulate runs the first n images of a set through the simulator and counts
// the images whose outputs differ from the integer executor's.
func (e *env) simulate(d *optimizer.Design, set *dataset.Set, n int, opt hwsim.Options) (*hwsim.Result, int, error) {
	set = set.Limit(n)
	n = set.Len()
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
	opt.Progress = e.progress("simulate")
	sim, err := hwsim.Run(e.ctx, network, inputs, opt)
	if err != nil {
		return nil, 0, err
	}
	ref, err := intnet.New(d.Net)
	if err != nil {
		return nil, 0, err
	}
	mismatches := 0
	err = intnet.RunMany(e.ctx, ref, n, 0,
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
