package steps_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"hass/internal/steps"
)

// A model becomes a simulated design: every step reads the files of the step before.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "hass-steps-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	demo := func(name string) string { return filepath.Join("..", "..", "examples", "demo", name) }
	run := func(name string) string { return filepath.Join(dir, name) }
	warnings := 0
	rep := steps.Reporter{Warn: func(string) { warnings++ }}

	g, err := steps.Load(demo("model.onnx"), rep)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("input", g.Inputs[0].Shape)

	numerics := steps.DefaultNumerics()
	numerics.Bits = 8
	m, err := steps.Profile(ctx, steps.ProfileOptions{Model: demo("model.onnx"), Data: demo("calib.toml"), Numerics: numerics, Output: run("profile.json")}, rep)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("profile of", m.Profile.Images, "images,", m.Profile.Bits, "bits")

	d, err := steps.Optimize(ctx, steps.OptimizeOptions{Model: demo("model.onnx"), Profile: run("profile.json"),
		Hardware: steps.DefaultHardware("zedboard"), Output: run("design.json")}, rep)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("design for", d.Platform+", fits:", d.Fits)

	p, err := steps.Generate(ctx, steps.GenerateOptions{Design: run("design.json"), Output: run("project")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("project for", p.Target)

	s, err := steps.Simulate(ctx, steps.SimulateOptions{Design: run("design.json"), Data: demo("test.toml"), Images: 4}, rep)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("simulated", s.Images, "images,", s.Mismatches, "mismatches")
	fmt.Println("warnings:", warnings) // the design fills more than 85 % of the device
	// Output:
	// input [1,3,20,20]
	// profile of 200 images, mixed bits
	// design for ZedBoard, fits: true
	// project for hls
	// simulated 4 images, 0 mismatches
	// warnings: 1
}
