package rundir

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/hwsim/report"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fidelity"
	"hass/internal/judge"
)

// Compared is a comparison with the reference, of a project of some target or of the simulator.
type Compared struct {
	Key  string // in summary.json
	What string // for people
	verify.Tally
}

// Checks are all comparisons that a build can make; one that it did not make has 0 images.
type Checks []Compared

// Set sets the counts of a comparison by its key.
func (c Checks) Set(key string, t verify.Tally) {
	for i := range c {
		if c[i].Key == key {
			c[i].Tally = t
		}
	}
}

// MarshalJSON writes KEY_images and KEY_mismatches for each comparison.
func (c Checks) MarshalJSON() ([]byte, error) {
	counts := map[string]int{}
	for _, k := range c {
		counts[k.Key+"_images"], counts[k.Key+"_mismatches"] = k.Images, k.Mismatches
	}
	return json.Marshal(counts)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Checks) UnmarshalJSON(data []byte) error {
	counts := map[string]int{}
	if err := json.Unmarshal(data, &counts); err != nil {
		return err
	}
	*c = AllChecks()
	for i := range *c {
		k := &(*c)[i]
		for name, n := range map[string]*int{k.Key + "_images": &k.Images, k.Key + "_mismatches": &k.Mismatches} {
			v, ok := counts[name]
			if !ok || v < 0 {
				return fmt.Errorf("%s is missing or below 0", name)
			}
			*n = v
			delete(counts, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		return fmt.Errorf("unknown comparison %.60q", name)
	}
	return nil
}

// The schema of summary.json.
const (
	SummarySchema  = "hass.summary"
	SummaryVersion = 2
)

// AllChecks are the comparisons that a build can make, without counts, in the order of summaries.
func AllChecks() Checks {
	var list Checks
	for _, t := range codegen.Targets() {
		list = append(list, Compared{Key: t.Key, What: fmt.Sprintf("%s (%s)", t.Short, t.Tool)})
	}
	return append(list, Compared{Key: "hwsim", What: "simulator"})
}

// Summary is summary.json of a run folder.
type Summary struct {
	artifact.Header
	Model    string `json:"model"`
	Platform string `json:"platform"`
	Bits     string `json:"bits"`
	Fits     bool   `json:"fits"`

	// Shortfall is the reason why it does not fit, one line per resource.
	Shortfall []string `json:"shortfall,omitempty"`

	Accuracy Accuracy `json:"accuracy"`
	// Fidelity is that of the profile: signal-to-noise ratio of layers and outputs on calibration images, and losses of range.
	Fidelity fidelity.Report `json:"fidelity"`

	CyclesPerImage          float64 `json:"cycles_per_image"` // simulated, steady state
	PredictedCyclesPerImage float64 `json:"predicted_cycles_per_image"`
	LatencyCycles           int64   `json:"latency_cycles"` // one image alone: first input word accepted to last output word
	ImagesPerSecond         float64 `json:"images_per_second"`
	// Clock is the design's clock, on which ImagesPerSecond is based, with its kind and range.
	Clock design.Clock `json:"clock"`
	// Rates are those of the core and of the ways to it; absent where the platform names none of them.
	Rates *design.Rates `json:"rates,omitempty"`

	Resources  design.Resources `json:"resources"`
	Calibrated bool             `json:"resources_calibrated"`
	CostModel  design.CostModel `json:"cost_model"`
	Budget     design.Resources `json:"budget"`
	// Asked is the rate or latency that the design was asked for; Dense is the best design of the same budget whose engines skip no zeros.
	// Both are the design's; the rates compared are predicted.
	Asked      *design.Asked `json:"asked,omitempty"`
	Dense      *design.Dense `json:"dense,omitempty"`
	Bottleneck string        `json:"bottleneck"`
	// Difference splits the difference between simulated and predicted cycles at the bottleneck into causes.
	Difference *report.Accounting `json:"difference,omitempty"`

	Verified Checks `json:"verified"`
}

// Accuracy is the accuracy of the networks on the judged set.
type Accuracy struct {
	Set     string        `json:"set"` // "test", or "calibration" if no test set was given
	Images  int           `json:"images"`
	Measure judge.Measure `json:"measure"`          // by labels: top-1, agreement, error, or "" if none applies
	Output  string        `json:"output,omitempty"` // the output judged by labels
	Why     string        `json:"why"`              // the reason for that output, or for measuring none
	// Float and Integer are the measure of the given model, without thresholds, and of the integer network: the share of right answers
	// or of agreeing elements, or the root mean squared error.
	Float   *float64 `json:"float,omitempty"`
	Integer *float64 `json:"integer,omitempty"`
	// Outputs compares the integer network with the float network, without thresholds.
	Outputs []judge.Fidelity `json:"outputs"`
}
