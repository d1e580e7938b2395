package main

import (
	"fmt"
	"path/filepath"

	"hass/codegen"
	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/hw"
	"hass/optimizer"
)

// verifyCmd checks a generated project.
type verifyCmd struct {
	Dir    string `arg:"" help:"Generated project." type:"path"`
	Design string `help:"Design it was generated from: engine cycles are compared with the simulator's too." type:"path"`
	JSON   bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (verifyCmd) Help() string {
	return "Example:\n  hass verify project --design design.json\n\nCompiles with g++, runs all golden images through FIFOs of the design's depths, compares bit for bit."
}

// Run verifies; a mismatch or a deadlock is an error.
func (c verifyCmd) Run(e *env) error {
	r, err := e.verify(c.Dir, c.Design)
	if r != nil && c.JSON {
		if err := artifact.Encode(e.stdout, r); err != nil {
			return err
		}
	}
	if err != nil || c.JSON {
		return err
	}
	text := fmt.Sprintf("%s: %d images, each in two starts, equal bit for bit", c.Dir, r.Images)
	if r.Bounded {
		text += " through FIFOs of the design's depths"
	}
	if r.EnginesCompared {
		text += "; cycles of every beat equal the simulator's"
	}
	_, err = fmt.Fprintln(e.stdout, text)
	return err
}

// verification is what verify found.
type verification struct {
	*codegen.VerifyResult
	// EnginesCompared tells that the cycles per beat of every engine were compared with the
	// simulator's, over the same images.
	EnginesCompared bool `json:"engines_compared"`
}

// verify compiles and runs the project in dir. With the design it was generated from, the
// engines' cycles per beat are compared with the simulator's. The result is
// given along with the error where there is one.
func (e *env) verify(dir, design string) (*verification, error) {
	r, err := codegen.Verify(e.ctx, dir)
	if err != nil {
		return nil, err
	}
	v := &verification{VerifyResult: r}
	if !r.OK() {
		return v, fmt.Errorf("%s: %s", dir, r.Problem())
	}
	if design == "" {
		return v, nil
	}
	d, err := optimizer.ReadDesign(design)
	if err != nil {
		return v, err
	}
	images, err := d.GoldenImages(filepath.Dir(design))
	if err != nil {
		return v, err
	}
	if r.Images > len(images) {
		return v, fmt.Errorf("%s compared %d images, but %s has %d golden ones: the project is of another design", dir, r.Images, design, len(images))
	}
	n, err := d.Network()
	if err != nil {
		return v, err
	}
	sim, err := hwsim.Run(e.ctx, n, images[:r.Images], hwsim.Options{Finite: true})
	if err != nil {
		return v, err
	}
	expected := map[string][]int64{}
	for _, p := range sim.Processes {
		if p.Kind == hw.Engine {
			expected[p.Name] = p.Hist
		}
	}
	if diffs := r.CompareEngines(expected); len(diffs) > 0 {
		return v, fmt.Errorf("%s: %d engines differ from the simulator in cycles per beat; %s", dir, len(diffs), diffs[0])
	}
	v.EnginesCompared = true
	return v, nil
}
