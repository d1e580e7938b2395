package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
	Design string `help:"Design it was generated from: all of the project is compared with it, and cycles with the simulator's." type:"path"`
	Stall  int    `help:"RTL: make ports and FIFOs late at random, this often in percent, 0 to 90; values are compared, cycles cannot be." placeholder:"PERCENT"`
	Seed   int64  `help:"RTL: of the stalls and of registers' initial values." default:"1"`
	Golden int    `help:"RTL: the first N golden images only; 0 takes all." placeholder:"N"`
	JSON   bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (verifyCmd) Help() string {
	return "Example:\n  hass verify project --design design.json\n  hass verify rtl --design design.json --stall 30\n\n" +
		"With the design, the project is generated anew in memory and every file compared: depths, weights, golden data, hardware, scripts. " +
		"What differs is named. Comments, the order of JSON, READMEs and files of yours do not count. " +
		"Then the project is run as generated, in a folder of its own. " +
		"A C++ project is compiled with g++; all golden images run through FIFOs of the design's depths and are compared bit for bit. " +
		"An RTL project is simulated in Verilator; with the design, the cycles of every image, the stalls of every process and the marks of every FIFO are compared, too.\n\n" +
		"Without the design, the project is run as it is, where it is, and edited files are only listed."
}

// Run verifies; a difference, a mismatch or a deadlock is an error.
func (c verifyCmd) Run(e *env) error {
	if err := checkStall(c.Stall); err != nil {
		return err
	}
	if c.Golden < 0 {
		return usage("--golden %d: want 0 or more images", c.Golden)
	}
	if c.Target == string(codegen.RTL) || c.Target == "auto" && isRTL(c.Dir) {
		return c.runRTL(e)
	}
	if c.Stall > 0 || c.Golden > 0 {
		return fmt.Errorf("%s: --stall and --golden are for RTL projects (hass generate --target rtl)", c.Dir)
	}
	r, err := e.verify(c.Dir, c.Design)
	if r != nil && c.JSON {
		h, err := answer("hass.verification", input{"design", c.Design})
		if err != nil {
			return err
		}
		if err := artifact.Encode(e.stdout, struct {
			artifact.Header
			*verification
		}{h, r}); err != nil {
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
	return r.print(e, text)
}

// against is how the project stands to the design and to its own manifest.
type against struct {
	// DesignCompared tells that every generated file was compared with the design's.
	DesignCompared bool `json:"design_compared"`
	// Edited are generated files that were edited: with a design, in comments or other things that
	// change nothing; without one, in any way.
	Edited []string `json:"edited,omitempty"`
}

// print writes the result of a verification and what it rests on.
func (a against) print(e *env, text string) error {
	if a.DesignCompared {
		text += "; every file is the design's"
	}
	text += "\n"
	if len(a.Edited) > 0 && a.DesignCompared {
		text += fmt.Sprintf("edited, without effect: %s\n", strings.Join(a.Edited, ", "))
	} else if len(a.Edited) > 0 {
		text += fmt.Sprintf("edited since they were generated: %s (--design compares them with the design)\n", strings.Join(a.Edited, ", "))
	}
	_, err := io.WriteString(e.stdout, text)
	return err
}

// staged is a project made ready to run.
type staged struct {
	against
	dir  string // where to run it
	done func() // removes what was made
}

// stage compares the project dir with the design, if there is one, and makes a folder of what the
// design gives: in the project's own, files of the user or older builds could change the run.
// Without a design the project itself is run.
func (e *env) stage(dir, design string, target codegen.Target) (*staged, *optimizer.Design, error) {
	s := &staged{dir: dir, done: func() {}}
	if design == "" {
		m, err := artifact.ReadManifest(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return s, nil, nil
		}
		if err == nil {
			s.Edited, err = m.Edited(dir)
		}
		return s, nil, err
	}
	d, err := optimizer.ReadDesign(design)
	if err != nil {
		return nil, nil, err
	}
	c, err := codegen.Compare(e.ctx, d, filepath.Dir(design), dir)
	if err != nil {
		return nil, nil, err
	}
	if c.Target != target {
		return nil, nil, fmt.Errorf("%s: is a project for %s, not %s", dir, c.Target, target)
	}
	if p := c.Problem(); p != "" {
		return nil, nil, fmt.Errorf("%s: %s", dir, p)
	}
	tmp, err := os.MkdirTemp("", "hass-verify-")
	if err != nil {
		return nil, nil, err
	}
	s.against, s.dir, s.done = against{true, c.Edited}, tmp, func() { os.RemoveAll(tmp) }
	if err := c.Stage(e.ctx, tmp); err != nil {
		s.done()
		return nil, nil, err
	}
	return s, d, nil
}

// verification is what verify found.
type verification struct {
	*codegen.VerifyResult
	against
	// EnginesCompared tells that the cycles per beat of every engine were compared with the
	// simulator's, over the same images.
	EnginesCompared bool `json:"engines_compared"`
}

// verify compares the project in dir with the design that it shall be of, compiles and runs it;
// with the design the engines' cycles per beat are compared with the simulator's, too. The result is
// given along with the error where there is one.
func (e *env) verify(dir, design string) (*verification, error) {
	if err := codegen.IsHLS(dir); err != nil {
		return nil, err
	}
	s, d, err := e.stage(dir, design, codegen.HLS)
	if err != nil {
		return nil, err
	}
	defer s.done()
	r, err := codegen.Verify(e.ctx, s.dir)
	if err != nil {
		return nil, err
	}
	v := &verification{VerifyResult: r, against: s.against}
	if !r.OK() {
		return v, fmt.Errorf("%s: %s", dir, r.Problem())
	}
	if d == nil {
		return v, nil
	}
	if err := e.keepReport(s.dir, dir, codegen.ReportName); err != nil {
		return v, err
	}
	n, images, err := golden(d, design, r.Images)
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

// keepReport copies the report of a run elsewhere into the project.
func (e *env) keepReport(from, to, name string) error {
	data, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return err
	}
	return artifact.WriteBytes(e.ctx, filepath.Join(to, name), data)
}

// isRTL tells whether dir is a generated RTL project.
func isRTL(dir string) bool {
	return codegen.IsRTL(dir) == nil
}

// runRTL verifies an RTL project.
func (c verifyCmd) runRTL(e *env) error {
	r, err := e.verifyRTL(c.Dir, c.Design, codegen.RTLOptions{Stall: c.Stall, Seed: c.Seed, Images: c.Golden})
	if r != nil && c.JSON {
		h, err := answer("hass.verification", input{"design", c.Design})
		if err != nil {
			return err
		}
		if err := artifact.Encode(e.stdout, struct {
			artifact.Header
			*rtlVerification
		}{h, r}); err != nil {
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
	return r.print(e, text)
}

// rtlVerification is what verify found in an RTL project.
type rtlVerification struct {
	*codegen.RTLResult
	against
	// CyclesCompared tells that cycles, stalls and FIFO marks were compared with the simulator's.
	CyclesCompared bool `json:"cycles_compared"`
}

// verifyRTL compares the project in dir with the design that it shall be of and simulates it. With the
// design, and without random stalls, its cycles are compared with the simulator's. The result is given along with
// the error where there is one.
func (e *env) verifyRTL(dir, design string, opts codegen.RTLOptions) (*rtlVerification, error) {
	if err := codegen.IsRTL(dir); err != nil {
		return nil, err
	}
	s, d, err := e.stage(dir, design, codegen.RTL)
	if err != nil {
		return nil, err
	}
	defer s.done()
	r, err := codegen.VerifyRTL(e.ctx, s.dir, opts)
	if err != nil {
		return nil, err
	}
	v := &rtlVerification{RTLResult: r, against: s.against}
	if !r.OK() {
		return v, fmt.Errorf("%s: %s", dir, r.Problem())
	}
	if d == nil {
		return v, nil
	}
	if err := e.keepReport(s.dir, dir, opts.Report()); err != nil || opts.Stall > 0 {
		return v, err
	}
	n, images, err := golden(d, design, r.Images)
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

// golden gives the network and the first golden images of the design in file.
func golden(d *optimizer.Design, file string, count int) (*hw.Network, [][]int32, error) {
	images, err := d.GoldenImages(filepath.Dir(file))
	if err != nil {
		return nil, nil, err
	}
	if count > len(images) {
		return nil, nil, fmt.Errorf("%d images were compared, but %s has %d golden ones", count, file, len(images))
	}
	n, err := d.Network()
	return n, images[:count], err
}
