package pnr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hass/internal/hw"
	"hass/optimizer/cost/fit"
)

// Job is a module with parameters or a whole network to be routed, and the resulting line.
type Job struct {
	Module, Params string
	Seed           int
	Hash           string // of the sources
	source         Source
}

// PointJobs are the jobs of points.
func PointJobs(l Library, points []fit.Point) (jobs []Job, err error) {
	hashes := map[string]string{} // by module
	for _, p := range points {
		m := p.ModuleName()
		if hashes[m] == "" {
			if hashes[m], err = l.Hash(m); err != nil {
				return nil, err
			}
		}
		jobs = append(jobs, Job{Module: m, Params: p.ParamText(), Hash: hashes[m], source: Source{l, m, hw.Params(p.Module), p.Plain}})
	}
	return jobs, nil
}

// NetworkJobs are the jobs of whole networks, the smallest first.
func NetworkJobs(l Library) ([]Job, error) {
	networks, err := Networks()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(networks, func(a, b Network) int {
		x, y := a.Used(), b.Used()
		return x.LUT - y.LUT
	})
	return networkJobs(l, networks)
}

// ToDo are the jobs that a data file does not have, or has for other sources of the modules: each once with each seed, seed by
// seed. A job that failed with these sources is not tried again.
func ToDo(all []Job, seeds int, have *File) (jobs []Job) {
	done := map[string]string{} // hash by point and seed
	for i := range have.Lines {
		done[have.Lines[i].Key()] = have.Lines[i].Hash
	}
	for seed := 1; seed <= seeds; seed++ {
		for _, j := range all {
			if j.Seed = seed; done[key(j.Module, j.Params, seed)] != j.Hash {
				jobs = append(jobs, j)
			}
		}
	}
	return jobs
}

// Stale counts the lines of modules whose sources have changed, and of modules that no longer exist.
func Stale(l Library, f *File) (n int, err error) {
	for i := range f.Lines {
		x := &f.Lines[i]
		if _, ok := l[x.Module]; ok {
			h, err := l.Hash(x.Module)
			if err != nil {
				return 0, err
			}
			if h == x.Hash {
				continue
			}
		}
		n++
	}
	return n, nil
}

// Sweep routes jobs one after another and stores each result at once. A job that takes longer than the limit, or that a program
// refuses, is stored with the reason and logged.
func Sweep(ctx context.Context, t *Tools, name string, jobs []Job, limit time.Duration, log func(string)) error {
	version, err := t.Version(ctx)
	if err != nil {
		return err
	}
	mapper, err := fit.Version(ctx)
	if err != nil {
		return err
	}
	if err := t.CheckTimes(ctx); err != nil {
		return err
	}
	for i, j := range jobs {
		line := Line{Module: j.Module, Params: j.Params, Seed: j.Seed, Hash: j.Hash}
		start := time.Now()
		limited, stop := context.WithTimeout(ctx, limit)
		line.Measurement, err = t.Route(limited, &j.source, j.Seed)
		stop()
		line.Plain = j.source.Plain
		if ctx.Err() != nil {
			return ctx.Err()
		}
		what := fmt.Sprintf("%d of %d: %s %.200s, seed %d", i+1, len(jobs), j.Module, j.Params, j.Seed)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			line.Failed = fmt.Sprintf("not routed in %v", limit)
			log(what + ": " + line.Failed)
		case err != nil:
			line.Failed = err.Error()
			log(what + ": " + line.Failed)
		default:
			log(fmt.Sprintf("%s: %.1f MHz, %d LUTs, from %s to %s, in %.0f s", what, line.MHz, line.LUT, line.From, line.To, time.Since(start).Seconds()))
		}
		// The file is read again, because someone may have changed it meanwhile.
		f, err := Load(name)
		if err != nil {
			return err
		}
		f.Comment = fmt.Sprintf("The RTL library on %s, in a wrapper without pins (counted): %s synth_xilinx %s, %s %s; %s; made by make pnr.",
			Device, mapper, fit.Flags, version, Flags, time.Now().UTC().Format(time.DateOnly))
		f.Put(line)
		if err := f.Save(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
