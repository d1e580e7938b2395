package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/quant"
	"hass/internal/repair"
	"hass/internal/steps"
)

// pruneCmd sets weights of a model to zero and repairs the others.
type pruneCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Data       string   `required:"" help:"Calibration data set (TOML); labels are not read." type:"path"`
	Images     int      `help:"Use the first N calibration images only; 0 is all."`
	Share      float64  `help:"Share of zeros among the weights of every pruned layer; existing zeros count." xor:"what" required:""`
	Allocate   bool     `help:"Spread the share over the layers so that it costs least; --share then applies to the multiplications of all these layers together."`
	Thresholds string   `help:"Prune by this file's thresholds instead: weights below tau_w, inputs below tau_a (TOML, see docs/formats.md)." type:"path" xor:"what" required:""`
	Study      string   `help:"Prune by the thresholds of a trial of this study: a file (SQLite) or a postgres:// URL." xor:"what" required:""`
	Name       string   `default:"search" help:"With --study: its name in its database."`
	Trial      int      `default:"-1" help:"With --study: the trial; default: the best." placeholder:"N"`
	Also       []string `help:"Also prune layers with these roles: ${spared}." placeholder:"ROLE,..."`
	Repair     string   `help:"How to adjust the other weights: ${methods}." default:"match"`
	Requantise bool     `help:"Drop the model's own quantisers."`
	Test       string   `help:"Compare the pruned with the unpruned network on this data set, which no fit sees (TOML)." type:"path"`
	Masks      string   `help:"Also write the masks (.npz) for a training that keeps the zeros; \"hass check --masks\" compares what comes back." type:"path" placeholder:"FILE"`
	Output     string   `short:"o" required:"" help:"Pruned model to write (ONNX)." type:"path"`
	JSON       bool     `help:"Print the report as JSON."`
}

// Help is the example shown by --help.
func (pruneCmd) Help() string {
	return "Example:\n  hass prune model.onnx --data calib.toml --share 0.3 -o pruned.onnx\n  hass prune model.onnx --data calib.toml --thresholds t.toml --test test.toml -o pruned.onnx\n" +
		"  hass prune model.onnx --data calib.toml --study study.db --trial 17 --repair refit -o pruned.onnx\n\n" +
		"Without --also, depthwise, first, squeeze-excite and last layers stay dense: they have few weights, and the network depends on each.\n" +
		"--allocate fits zeros to one half of the images and judges them on the other, by gradients; the network must end in class scores.\n" +
		"--repair match restores the mean and the deviation of every output channel. refit chooses the zeros and the other weights so that every layer's\n" +
		"sums are as near as possible to those of the unpruned network, and takes minutes for large networks. none leaves the other weights unchanged.\n" +
		"The output is a standard ONNX model with its batch normalisations folded; every other command takes it.\n" +
		"Finished layers are kept in a file beside the output, OUTPUT.work, until the command has succeeded: after an interrupt the same command goes on."
}

// options converts the flags to the options of package steps.
func (c *pruneCmd) options() steps.PruneOptions {
	o := steps.PruneOptions{Model: c.Model, Shapes: c.shapes(), Data: c.Data, Images: c.Images, Share: c.Share, Allocate: c.Allocate, Thresholds: c.Thresholds,
		Study: steps.Study{Location: c.Study, Name: c.Name}, Trial: c.Trial, Repair: repair.Method(c.Repair), Test: c.Test, Masks: c.Masks, Output: c.Output}
	if c.Requantise {
		o.Quantisers = quant.Dropped
	}
	for _, r := range c.Also {
		o.Also = append(o.Also, repair.Role(r))
	}
	return o
}

// pruneAnswer is the JSON answer.
type pruneAnswer struct {
	artifact.Header
	*steps.PruneResult
}

// Run prunes and prints the result for every layer.
func (c pruneCmd) Run(e *env) error {
	r, err := steps.Prune(e.ctx, c.options(), e.reporter())
	if err != nil {
		return err
	}
	if !c.JSON {
		return printPruned(e.stdout, r)
	}
	h, err := answer("hass.prune", input{"model", c.Model}, input{"thresholds", c.Thresholds})
	if err != nil {
		return err
	}
	if h.Inputs["calibration"], err = r.Set.Hash(); err != nil {
		return err
	}
	if r.TestSet != nil {
		if h.Inputs["test"], err = r.TestSet.Hash(); err != nil {
			return err
		}
	}
	return artifact.Encode(e.stdout, pruneAnswer{h, r})
}

// printPruned writes the table of layers and the results of --test.
func printPruned(out io.Writer, r *steps.PruneResult) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "layer\trole\tweights\tzeros before\tzeros now\terror cut\terror repaired\trepair")
	for i := range r.Layers {
		l := &r.Layers[i]
		share := func(n int) string { return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(1, l.Weights))) }
		fmt.Fprintf(w, "%.60q\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Role, l.Weights, share(l.OldZeros), share(l.Zeros), relativeError(l.ErrorBefore), relativeError(l.ErrorAfter), l.Repair)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	zeros, weights := r.Zeros()
	fmt.Fprintf(&b, "%s: %d of %d weights are 0; errors are mean squares over the variance of a layer's sums, on %d calibration images\n", r.Written, zeros, weights, r.Images)
	if t := r.Test; t != nil {
		fmt.Fprintf(&b, "against the unpruned network (%d images): signal to noise of every output\n", t.Images)
		printOutputs(&b, "  ", t.Outputs)
		for i := range t.Outputs {
			if d := t.Outputs[i].Divergence; d != nil {
				fmt.Fprintf(&b, "  %.60q diverges by %.4g nats\n", t.Outputs[i].Name, *d)
			}
		}
		if t.Lost != nil {
			fmt.Fprintf(&b, "  top-1 lost %.2f +- %.2f points (paired, 95 %%)\n", 100*t.Lost.Mean, 100*t.Lost.Half)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// relativeError formats an error as a percentage, "-" if there is none.
func relativeError(e *float64) string {
	if e == nil {
		return "-"
	}
	return fmt.Sprintf("%.2g", *e)
}
