// Sweep synthesises the points of package fit that the data file does not have yet, and adds them
// to it.
//
//	go run ./optimizer/cost/fit/sweep [-list] [-limit N] optimizer/cost/calibration/xc7.csv
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"

	"hass/optimizer/cost/fit"
)

func main() {
	list := flag.Bool("list", false, "print the points and do nothing")
	only := flag.String("module", "", "points of this module only")
	backwards := flag.Bool("backwards", false, "begin with the last point, for a second sweep beside a first")
	batch := flag.Int("batch", 12, "points in one yosys process")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Arg(0), *list, *only, *batch, *backwards); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string, list bool, only string, batch int, backwards bool) error {
	points, err := fit.Points()
	if err != nil {
		return err
	}
	if only != "" {
		var some []fit.Point
		for _, p := range points {
			if p.ModuleName() == only {
				some = append(some, p)
			}
		}
		points = some
	}
	if backwards {
		slices.Reverse(points)
	}
	if list {
		for _, p := range points {
			fmt.Println(p.Key(), p.Family, p.Plain)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "hass-sweep")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return fit.Sweep(ctx, dir, file, points, batch, func(s string) { fmt.Println(s) })
}
