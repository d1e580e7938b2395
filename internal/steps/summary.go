package steps

import (
	"hass/codegen/verify"
	"hass/hwsim/report"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/judge"
	"hass/internal/steps/rundir"
)

func newAccuracy(plan *judge.Plan, j *judgement, set string, images int) rundir.Accuracy {
	a := rundir.Accuracy{Set: set, Images: images, Measure: plan.Measure, Why: plan.Why, Outputs: j.outputs}
	if plan.Measure == "" {
		return a
	}
	a.Output = plan.Outputs[plan.Judged].Name
	a.Float, a.Integer = measure(plan, j.float).main(), measure(plan, j.integer).main()
	return a
}

func newSummary(d *design.Design, p design.Platform, verified rundir.Checks, rep *report.Report, mismatches int) (*rundir.Summary, error) {
	s := &rundir.Summary{
		Header: artifact.NewHeader(rundir.SummarySchema, rundir.SummaryVersion, nil),
		Model:  d.Model, Platform: p.Name, Bits: d.Bits, Fits: d.Fits, Shortfall: d.Shortfall,
		CyclesPerImage: rep.CyclesPerImage, PredictedCyclesPerImage: d.Predicted.CyclesPerImage,
		ImagesPerSecond: d.Clock.ImagesPerSecond(rep.CyclesPerImage), Clock: d.Clock,
		Resources: d.Total, Calibrated: d.Calibrated, CostModel: d.CostModel, Budget: d.Budget, Asked: d.Asked, Dense: d.Dense, Bottleneck: d.Predicted.Bottleneck, Difference: rep.Bottleneck,
	}
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	s.Rates = d.Rates(n, s.ImagesPerSecond)
	s.Verified = verified
	s.Verified[len(verified)-1].Tally = verify.Tally{Images: rep.Images, Mismatches: mismatches} // the simulator is the last of rundir.AllChecks
	return s, nil
}
