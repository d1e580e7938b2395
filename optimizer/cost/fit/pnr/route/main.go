// Route places and routes modules of the RTL library on xc7z010 without pins and writes their clocks to a data file. It resumes
// from that file. The place-and-route program and its chip database are the user's.
//
//	go run ./optimizer/cost/fit/pnr/route -nextpnr PROGRAM -chipdb FILE optimizer/cost/calibration/xc7z010-1.csv
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hass/optimizer/cost/fit"
	"hass/optimizer/cost/fit/pnr"
)

func main() {
	o := options{}
	flag.StringVar(&o.nextpnr, "nextpnr", "", "nextpnr-himbaechel with the architecture xilinx")
	flag.StringVar(&o.chipdb, "chipdb", "", "its chip database of xc7z010")
	flag.BoolVar(&o.list, "list", false, "print the points and do nothing")
	flag.StringVar(&o.only, "module", "", "modules, separated by commas: points of these only; of whole networks a part of the name")
	flag.StringVar(&o.last, "last", "", "modules, separated by commas: points that have them in them come last")
	flag.IntVar(&o.each, "each", 0, "the most points of a kind; 0: all")
	flag.IntVar(&o.seeds, "seeds", 1, "seeds of each point")
	flag.DurationVar(&o.limit, "limit", 0, "the longest that a point may take; 0: eight minutes, half an hour for a whole network")
	flag.BoolVar(&o.networks, "networks", false, "whole networks instead of modules")
	flag.StringVar(&o.project, "project", "", "instead: route the top of a project folder of the RTL target once, and print what comes out")
	flag.IntVar(&o.seed, "seed", 1, "of -project")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Arg(0), o); err != nil {
		fmt.Fprintln(os.Stderr, "route:", err)
		os.Exit(1)
	}
}

type options struct {
	nextpnr, chipdb, only, last, project string
	list, networks                       bool
	seeds, seed, each                    int
	limit                                time.Duration
}

func run(ctx context.Context, file string, o options) error {
	if o.limit <= 0 {
		o.limit = 8 * time.Minute
		if o.networks || o.project != "" {
			o.limit = 30 * time.Minute
		}
	}
	library, err := pnr.BuiltIn()
	if err != nil {
		return err
	}
	all, err := jobs(library, o)
	if err != nil {
		return err
	}
	if o.list {
		for i := range all {
			fmt.Println(all[i].Module, all[i].Params)
		}
		fmt.Println(len(all), "points")
		return nil
	}
	tools := pnr.Tools{}
	for _, p := range []struct{ to, from *string }{{&tools.Nextpnr, &o.nextpnr}, {&tools.ChipDB, &o.chipdb}} {
		if *p.from != "" {
			if *p.to, err = filepath.Abs(*p.from); err != nil {
				return err
			}
		}
	}
	if err := tools.Check(); err != nil {
		return err
	}
	if tools.Dir, err = os.MkdirTemp("", "hass-pnr"); err != nil {
		return err
	}
	defer os.RemoveAll(tools.Dir)
	log := func(s string) { fmt.Println(s) }
	if o.project != "" {
		return network(ctx, &tools, o, log)
	}
	if file == "" {
		return fmt.Errorf("name the data file")
	}
	have, err := pnr.Load(file)
	if err != nil {
		return err
	}
	left := pnr.ToDo(all, o.seeds, have)
	log(fmt.Sprintf("%d points, %d to do", len(all)*o.seeds, len(left)))
	if len(left) == 0 {
		return nil
	}
	return pnr.Sweep(ctx, &tools, file, left, o.limit, log)
}

// jobs are the jobs that the flags select.
func jobs(library pnr.Library, o options) ([]pnr.Job, error) {
	if o.networks {
		all, err := pnr.NetworkJobs(library)
		return slices.DeleteFunc(all, func(j pnr.Job) bool { return !strings.Contains(j.Params, o.only) }), err
	}
	var last []string
	if o.last != "" {
		last = strings.Split(o.last, ",")
	}
	if o.each <= 0 {
		o.each = math.MaxInt
	}
	points, err := pnr.Points(library, last, o.each)
	if err != nil {
		return nil, err
	}
	if o.only != "" {
		only := strings.Split(o.only, ",")
		points = slices.DeleteFunc(points, func(p fit.Point) bool { return !slices.Contains(only, p.ModuleName()) })
	}
	return pnr.PointJobs(library, points)
}

// network routes the top of a project.
func network(ctx context.Context, t *pnr.Tools, o options, log func(string)) error {
	library, err := pnr.FromFolder(o.project)
	if err != nil {
		return err
	}
	if err := t.CheckTimes(ctx); err != nil {
		return err
	}
	limited, stop := context.WithTimeout(ctx, o.limit)
	defer stop()
	m, err := t.Route(limited, &pnr.Source{Library: library, Module: "hass_top"}, o.seed)
	if err != nil {
		return err
	}
	log(fmt.Sprintf("%s: %.1f MHz (%.2f ns logic, %.2f ns route, %d cells), %d LUT, %d FF, %d DSP, %d BRAM18, from %s to %s; latest %s",
		o.project, m.MHz, m.Logic, m.Timing.Route, m.Cells, m.LUT, m.FF, m.Counts.DSP, m.BRAM18, m.From, m.To, m.Ends))
	return nil
}
