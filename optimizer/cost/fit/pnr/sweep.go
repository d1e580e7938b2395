package pnr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hass/internal/hw"
	"hass/optimizer/cost/fit"
)

// Job is a point and a seed.
type Job struct {
	fit.Point
	Seed int
	Hash string // of its module's texts
}

// Jobs are those that a data file has not, or has of other texts of the modules: each point once with each seed, seed by
// seed. A point that failed on these texts is not tried again.
func Jobs(l Library, points []fit.Point, seeds int, have *File) ([]Job, error) {
	done := map[string]string{} // hash by point and seed
	for i := range have.Lines {
		done[have.Lines[i].Key()] = have.Lines[i].Hash
	}
	hashes := map[string]string{} // by module
	var jobs []Job
	for seed := 1; seed <= seeds; seed++ {
		for _, p := range points {
			m := p.ModuleName()
			if hashes[m] == "" {
				h, err := l.Hash(m)
				if err != nil {
					return nil, err
				}
				hashes[m] = h
			}
			if done[key(m, p.ParamText(), seed)] != hashes[m] {
				jobs = append(jobs, Job{p, seed, hashes[m]})
			}
		}
	}
	return jobs, nil
}

// Sweep routes jobs one after another and stores each as it ends. A job that takes longer than the limit, or that a program refuses,
// is stored with the reason and logged.
func Sweep(ctx context.Context, t *Tools, l Library, name string, jobs []Job, limit time.Duration, log func(string)) error {
	version, err := t.Version(ctx)
	if err != nil {
		return err
	}
	mapper, err := fit.Version(ctx)
	if err != nil {
		return err
	}
	if err := t.CheckDSP(ctx); err != nil {
		return err
	}
	for i, j := range jobs {
		line := Line{Module: j.ModuleName(), Params: j.ParamText(), Seed: j.Seed, Hash: j.Hash, Plain: j.Plain}
		start := time.Now()
		limited, stop := context.WithTimeout(ctx, limit)
		line.Measurement, err = t.Route(limited, Source{l, line.Module, hw.Params(j.Module), j.Plain}, j.Seed)
		stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		what := fmt.Sprintf("%d of %d: %s, seed %d", i+1, len(jobs), j.Key(), j.Seed)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			line.Failed = fmt.Sprintf("not routed in %v", limit)
			log(what + ": " + line.Failed)
		case err != nil:
			line.Failed = err.Error()
			log(what + ": " + err.Error())
		default:
			log(fmt.Sprintf("%s: %.1f MHz, %d LUTs, from %s to %s, in %.0f s", what, line.MHz, line.LUT, line.From, line.To, time.Since(start).Seconds()))
		}
		// The file is read anew: someone may have worked on it meanwhile.
		f, err := Load(name)
		if err != nil {
			return err
		}
		f.Comment = fmt.Sprintf("Modules of the RTL library on %s, in a wrapper without pins (counted): %s synth_xilinx %s, %s %s; %s; made by make pnr.",
			Device, mapper, fit.Flags, version, Flags, time.Now().UTC().Format(time.DateOnly))
		f.Put(line)
		if err := f.Save(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
