package mixed

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print prints the report as a table for people.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "widths of weights: fitted on %d images, probed on %d of them, judged on %d others\n\n", r.Fitted, r.Probed, r.Judged)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "layer\tMACs/image\tweights\tbits")
	for _, c := range r.Candidates[1:] {
		fmt.Fprintf(w, "\tdivergence at %d", c)
	}
	fmt.Fprintln(w)
	for i := range r.Layers {
		l := &r.Layers[i]
		fmt.Fprintf(w, "%.60q\t%d\t%d\t%d", l.Name, l.MACs, l.Weights, l.Bits)
		for _, d := range l.Divergences {
			fmt.Fprintf(w, "\t%.2g", d)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n"+r.Summary()+"\n")
	return err
}

// Summary tells in a few lines what the widths save and lose.
func (r *Report) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Against %d bits: %.1f %% of the bit operations, %.1f %% of the weights' memory.\n", r.Candidates[0], 100*r.BitOperations, 100*r.WeightBits)
	fmt.Fprintf(&b, "Lost against float on %d images: %s; %g is allowed. All at %d bits: %s.", r.Judged, &r.Chosen, r.Loss, r.Candidates[0], &r.Widest)
	if r.Next != nil {
		fmt.Fprintf(&b, "\nThe next step, %.60q to %d bits: %s.", r.Next.Layer, r.Next.Bits, &r.Next.Judgement)
	}
	return b.String()
}

// String prints the loss on one line.
func (j *Judgement) String() string {
	s := fmt.Sprintf("%.2f", j.Lost)
	switch j.Measure {
	case ByTop1:
		s += fmt.Sprintf(" points of top-1 (counted %.2f +- %.2f, regret %.2f)", 100*j.Top1.Mean, 100*j.Top1.Half, 100**j.Regret)
	case ByRegret:
		s += " points of top-1 by the float network's class probabilities"
	case ByAgreement:
		s += fmt.Sprintf(" points of agreement in %.60q", j.Output)
	case ByClasses:
		s += fmt.Sprintf(" %% of the class numbers in %.60q", j.Output)
	case ByNoise:
		s += fmt.Sprintf(" %% noise in %.60q", j.Output)
	}
	if j.Divergence != nil {
		s += fmt.Sprintf(", %.2g nats", *j.Divergence)
	}
	return s
}
