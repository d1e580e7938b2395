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

// The back ends besides the targets.
const (
	HWSim = "hwsim" // the simulator's values
	HLS   = string(codegen.HLS)
	RTL   = string(codegen.RTL)
)

// Backend runs cases in one back end. It compares values with the integer network's, and the counts of generated projects with
// the simulator's.
type Backend struct {
	Name string // HWSim or a target
	// Edit, if not nil, changes each generated project before it is run. It puts an edited library into smaller cases.
	Edit func(dir string) error
	Dir  string // the caller's folder for projects and builds
	Run  verify.Options
	// Draft runs small RTL in Icarus Verilog, which starts at once, and compiles C++ without optimisation. Only a
	// Backend without Draft decides.
	Draft bool
}

// draftWork bounds the work for Icarus Verilog: tokens of an image times their lanes.
const draftWork = 10_000

// Check implements the type Check.
func (b *Backend) Check(ctx context.Context, c *Case) (Difference, error) {
	if b.Name == HWSim {
		return b.checkSimulator(ctx, c)
	}
	t, err := codegen.Lookup(codegen.Target(b.Name))
	if err != nil {
		return Difference{}, fmt.Errorf("back end: %w, or %s", err, HWSim)
	}
	return b.checkProject(ctx, t, c)
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

// CompareOutputs compares outputs, by image and output of the network, with those of the integer network.
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

// checkProject generates the project of the case and runs it.
func (b *Backend) checkProject(ctx context.Context, t *codegen.Entry, c *Case) (Difference, error) {
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
	opts := b.Run
	opts.Icarus = b.Name == RTL && b.Draft && work(n)*len(c.Images) <= draftWork
	r, err := t.Verify(ctx, dir, opts)
	if err == nil && opts.Icarus && unknownBits.MatchString(r.Failure().Text) {
		// In Icarus Verilog an unwritten bit is unknown, even where it is multiplied by 0: the two-state simulation decides.
		opts.Icarus = false
		r, err = t.Verify(ctx, dir, opts)
	}
	if err != nil {
		return broken(ctx, err)
	}
	if f := r.Failure(); !r.OK() {
		return Difference{Kind(f.Kind), f.Text, f.Tensor}, nil
	}
	diffs, err := cosim.Compare(ctx, n, c.Images, r)
	if err != nil || len(diffs) == 0 {
		return Difference{}, err
	}
	return Difference{Cycles, diffs[0], ""}, nil
}

// unknownBits matches a difference whose word has unknown bits.
var unknownBits = regexp.MustCompile(`got 0x[0-9a-fA-F]*[xX]`)

// work estimates the work of an event-driven simulator for an image.
func work(n *hw.Network) (sum int) {
	for _, s := range n.Streams {
		sum += s.Tokens * s.Beat.Px * s.Beat.Ch
	}
	return sum
}

// stage writes the project of a design to the folder where it is built. Unchanged files are not written, so that make
// compiles only the others.
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
	if flags := draftFlags[b.Name]; b.Draft && flags != [2]string{} {
		if err := replaceIn(filepath.Join(fresh, "Makefile"), flags[0], flags[1]); err != nil {
			return "", err
		}
	}
	return dir, mirror(fresh, dir)
}

// draftFlags are the C++ compiler's flags in a project's Makefile and their replacement for quick trials, by back end: a small
// case runs for less time than the optimiser takes.
var draftFlags = map[string][2]string{
	HLS: {"CXXFLAGS ?= -O2", "CXXFLAGS ?= -O0"},
	RTL: {"OPT ?= -O1", "OPT ?= -O0"},
}

// replaceIn replaces the only occurrence of a text in a file.
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

// mirror makes the folder to an updated copy of from and keeps build results there.
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

// broken is the difference of a project that does not compile. A failure that is not the project's fault is an error.
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

// Reduce is Run with quick trials: small RTL in Icarus Verilog, C++ without optimisation. The full back end then decides:
// if it finds no difference in the result of the quick trials, the reduction is repeated without them.
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
