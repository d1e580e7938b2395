package main

import (
	"fmt"
	"strings"

	"hass/internal/artifact"
	"hass/optimizer"
	"hass/sparsity"
)

// hardwareFlags are the choices that both optimize and build offer.
type hardwareFlags struct {
	Platform     string  `required:"" help:"Platform name (see \"hass platforms\") or TOML file."`
	Objective    string  `help:"What to optimise: throughput or latency." enum:"throughput,latency" default:"throughput"`
	Engine       string  `help:"Engine kinds allowed: auto, dense, crossbar or banked." enum:"auto,dense,crossbar,banked" default:"auto"`
	BudgetShare  float64 `help:"Use only this share of every resource's usable budget." default:"1"`
	IgnoreBudget bool    `help:"Go on with a design that does not fit, for verification only; it says fits: false."`
}

// shares are the usable shares of the resources, scaled by the flag.
func (f hardwareFlags) shares() (optimizer.Shares, error) {
	shares := optimizer.DefaultShares()
	if !(f.BudgetShare > 0 && f.BudgetShare <= 1) {
		return shares, fmt.Errorf("--budget-share %g: want a share above 0 and up to 1", f.BudgetShare)
	}
	for _, s := range []*float64{&shares.DSP, &shares.LUT, &shares.FF, &shares.BRAM18, &shares.URAM} {
		*s *= f.BudgetShare
	}
	return shares, nil
}

// optimizeCmd chooses the hardware.
type optimizeCmd struct {
	Model   string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Profile string `required:"" help:"Profile of the model." type:"path"`
	hardwareFlags
	Output string `short:"o" default:"design.json" help:"Design to write; side files stand beside it." type:"path"`
	JSON   bool   `help:"Print the design as JSON instead of a table."`
}

// Help is the example shown by --help.
func (optimizeCmd) Help() string {
	return "Example:\n  hass optimize model.onnx --profile profile.json --platform zcu104 -o design.json\n\nExit code 1 if the model does not fit, naming the resource and the shortfall."
}

// Run optimises and writes the design.
func (c optimizeCmd) Run(e *env) error {
	if err := writable(c.Output, c.Model, c.Profile, c.Platform); err != nil {
		return err
	}
	if _, err := c.shares(); err != nil {
		return err
	}
	cal, err := loadCalibrated(c.Model, c.Profile, "")
	if err != nil {
		return err
	}
	platform, err := optimizer.LoadPlatform(c.Platform)
	if err != nil {
		return err
	}
	d, err := e.optimize(cal, platform, c.hardwareFlags, c.Output)
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, d)
	}
	return d.Report(e.stdout)
}

// optimize is the step that optimize and build share.
func (e *env) optimize(cal *calibrated, platform optimizer.Platform, f hardwareFlags, output string) (*optimizer.Design, error) {
	shares, err := f.shares()
	if err != nil {
		return nil, err
	}
	est, err := sparsity.NewEstimator(cal.net, cal.bitmaps, sparsity.EstimatorOptions{Seed: cal.profile.Seed})
	if err != nil {
		return nil, err
	}
	p := cal.profile
	d, err := optimizer.Optimize(e.ctx, optimizer.Input{
		Net: cal.net, Est: est, Platform: platform, Objective: f.Objective, Engine: f.Engine, Shares: shares,
		Model: p.Model, Bits: p.Bits,
		Preproc: optimizer.Preproc{Divisor: p.Divisor, Mean: p.Mean, Std: p.Std},
		Inputs:  map[string]string{"model": p.Inputs["model"], "profile": cal.hash},
	})
	if err != nil {
		return nil, err
	}
	if !d.Fits && !f.IgnoreBudget {
		return nil, fmt.Errorf("%q does not fit %s:\n  %s\nhint: a larger platform, fewer bits, or --ignore-budget to go on for verification only",
			p.Model, platform.Name, strings.Join(d.Shortfall, "\n  "))
	}
	return d, optimizer.WriteDesign(e.ctx, d, output, cal.golden)
}
