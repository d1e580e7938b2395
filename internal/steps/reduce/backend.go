package reduce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/steps/cosim"
)

// The back ends that are compared with the reference.
const (
	HWSim = "hwsim" // the simulator's values
	HLS   = string(codegen.HLS)
	RTL   = string(codegen.RTL)
)

// Backend runs cases in one back end and compares values with the integer network's, and what the generated projects count with
// the simulator's.
type Backend struct {
	Name string // HWSim, HLS or RTL
	// Edit, if not nil, changes each generated project before it is run: how an edited library reaches smaller cases.
	Edit func(dir string) error
	Dir  string // a folder of the caller's for projects and builds
	RTL  verify.RTLOptions
	// Draft runs small RTL in Icarus Verilog, which starts at once, and compiles C++ without optimising. The last word
	// belongs to a Backend without it.
	Draft bool
}

// draftWork bounds what Icarus Verilog is given: tokens times their lanes of an image.
const draftWork = 25_000

// Check is a Check.
func (b *Backend) Check(ctx context.Context, c *Case) (Difference, error) {
	switch b.Name {
	case HWSim:
		return b.checkSimulator(ctx, c)
	case HLS, RTL:
		return b.checkProject(ctx, c)
	}
	return Difference{}, fmt.Errorf("back end %q: want %s, %s or %s", b.Name, HWSim, HLS, RTL)
}

// checkSimulator compares the simulator's outputs with the integer network's.
func (b *Backend) checkSimulator(ctx context.Context, c *Case) (Difference, error) {
	_, n, err := c.Design()
	if err != nil {
		return Difference{}, err
	}
	r, err := simulate(ctx, n, c.Images)
	if err != nil {
		return Difference{}, err
	}
	return CompareOutputs(c, r.Outputs)
}

// CompareOutputs compares outputs, by image and output of the network, with the integer network's.
func CompareOutputs(c *Case, outputs [][][]int32) (Difference, error) {
	want, err := c.reference()
	if err != nil {
		return Difference{}, err
	}
	for i := range c.Images {
		for k, o := range c.Net.Outputs {
			for e, w := range want[i][o] {
				if got := outputs[i][k][e]; got != w {
					t := c.Net.Tensors[o]
					return Difference{Values, fmt.Sprintf("image %d, output %d (%s), row %d, column %d, channel %d: got %d, want %d",
						i, k, t.ID, e/t.C/t.W, e/t.C%t.W, e%t.C, got, w), ""}, nil
				}
			}
		}
	}
	return Difference{}, nil
}

// checkProject makes the project of the case and runs it.
func (b *Backend) checkProject(ctx context.Context, c *Case) (Difference, error) {
	design := filepath.Join(b.Dir, "case", "design.json")
	if err := os.MkdirAll(filepath.Dir(design), 0o777); err != nil {
		return Difference{}, err
	}
	d, err := c.Write(ctx, design)
	if err != nil {
		return Difference{}, err
	}
	n, err := d.Network()
	if err != nil {
		return Difference{}, err
	}
	dir, err := b.stage(ctx, c, d, filepath.Dir(design))
	if err != nil {
		return Difference{}, err
	}
	if b.Name == HLS {
		return checkCSim(ctx, c, n, dir)
	}
	opts := b.RTL
	opts.Icarus = b.Draft && work(n)*len(c.Images) <= draftWork
	return checkRTL(ctx, c, n, dir, opts)
}

// work is about how much an event-driven simulator has to do for an image.
func work(n *hw.Network) (sum int) {
	for _, s := range n.Streams {
		sum += s.Tokens * s.Beat.Px * s.Beat.Ch
	}
	return sum
}

// stage writes the project of a design to the folder where it is built. Files that are the same stay as they are, so that
// make compiles the others only.
func (b *Backend) stage(ctx context.Context, c *Case, d *design.Design, side string) (dir string, err error) {
	fresh, dir := filepath.Join(b.Dir, "fresh"), filepath.Join(b.Dir, "project")
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	if _, err := codegen.Generate(ctx, d, side, fresh, codegen.Options{Target: codegen.Target(b.Name), Images: len(c.Images)}); err != nil {
		return "", err
	}
	if b.Edit != nil {
		if err := b.Edit(fresh); err != nil {
			return "", err
		}
	}
	if b.Draft && b.Name == HLS {
		if err := replaceIn(filepath.Join(fresh, "Makefile"), "CXXFLAGS ?= -O2", "CXXFLAGS ?= -O0"); err != nil {
			return "", err
		}
	}
	return dir, mirror(fresh, dir)
}

// replaceIn replaces the one place of a text in a file.
func replaceIn(file, old, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := bytes.Count(data, []byte(old)); n != 1 {
		return fmt.Errorf("%s: %q stands %d times, want once", file, old, n)
	}
	return os.WriteFile(file, bytes.Replace(data, []byte(old), []byte(text), 1), 0o666)
}

// mirror makes to have the files of from, and keeps what was built there.
func mirror(from, to string) error {
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	have := map[string]bool{}
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o777)
		}
		have[rel] = true
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if old, err := os.ReadFile(filepath.Join(to, rel)); err == nil && bytes.Equal(old, data) {
			return nil
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o666)
	})
	if err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(to, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			if rel == "build" {
				return fs.SkipDir
			}
			return nil
		}
		if !have[rel] {
			return os.Remove(path)
		}
		return nil
	})
}

// processTensor finds the tensor in what csim says of a mismatch.
var processTensor = regexp.MustCompile(`tensor ([a-z][a-z0-9_]*)`)

// checkCSim compiles and runs a C++ project.
func checkCSim(ctx context.Context, c *Case, n *hw.Network, dir string) (Difference, error) {
	r, err := verify.CSim(ctx, dir)
	if err != nil {
		return broken(ctx, err)
	}
	switch {
	case r.Deadlock != "":
		return Difference{Deadlock, r.Deadlock, ""}, nil
	case r.Error != "":
		return Difference{Fault, r.Error, ""}, nil
	case !r.OK():
		d := Difference{Kind: Values, Text: r.Problem()}
		if m := processTensor.FindStringSubmatch(r.FirstMismatch); m != nil {
			d.Tensor = m[1]
		}
		return d, nil
	}
	sim, err := simulate(ctx, n, c.Images)
	if err != nil {
		return Difference{}, err
	}
	expected := map[string][]int64{}
	for _, p := range sim.Processes {
		if p.Kind == hw.Engine {
			expected[p.Name] = p.Hist
		}
	}
	if diffs := r.CompareEngines(expected); len(diffs) > 0 {
		return Difference{Cycles, diffs[0], ""}, nil
	}
	return Difference{}, nil
}

// checkRTL simulates an RTL project.
func checkRTL(ctx context.Context, c *Case, n *hw.Network, dir string, opts verify.RTLOptions) (Difference, error) {
	r, err := verify.RTL(ctx, dir, opts)
	if err != nil {
		return broken(ctx, err)
	}
	switch {
	case r.Deadlock != "":
		return Difference{Deadlock, r.Deadlock, ""}, nil
	case r.Mismatches > 0:
		return Difference{Values, r.Problem(), ""}, nil
	case !r.OK():
		return Difference{Fault, r.Problem(), ""}, nil
	case opts.Stall > 0:
		return Difference{}, nil
	}
	diffs, err := cosim.Compare(ctx, n, c.Images, r)
	if err != nil || len(diffs) == 0 {
		return Difference{}, err
	}
	return Difference{Cycles, diffs[0], ""}, nil
}

// broken is the difference of a project that does not compile. What is no fault of the project is an error.
func broken(ctx context.Context, err error) (Difference, error) {
	if e := ctx.Err(); e != nil {
		return Difference{}, e
	}
	if text := err.Error(); strings.Contains(text, "error:") || strings.Contains(text, "%Error") {
		lines := strings.Split(text, "\n")
		at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "error:") || strings.Contains(l, "%Error") })
		return Difference{Build, lines[at], ""}, nil
	}
	return Difference{}, err
}

// Reduce is Run with quick trials: small RTL in Icarus Verilog, C++ that is not optimised. The back end proper has the last
// word; where it finds no difference in what the quick trials left, the reduction is done again without them.
func (b *Backend) Reduce(ctx context.Context, c *Case, opts Options) (*Result, error) {
	start := time.Now()
	if opts.Time <= 0 {
		opts.Time = DefaultTime
	}
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	quick := *b
	quick.Draft = b.Name != HWSim
	for {
		o := opts
		o.Check, o.Time = quick.Check, max(time.Second, opts.Time-time.Since(start))
		r, err := Run(ctx, c, o)
		if !quick.Draft || err != nil && !errors.Is(err, ErrEqual) {
			return r, err
		}
		quick.Draft = false
		if err == nil {
			d, err := quick.Check(ctx, r.Case)
			if err != nil {
				return r, err
			}
			r.Trials++
			r.Took = time.Since(start)
			if d.Kind == r.First.Kind {
				r.Difference = d
				return r, nil
			}
		}
		opts.Log("quick trials do not show the difference: again without them")
	}
}
