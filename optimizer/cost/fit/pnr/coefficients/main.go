// Coefficients writes the coefficients of the model of delays from the data of routed modules.
//
//	go run ./optimizer/cost/fit/pnr/coefficients optimizer/cost/calibration/xc7z010-1.csv optimizer/cost/calibration/xc7z010-1.toml
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/fit/pnr"
)

func main() {
	worst := flag.Int("worst", 0, "print so many of the points that the others say least about")
	flag.Parse()
	if err := run(flag.Arg(0), flag.Arg(1), *worst); err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}

func run(data, file string, worst int) error {
	d, err := pnr.Load(data)
	if err != nil {
		return err
	}
	points, err := pnr.Known()
	if err != nil {
		return err
	}
	samples, unknown, err := pnr.Samples(d, points)
	if err != nil {
		return err
	}
	if unknown > 0 {
		fmt.Printf("%d lines of %s are of no point of the sweep and left out\n", unknown, data)
	}
	f, residuals := pnr.Fit(samples, d.Comment)
	fmt.Printf("%-16s %6s  %9s  %7s %7s\n", "kind", "points", "offset ns", "median", "p90")
	for _, name := range delay.Kinds() {
		k := f.Kind[name]
		fmt.Printf("%-16s %6d  %9.2f  %6.1f%% %6.1f%%\n", name, k.Points, k.Offset, 100*k.Median, 100*k.P90)
	}
	fmt.Printf("%-16s %6d  %9s  %6.1f%% %6.1f%%\n", "all", f.Points, "", 100*f.Median, 100*f.P90)
	for _, name := range delay.Features() {
		fmt.Printf("%s %.3f  ", name, f.NS[name])
	}
	fmt.Println()
	slices.SortStableFunc(residuals, func(a, b pnr.Residual) int {
		if a.Error() > b.Error() {
			return -1
		}
		return 1
	})
	for i := range residuals[:min(worst, len(residuals))] {
		r := &residuals[i]
		fmt.Printf("%5.2f ns, model %5.2f (%+.0f %%)  %.120s\n", r.NS, r.Model, 100*(r.Model/r.NS-1), r.Key())
	}
	if file == "" {
		return nil
	}
	text, err := pnr.Text(f)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o666)
}
