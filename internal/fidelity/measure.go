package fidelity

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/quant"
	"hass/internal/workers"
)

// Measure runs n images through the float network of g with spec's thresholds and through the integer network of the
// pruner, which spec decided, on up to numWorkers goroutines (all cores if <= 0), and compares all values. image(i) gives
// image i as the graph's only input, NCHW; it is called concurrently. step, if not nil, is called after each image. The
// report is the same for any number of workers.
func Measure(ctx context.Context, g *graph.Graph, spec *quant.Spec, pruner *quant.Pruner, n, numWorkers int, image func(i int) ([]float32, error), step func()) (*Report, error) {
	pruned, err := spec.Thresholds().Apply(g)
	if err != nil {
		return nil, err
	}
	outs, err := judge.Outputs(pruned)
	if err != nil {
		return nil, err
	}
	float, err := judge.NewFloat(pruned, outs)
	if err != nil {
		return nil, err
	}
	net := pruner.Net()
	exec, err := intnet.New(net)
	if err != nil {
		return nil, err
	}
	probes, err := plan(net)
	if err != nil {
		return nil, err
	}
	byValue := make(map[string][]int)
	for i, p := range probes {
		probes[i].powers = spec.Equal[p.value]
		byValue[p.value] = append(byValue[p.value], i)
	}
	host, err := hosttail.New(net)
	if err != nil {
		return nil, err
	}
	execs := make([]*intnet.Exec, workers.Count(n, numWorkers))
	for w := range execs {
		execs[w] = exec.Clone()
	}
	type result struct {
		tallies        [][]tally
		float, integer *judge.Outcome
	}
	sums, outputs := newTallies(probes), judge.NewComparison(outs)
	err = workers.Ordered(ctx, n, numWorkers, func(w, i int) (r result, err error) {
		f, err := image(i)
		if err != nil {
			return r, err
		}
		q, err := net.QuantizeInput(f)
		if err != nil {
			return r, fmt.Errorf("image %d: %w", i, err)
		}
		values, err := execs[w].Run(q)
		if err != nil {
			return r, fmt.Errorf("image %d: %w", i, err)
		}
		if r.integer, err = judge.Integer(host, net, outs, values); err != nil {
			return r, err
		}
		r.tallies = newTallies(probes)
		var fault error
		seen := 0
		r.float, err = float.Run(f, func(name string, v []float32) {
			for _, k := range byValue[name] {
				var q []int32
				if t := probes[k].tensor; t >= 0 {
					q = execs[w].Tensor(t)
				}
				if err := probes[k].look(v, q, r.tallies[k]); err != nil && fault == nil {
					fault = err
				}
				seen++
			}
		})
		if err == nil {
			err = fault
		}
		if err == nil && seen != len(probes) {
			err = fmt.Errorf("%d of %d values of the integer network are values of the float network", seen, len(probes))
		}
		return r, err
	}, func(_ int, r result) error {
		for k := range sums {
			for c := range sums[k] {
				sums[k][c].add(&r.tallies[k][c])
			}
		}
		if err := outputs.Add(r.float, r.integer); err != nil {
			return err
		}
		if step != nil {
			step()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := &Report{Images: n, Outputs: outputs.Result()}
	r.table(net, probes, sums)
	r.Losses = losses(net, spec, pruner, probes, sums)
	return r, nil
}

func newTallies(probes []probe) [][]tally {
	t := make([][]tally, len(probes))
	for i, p := range probes {
		t[i] = make([]tally, p.dims[2])
	}
	return t
}

// plan lists the values to compare: every tensor that has a value in the float network, and every addend in the format of
// its sum.
func plan(net *intnet.Net) ([]probe, error) {
	made := make([]int, len(net.Tensors)) // by tensor: the layer that produces it
	for i := range made {
		made[i] = -1
	}
	for i := range net.Layers {
		made[net.Layers[i].Out] = i
	}
	value := make([]string, len(net.Tensors)) // by tensor: the float network's value; "" for a map with inserted zeros
	tensor := func(t, layer int) probe {
		x, round := &net.Tensors[t], net.InputRounding
		if layer >= 0 {
			round = cmp.Or(net.Layers[layer].Rounding, fixed.HalfUp) // layers that only move values do not round
		}
		return probe{value: value[t], dims: [3]int{x.H, x.W, x.C}, format: x.Format, round: round, tensor: t, layer: layer, lo: math.Inf(-1), hi: math.Inf(1)}
	}
	value[net.Input] = net.Tensors[net.Input].Name
	probes := []probe{tensor(net.Input, -1)}
	for i := range net.Layers {
		l := &net.Layers[i]
		value[l.Out] = net.Tensors[l.Out].Name
		switch l.Kind {
		case intnet.KindZeroInsert:
			value[l.Out] = ""
			continue
		case intnet.KindRequant:
			if branch(net, i) >= 0 {
				value[l.Out] = value[l.In[0]]
			}
		case intnet.KindAdd:
			for k, in := range l.In {
				x := &net.Tensors[in]
				if value[in] == "" {
					return nil, fmt.Errorf("layer %q adds a map of inserted zeros", l.Name)
				}
				f := net.Tensors[l.Out].Format
				f.Bits, f.Signed = x.Format.Bits, x.Format.Signed
				probes = append(probes, probe{value: value[in], dims: [3]int{x.H, x.W, x.C}, format: f, round: l.Rounding, tensor: -1, layer: i, input: k, lo: math.Inf(-1), hi: math.Inf(1)})
			}
		}
		p := tensor(l.Out, i)
		if l.Kind == intnet.KindRequant && branch(net, i) >= 0 {
			p.lo, p.hi = fixed.Dequantize(l.Lo, p.format), fixed.Dequantize(l.Hi, p.format)
		}
		probes = append(probes, p)
	}
	return probes, nil
}

// branch is the index of the Concat input that layer i converts to the Concat's format, -1 if there is none. Layers
// between the two convert the Concat's other inputs.
func branch(net *intnet.Net, i int) int {
	out := net.Layers[i].Out
	for j := i; j < len(net.Layers) && net.Layers[j].Kind == intnet.KindRequant; j++ {
		if j+1 == len(net.Layers) || net.Layers[j+1].Kind != intnet.KindConcat {
			continue
		}
		concat := &net.Layers[j+1]
		if k := slices.Index(concat.In, out); k >= 0 && net.Layers[i].Name == quant.BranchName(concat.Name, k) {
			return k
		}
		return -1
	}
	return -1
}

// joined is the Concat into which the branch of layer i goes.
func joined(net *intnet.Net, i int) int {
	for net.Layers[i].Kind != intnet.KindConcat {
		i++
	}
	return i
}
