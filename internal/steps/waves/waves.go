// Package waves writes the files of hass simulate that show a run in time.
//
// It takes a design and images, and gives a trace of the run that hass simulate makes; and, from runs of its own, a value change dump and
// a picture of one image. It computes nothing itself: packages of hwsim record and draw.
package waves

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"hass/hwsim"
	"hass/hwsim/frame"
	"hass/hwsim/limit"
	"hass/hwsim/trace"
	"hass/hwsim/vcd"
	"hass/internal/artifact"
	"hass/internal/critical"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/waterfall"
)

// Files are the files to write; "" for those that are not wanted. All but the trace come from runs of their own, each one call of the
// hardware that ends with its last image.
type Files struct {
	Trace      string   // Chrome/Perfetto trace (JSON)
	VCD        string   // value change dump
	VCDModules []string // modules and layers whose streams it shows; none: all
	VCDImages  string   // its images, as A:B: from A to B-1, counted from 0; "" is 0:1
	Waterfall  string   // picture (SVG) of the first image's way through the layers
}

// maxVCD is the most bytes of a value change dump: viewers read it as a whole.
const maxVCD = 256_000_000

// Outputs are the files that are wanted.
func (f *Files) Outputs() (files []string) {
	for _, file := range []string{f.Trace, f.VCD, f.Waterfall} {
		if file != "" {
			files = append(files, file)
		}
	}
	return files
}

// Check says which option is wrong, or contradicts another, for a run of a number of images with stalls in a percentage of cycles.
func (f *Files) Check(stall, images int) error {
	if f.VCD == "" {
		if len(f.VCDModules) > 0 || f.VCDImages != "" {
			return fmt.Errorf("--vcd-module and --vcd-images choose what --vcd writes: name a file with --vcd")
		}
		return nil
	}
	if stall > 0 {
		return fmt.Errorf("--vcd with --stall: a dump shows the hardware without random stalls; run them one after the other")
	}
	_, to, err := f.images()
	if err == nil && to > images {
		err = fmt.Errorf("--vcd-images %s: %d images are simulated; see --images", f.VCDImages, images)
	}
	return err
}

// images are the first image of the dump and the one behind the last.
func (f *Files) images() (from, to int, err error) {
	if f.VCDImages == "" {
		return 0, 1, nil
	}
	a, b, _ := strings.Cut(f.VCDImages, ":")
	from, errA := strconv.Atoi(a)
	to, errB := strconv.Atoi(b)
	if errA != nil || errB != nil || from < 0 || to <= from {
		return 0, 0, fmt.Errorf("--vcd-images %.40q: want A:B, the images from A to B-1, counted from 0", f.VCDImages)
	}
	return from, to, nil
}

// Writer writes the files of a design.
type Writer struct {
	files   *Files
	design  *design.Design
	n       *hw.Network
	load    func(image int) ([]int32, error)
	tracer  *trace.Recorder // nil if no trace is wanted
	streams []int           // of the dump
}

// Writer prepares the files, of which Check accepts all options, for a run of d over a number of images, which load gives. It refuses what
// could not be written after the run.
func (f *Files) Writer(d *design.Design, images int, load func(image int) ([]int32, error)) (*Writer, error) {
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	w := &Writer{files: f, design: d, n: n, load: load}
	if f.Trace != "" {
		w.tracer = trace.New(n, images)
	}
	if f.VCD == "" {
		return w, nil
	}
	from, to, err := f.images()
	if err != nil {
		return nil, err
	}
	if w.streams, err = vcd.Streams(n, f.VCDModules); err != nil {
		return nil, fmt.Errorf("--vcd-module: %w", err)
	}
	if err := vcd.CheckSize(f.VCD+": would be about", vcd.Estimate(n, w.streams, to-from), 4*maxVCD); err != nil { // the exact size is known later
		return nil, err
	}
	return w, vcd.CheckSize(f.VCD+": recording all images up to the last would take about", vcd.Estimate(n, w.streams, to), 16*maxVCD)
}

// Observer is that of the run; nil if nothing of it is wanted.
func (w *Writer) Observer() *hwsim.Observer {
	if w.tracer == nil {
		return nil
	}
	return w.tracer.Observer()
}

// Write writes the files after the run. note gets a line about how each is opened.
func (w *Writer) Write(ctx context.Context, note func(string)) error {
	f, mhz := w.files, w.design.Clock.MHz
	if f.Trace != "" {
		if err := artifact.WriteFile(ctx, f.Trace, func(out io.Writer) error { return w.tracer.Write(out, mhz) }); err != nil {
			return err
		}
		note(f.Trace + ": " + trace.WhereToOpen)
	}
	if f.VCD != "" {
		if err := w.dump(ctx, note); err != nil {
			return err
		}
	}
	if f.Waterfall == "" {
		return nil
	}
	frame, err := Frame(ctx, w.design, w.load)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("One image, alone, through %s on %s", filepath.Base(w.design.Model), w.design.Platform)
	return artifact.WriteFile(ctx, f.Waterfall, func(out io.Writer) error { return waterfall.Write(out, frame, title, mhz) })
}

// Frame is the way of the first image through the layers of a design.
func Frame(ctx context.Context, d *design.Design, load func(image int) ([]int32, error)) (*waterfall.Frame, error) {
	n, image, err := first(d, load)
	if err != nil {
		return nil, err
	}
	return frame.Take(ctx, n, image)
}

// tracedImages is the most images of which a critical cycle is traced.
const tracedImages = 8

// Shown is what a report draws of the first of a number of images, two or more: the way of the first one, alone, through the layers of a
// design, and what the interval between them consists of. Of a single image it gives no cycle.
func Shown(ctx context.Context, d *design.Design, images int, load func(image int) ([]int32, error)) (*waterfall.Frame, *critical.Cycle, error) {
	f, err := Frame(ctx, d, load)
	if err != nil || images < 2 {
		return f, nil, err
	}
	n, _, err := first(d, load)
	if err != nil {
		return nil, nil, err
	}
	inputs := make([][]int32, min(images, tracedImages))
	for i := range inputs {
		if inputs[i], err = load(i); err != nil {
			return nil, nil, err
		}
	}
	cycle, err := limit.Take(ctx, n, inputs)
	return f, cycle, err
}

// Latency is the latency in cycles of the first image alone.
func Latency(ctx context.Context, d *design.Design, load func(image int) ([]int32, error)) (int64, error) {
	n, image, err := first(d, load)
	if err != nil {
		return 0, err
	}
	return hwsim.Latency(ctx, n, image)
}

// first are a design's network and the first image.
func first(d *design.Design, load func(image int) ([]int32, error)) (*hw.Network, []int32, error) {
	n, err := d.Network()
	if err != nil {
		return nil, nil, err
	}
	image, err := load(0)
	return n, image, err
}

// dump simulates and writes the value change dump.
func (w *Writer) dump(ctx context.Context, note func(string)) error {
	from, to, err := w.files.images()
	if err != nil {
		return err
	}
	inputs := make([][]int32, to)
	for i := range inputs {
		if inputs[i], err = w.load(i); err != nil {
			return err
		}
	}
	rec := vcd.New(w.n, w.streams)
	sim, err := hwsim.Run(ctx, w.n, inputs, hwsim.Options{Finite: true, Observe: rec.Observer()})
	if err != nil {
		return err
	}
	g := rec.All()
	if from > 0 {
		g.From = sim.FirstIn[from]
	}
	path, mhz := w.files.VCD, w.design.Clock.MHz
	size, err := rec.Size(g, mhz)
	if err != nil {
		return err
	}
	if err := vcd.CheckSize(path+": would be", size, maxVCD); err != nil {
		return err
	}
	if err := artifact.WriteFile(ctx, path, func(out io.Writer) error { return rec.Write(out, g, mhz) }); err != nil {
		return err
	}
	note(fmt.Sprintf("%s: %d streams over %d cycles, at %g MHz; open it in GTKWave", path, len(w.streams), g.To-g.From, mhz))
	return nil
}
