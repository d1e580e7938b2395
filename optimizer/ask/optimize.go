package ask

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hass/internal/design"
	"hass/optimizer"
)

// UnreachableError says that a budget has no design with the rate or the latency that was asked for.
type UnreachableError struct {
	Asked design.Asked
	// Best is the design of the budget that comes nearest: the fastest, or that of the least latency.
	Best *design.Design
}

// Error says what the budget gives, and what binds.
func (e *UnreachableError) Error() string {
	d := e.Best
	s := fmt.Sprintf("%v cannot be had on %s within the budget: ", &e.Asked, d.Platform)
	if d.Objective == design.Latency {
		s += fmt.Sprintf("the least latency is about %.1f us, with %.1f images/s", d.Predicted.LatencyCycles/d.Clock.MHz, d.Predicted.ImagesPerSecond)
	} else {
		s += fmt.Sprintf("the best rate is %.1f images/s", d.Predicted.ImagesPerSecond)
	}
	s += fmt.Sprintf(" at %v", &d.Clock)
	for _, line := range d.Explain {
		if strings.Contains(line, "bind") {
			return s + "; " + line
		}
	}
	return s
}

// Optimize is optimizer.Optimize where in.Pixels may be 0: they are then the best for quick, which is in with a quicker
// estimator. Where nothing within the budget has what was asked for, the error is an *UnreachableError; where nothing fits the budget at
// all the design says so, as the optimizer's.
func Optimize(ctx context.Context, in, quick optimizer.Input) (*design.Design, error) {
	d, err := chosen(ctx, in, quick, optimizer.Optimize)
	if none := (*optimizer.AskedError)(nil); !errors.As(err, &none) {
		return d, err
	}
	asked := in.Asked
	asked.Least = string(in.Least)
	in.Asked, quick.Asked = design.Asked{}, design.Asked{}
	in.Objective = design.Throughput
	if asked.ImagesPerSecond == 0 {
		in.Objective = design.Latency
	}
	if d, err = chosen(ctx, in, quick, optimizer.Optimize); err != nil || !d.Fits {
		return d, err
	}
	if in.Objective == design.Throughput && asked.LatencyUS > 0 && d.Predicted.ImagesPerSecond >= asked.ImagesPerSecond && !asked.Met(&d.Predicted, &d.Clock) {
		in.Objective = design.Latency // the rate alone can be had
		if d, err = chosen(ctx, in, quick, optimizer.Optimize); err != nil {
			return nil, err
		}
	}
	if asked.Met(&d.Predicted, &d.Clock) {
		d.Explain = append(d.Explain, fmt.Sprintf("asked for: %v; this design is the best of the budget, and the search found no lesser one that has it", &asked))
		return d, nil
	}
	return nil, &UnreachableError{asked, d}
}

// chosen is the answer of optimizer.Optimize or Draft with the best pixels for quick, if none are given.
func chosen(ctx context.Context, in, quick optimizer.Input, answer func(context.Context, optimizer.Input) (*design.Design, error)) (*design.Design, error) {
	if in.Pixels == 0 {
		var err error
		if in.Pixels, err = Pixels(ctx, quick); err != nil {
			return nil, err
		}
	}
	return answer(ctx, in)
}
