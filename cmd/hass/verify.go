package main

import (
	"fmt"
	"os"
	"path/filepath"

	"hass/codegen"
	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/cosim"
	"hass/internal/hw"
	"hass/optimizer"
)

// verifyCmd checks a generated project.
type verifyCmd struct {
	Dir    string `arg:"" help:"Generated project." type:"path"`
	Target string `enum:"auto,hls,rtl" default:"auto" help:"What the project is: hls (compiled with g++) or rtl (simulated in Verilator); auto looks."`
	Design string `help:"Design it was generated from: cycles are compared with the simulator's too." type:"path"`
	Stall  int    `help:"RTL: make ports and FIFOs late at random, this often in percent; values are compared, cycles cannot be." placeholder:"PERCENT"`
	Seed   int64  `help:"RTL: of the stalls and of registers' initial values." default:"1"`
	Golden int    `help:"RTL: the first N golden images only; 0 takes all." placeholder:"N"`
	JSON   bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (verifyCmd) Help() string {
	return "Example:\n  hass verify project --design design.json\n  hass verify rtl --design design.json --stall 30\n\n" +
		"A C++ project is compiled with g++; all golden images run through FIFOs of the design's depths and are compared bit for bit. " +
		"An RTL project is simulated in Verilator; with the design, the cycles of every image, the stalls of every process and the marks of every FIFO are compared, too."
}

// Run verifies; a mismatch or a deadlock is an error.
func (c verifyCmd) Run(e *env) error {
	if c.Stall < 0 || c.Stall > 90 {
		return fmt.Errorf("--stall %d: want 0 to 90 percent", c.Stall)
	}
	if c.Golden < 0 {
		return fmt.Errorf("--golden %d: want 0 or more images", c.Golden)
	}
	if c.Target == string(codegen.RTL) || c.Target == "auto" && isRTL(c.Dir) {
		return c.runRTL(e)
	}
	if c.Stall > 0 || c.Golden > 0 {
		return fmt.Errorf("%s: --stall and --golden are for RTL projects (hass generate --target rtl)", c.Dir)
	}
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
	n, images, err := readGolden(design, r.Images)
	if err != nil {
		return v, fmt.Errorf("%s: %w", dir, err)
	}
	sim, err := hwsim.Run(e.ctx, n, images, hwsim.Options{Finite: true})
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

// isRTL tells whether dir is a generated RTL project.
func isRTL(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "rtl", codegen.TopName+".sv"))
	return err == nil
}

// runRTL verifies an RTL project.
func (c verifyCmd) runRTL(e *env) error {
	r, err := e.verifyRTL(c.Dir, c.Design, codegen.RTLOptions{Stall: c.Stall, Seed: c.Seed, Images: c.Golden})
	if r != nil && c.JSON {
		if err := artifact.Encode(e.stdout, r); err != nil {
			return err
		}
	}
	if err != nil || c.JSON {
		return err
	}
	text := fmt.Sprintf("%s: %d images, each in two runs, equal bit for bit", c.Dir, r.Images)
	if c.Stall > 0 {
		text += fmt.Sprintf(" with %d %% random stalls", c.Stall)
	}
	if r.CyclesCompared {
		text += "; cycles of every image, stalls and FIFO marks equal the simulator's"
	}
	_, err = fmt.Fprintln(e.stdout, text)
	return err
}

// rtlVerification is what verify found in an RTL project.
type rtlVerification struct {
	*codegen.RTLResult
	// CyclesCompared tells that cycles, stalls and FIFO marks were compared with the simulator's.
	CyclesCompared bool `json:"cycles_compared"`
}

// verifyRTL simulates the project in dir. With the design it was generated from, and without
// random stalls, its cycles are compared with the simulator's. The result is given along with
// the error where there is one.
func (e *env) verifyRTL(dir, design string, opts codegen.RTLOptions) (*rtlVerification, error) {
	r, err := codegen.VerifyRTL(e.ctx, dir, opts)
	if err != nil {
		return nil, err
	}
	v := &rtlVerification{RTLResult: r}
	if !r.OK() {
		return v, fmt.Errorf("%s: %s", dir, r.Problem())
	}
	if design == "" || opts.Stall > 0 {
		return v, nil
	}
	n, images, err := readGolden(design, r.Images)
	if err != nil {
		return v, fmt.Errorf("%s: %w", dir, err)
	}
	diffs, err := cosim.Compare(e.ctx, n, images, r)
	if err != nil {
		return v, err
	}
	if len(diffs) > 0 {
		return v, fmt.Errorf("%s: %d cycles or counters differ from the simulator's; %s", dir, len(diffs), diffs[0])
	}
	v.CyclesCompared = true
	return v, nil
}

// readGolden reads a design's network and its first golden images.
func readGolden(design string, count int) (*hw.Network, [][]int32, error) {
	d, err := optimizer.ReadDesign(design)
	if err != nil {
		return nil, nil, err
	}
	images, err := d.GoldenImages(filepath.Dir(design))
	if err != nil {
		return nil, nil, err
	}
	if count > len(images) {
		return nil, nil, fmt.Errorf("%d images were compared, but %s has %d golden ones: the project is of another design", count, design, len(images))
	}
	n, err := d.Network()
	return n, images[:count], err
}
