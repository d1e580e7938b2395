// Coefficients writes the coefficients of the cost model from the sweep's data.
//
//	go run ./optimizer/cost/fit/coefficients optimizer/cost/calibration/xc7.csv optimizer/cost/calibration/xc7.toml
//
// It runs twice: the formula of an engine without lanes and weights is fitted to the remainder
// after the formulas of the first pass.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"

	"hass/optimizer/cost"
	"hass/optimizer/cost/fit"
)

func main() {
	worst := flag.String("worst", "", "print the samples of this module and the model's estimates")
	flag.Parse()
	if err := run(flag.Arg(0), flag.Arg(1), *worst); err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}

func run(data, file, worst string) error {
	text, err := os.ReadFile(data)
	if err != nil {
		return err
	}
	points, err := fit.Points()
	if err != nil {
		return err
	}
	samples, unknown, err := fit.ReadSamples(bytes.NewReader(text), points)
	if err != nil {
		return fmt.Errorf("%s: %w", data, err)
	}
	if unknown > 0 {
		fmt.Printf("%d lines of %s are not in the sweep any more and left out\n", unknown, data)
	}
	fits, err := fit.FitAll(samples)
	if err != nil {
		return err
	}
	// "# Modules of the RTL library synthesised by Yosys 0.23, 2026-11-25: ..."
	first, _, _ := strings.Cut(string(text), "\n")
	_, about, _ := strings.Cut(first, "synthesised by ")
	tool, about, _ := strings.Cut(about, ", ")
	date, _, _ := strings.Cut(about, ":")
	out, err := fit.WriteFit(cost.FitFile{Tool: tool, Date: date, Flags: fit.Flags, Points: len(samples), Module: fits})
	if err != nil {
		return err
	}
	names := make([]string, 0, len(fits))
	for n := range fits {
		names = append(names, n)
	}
	sort.Strings(names)
	fmt.Printf("%-14s %6s  %8s %8s  %8s %8s\n", "formula", "points", "LUT med", "LUT p90", "FF med", "FF p90")
	for _, n := range names {
		f := fits[n]
		fmt.Printf("%-14s %6d  %7.1f%% %7.1f%%  %7.1f%% %7.1f%%\n", n, f.Points, 100*f.LUTMedian, 100*f.LUTP90, 100*f.FFMedian, 100*f.FFP90)
	}
	if worst != "" {
		fit.Residuals(os.Stdout, samples, fits, worst)
	}
	if file == "" {
		return nil
	}
	return os.WriteFile(file, out, 0o666)
}
