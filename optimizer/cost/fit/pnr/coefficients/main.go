// Coefficients writes the coefficients of the model of delays from the data of routed modules.
//
//	go run ./optimizer/cost/fit/pnr/coefficients xc7z010-1.csv xc7z010-1-networks.csv xc7z010-1.toml
package main

import (
	"cmp"
	"errors"
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
	if err := run(flag.Args(), *worst); err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}

func run(files []string, worst int) error {
	if len(files) != 3 {
		return errors.New("name the data of modules, the data of whole networks and the file to be written")
	}
	modules, err := pnr.Load(files[0])
	if err != nil {
		return err
	}
	whole, err := pnr.Load(files[1])
	if err != nil {
		return err
	}
	r, err := pnr.FitFiles(modules, whole)
	if err != nil {
		return err
	}
	if r.Unknown > 0 {
		fmt.Printf("%d lines of %s are of no point of the sweep and left out\n", r.Unknown, files[0])
	}
	library, err := pnr.BuiltIn()
	if err != nil {
		return err
	}
	stale, err := pnr.Stale(library, modules)
	if err != nil {
		return err
	}
	if stale > 0 {
		fmt.Printf("%d of %d lines of %s are of older texts of their modules: make pnr routes those anew\n", stale, len(modules.Lines), files[0])
	}
	f := r.File
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
	for i := range r.Networks {
		n := &r.Networks[i]
		fmt.Printf("%5.1f MHz, model %5.1f (%+.0f %%), slowest %s alone %.1f, path from %s, fill %.2f  %s\n", n.MHz, n.Model, 100*(n.Model/n.MHz-1), n.Slowest, n.ModuleMHz, n.From, n.Fill, n.Name)
	}
	fmt.Printf("networks: %+v\n", f.Network)
	slices.SortStableFunc(r.Residuals, func(a, b pnr.Residual) int { return cmp.Compare(b.Error(), a.Error()) })
	for i := range r.Residuals[:min(worst, len(r.Residuals))] {
		x := &r.Residuals[i]
		fmt.Printf("%5.2f ns, model %5.2f (%+.0f %%) %s to %s  %.140s\n", x.NS, x.Model, 100*(x.Model/x.NS-1), x.From, x.To, x.Key())
	}
	text, err := pnr.Text(f)
	if err != nil {
		return err
	}
	return os.WriteFile(files[2], text, 0o666)
}
