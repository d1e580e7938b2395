package report

import (
	"hass/internal/artifact"
	"hass/internal/critical"
	"hass/internal/design"
	"hass/internal/judge"
	"hass/internal/waterfall"
)

// Schema names of the data in a page.
const (
	Schema  = "hass.report"
	Version = 1
)

// Data is what a page holds as JSON, in the element hass-data: every figure that it shows.
type Data struct {
	artifact.Header
	Runs []*Run `json:"runs"` // one, or two that are compared
	// Differences compare the second run with the first, for every figure of both.
	Differences []Difference `json:"differences,omitempty"`
	// Abridged says what was left out so that the page stays below MaxBytes, one sentence each.
	Abridged []string `json:"abridged,omitempty"`
}

// Difference is a figure of two runs.
type Difference struct {
	Figure string  `json:"figure"`          // for example "cycles per image"
	Layer  string  `json:"layer,omitempty"` // that it is of; "" is the whole
	A      float64 `json:"a"`
	B      float64 `json:"b"`
	Change float64 `json:"change"` // B - A
	// Share is Change / A; nil where A is 0.
	Share *float64 `json:"share,omitempty"`
}

// Source is an artefact that a run can have.
type Source struct {
	File   string `json:"file"`   // design.json, ...
	SHA256 string `json:"sha256"` // "" if the artefact was not given
	Schema string `json:"schema,omitempty"`
	// Version is that of the schema; Tool the writer.
	Version int    `json:"schema_version,omitempty"`
	Tool    string `json:"tool,omitempty"`
	// Inputs are what it was made from, with the hashes.
	Inputs map[string]string `json:"inputs,omitempty"`
}

// Given tells whether the artefact is there.
func (s *Source) Given() bool { return s.SHA256 != "" }

// Run is one run of the tools, as far as its artefacts have figures. A nil or empty field is not known.
type Run struct {
	Label    string   `json:"label,omitempty"` // of two runs, to tell them apart
	Sources  []Source `json:"sources"`
	Model    string   `json:"model"`
	Platform string   `json:"platform,omitempty"`
	Part     string   `json:"part,omitempty"`
	Bits     string   `json:"bits,omitempty"`
	Target   string   `json:"target,omitempty"`
	Engines  string   `json:"engines,omitempty"` // the rule that engines were chosen by

	Summary    *Summary    `json:"summary,omitempty"`
	Prediction *Prediction `json:"prediction,omitempty"`
	Simulation *Simulation `json:"simulation,omitempty"`
	// Asked is the rate or latency that the design was asked for; Dense is the best design whose engines skip no zeros.
	Asked *design.Asked `json:"asked,omitempty"`
	// Rates are those of the core and of the ways to it: of the simulated rate if there is one.
	Rates *design.Rates `json:"rates,omitempty"`
	Dense *design.Dense `json:"dense,omitempty"`

	Clock *design.Clock `json:"clock,omitempty"`
	Fits  *bool         `json:"fits,omitempty"`
	// Shortfall is why it does not fit, a line per resource.
	Shortfall []string   `json:"shortfall,omitempty"`
	Resources []Resource `json:"resources,omitempty"`
	// CostModel is what estimates of resources rest on.
	CostModel *CostModel `json:"cost_model,omitempty"`

	Regions []design.Region `json:"regions,omitempty"` // of the device, from the lowest; nil if it counts as one

	Layers  []*Layer `json:"layers,omitempty"` // in the order of the network
	Shared  []Shared `json:"shared,omitempty"` // resources that belong to no layer
	Edges   []Edge   `json:"edges,omitempty"`
	Live    *Live    `json:"live,omitempty"`
	FIFOs   []FIFO   `json:"fifos,omitempty"`
	Modules []Module `json:"modules,omitempty"` // the slowest, slowest first
	// ModuleCount is how many modules there are.
	ModuleCount int      `json:"module_count,omitempty"`
	Explain     []string `json:"explain,omitempty"` // sentences of the optimizer

	Fidelity *Fidelity `json:"fidelity,omitempty"`

	Search *Search `json:"search,omitempty"`
}

// Summary is what summary.json says beyond the design.
type Summary struct {
	CyclesPerImage  float64 `json:"cycles_per_image"` // simulated, steady state
	ImagesPerSecond float64 `json:"images_per_second"`
	LatencyCycles   int64   `json:"latency_cycles"` // of one image alone
	// LatencyMicroseconds follows from the clock.
	LatencyMicroseconds float64   `json:"latency_us"`
	Accuracy            *Accuracy `json:"accuracy,omitempty"`
	Checks              []Check   `json:"checks"`
	// Difference is simulated against predicted cycles, accounted for at one process.
	Difference *Accounting `json:"difference,omitempty"`
}

// Accuracy is what the judged set says.
type Accuracy struct {
	Set     string           `json:"set"` // "test" or "calibration"
	Images  int              `json:"images"`
	Measure judge.Measure    `json:"measure"`           // "" if none applies
	Why     string           `json:"why"`               // that output, or no measure
	Float   *float64         `json:"float,omitempty"`   // of the model as it is: a share, or an error
	Integer *float64         `json:"integer,omitempty"` // of the integer network
	Outputs []judge.Fidelity `json:"outputs,omitempty"`
}

// Check is a comparison with the integer network.
type Check struct {
	What       string `json:"what"`   // what was compared, for people
	Images     int    `json:"images"` // 0: it was not made
	Mismatches int    `json:"mismatches"`
}

// Accounting explains the difference of simulated and predicted cycles: Difference = Model + BusyError + Starved + Blocked + Drift.
type Accounting struct {
	Layer      string  `json:"layer"`
	Process    string  `json:"process"`
	Predicted  float64 `json:"predicted"`
	Simulated  float64 `json:"simulated"`
	Difference float64 `json:"difference"`
	Model      float64 `json:"model"`
	BusyError  float64 `json:"busy_error"`
	Starved    float64 `json:"starved"`
	Blocked    float64 `json:"blocked"`
	Drift      float64 `json:"drift"`
}

// Prediction is the optimizer's estimate of the whole. A summary has its cycles and its bottleneck, a design all of it.
type Prediction struct {
	CyclesPerImage  float64  `json:"cycles_per_image"`
	CyclesCI        *float64 `json:"cycles_ci,omitempty"` // half the 95 % interval
	LatencyCycles   *float64 `json:"latency_cycles,omitempty"`
	ImagesPerSecond *float64 `json:"images_per_second,omitempty"`
	Bottleneck      string   `json:"bottleneck"`
	BindingResource string   `json:"binding_resource,omitempty"`
	Bound           *float64 `json:"bound_images_per_second,omitempty"`
	Gap             *float64 `json:"optimality_gap,omitempty"`
	// Error is (simulated - predicted) / predicted cycles per image; nil without a simulation.
	Error *float64 `json:"error,omitempty"`
}

// Simulation is what simulation.json says of the whole.
type Simulation struct {
	Images     int `json:"images"`
	Mismatches int `json:"mismatches"`
	// CyclesPerImage is nil of a single image.
	CyclesPerImage *float64 `json:"cycles_per_image,omitempty"`
	LatencyCycles  int64    `json:"latency_cycles"` // of the first image, with others behind it
	FillCycles     int64    `json:"fill_cycles"`
	Finite         bool     `json:"finite"`               // the stream ended with the images: the last ones left early
	Bottleneck     string   `json:"bottleneck,omitempty"` // the busiest layer
	// UsefulPerDSPCycle is over all layers whose pairs were counted; nil without any.
	UsefulPerDSPCycle *float64 `json:"useful_per_dsp_cycle,omitempty"`
	// Frame is the way of one image, alone, through the layers; nil if it was not measured or if the page has no room for it.
	Frame *waterfall.Frame `json:"frame,omitempty"`
	// Critical is what the interval between images consists of.
	Critical *critical.Cycle `json:"critical_cycle,omitempty"`
}

// Resource is a resource of the part.
type Resource struct {
	Name   string   `json:"name"`
	Used   int      `json:"used"`
	Error  float64  `json:"error"` // of Used, relative; 0 of counts by rule
	Budget int      `json:"budget"`
	Device *int     `json:"device,omitempty"` // of the whole part
	Share  *float64 `json:"share,omitempty"`  // Used / Budget; nil without a budget
}

// CostModel is what estimates of LUTs and flip-flops rest on.
type CostModel struct {
	Calibrated bool   `json:"calibrated"` // fitted to synthesis
	Tool       string `json:"tool"`
	Date       string `json:"date"`
	Points     int    `json:"points"`
	Own        string `json:"own,omitempty"` // the user's calibration that scales it
}

// Layer is a layer of the network with its hardware.
type Layer struct {
	ID       string `json:"id"`
	Name     string `json:"name"` // the model's own, untrusted
	Kind     string `json:"kind"`
	Engine   string `json:"engine,omitempty"`
	Hardware string `json:"hardware,omitempty"` // its choices in a line
	In       []int  `json:"in,omitempty"`       // height, width, channels of the first input
	Out      []int  `json:"out,omitempty"`

	Region string `json:"region,omitempty"` // of the device, in which it lies; "" if that counts as one
	Cost   *Cost  `json:"cost,omitempty"`
	// Estimate is the optimizer's, cycles per image on its own, and EstimateCI half its 95 % interval.
	Estimate   *float64 `json:"estimate_cycles,omitempty"`
	EstimateCI *float64 `json:"estimate_cycles_ci,omitempty"`
	Time       *Time    `json:"time,omitempty"`
	Skip       *Skip    `json:"skip,omitempty"`
	// Utilisation is the busy share of the cycles per image: simulated, or by the estimate where there is no simulation.
	Utilisation *float64 `json:"utilisation,omitempty"`
	Bottleneck  bool     `json:"bottleneck,omitempty"` // predicted
	Busiest     bool     `json:"busiest,omitempty"`    // of the simulation
	Zeros       *Zeros   `json:"zeros,omitempty"`
	// UsefulPerDSPCycle is products without a zero factor / (the layer's DSPs x simulated cycles per image): those of Skip, or of
	// Zeros where the simulation counts none; nil without DSPs.
	UsefulPerDSPCycle *float64 `json:"useful_per_dsp_cycle,omitempty"`
	SNR               *SNR     `json:"snr,omitempty"`
}

// Cost is the estimate of a layer's resources.
type Cost struct {
	design.Resources
	LUTError float64 `json:"lut_error"` // relative
	FFError  float64 `json:"ff_error"`
}

// Shared are the resources of FIFOs or ports, which belong to no layer.
type Shared struct {
	What string `json:"what"`
	Cost
}

// Time is where the cycles per image of a layer's busiest process went, simulated.
type Time struct {
	Process       string  `json:"process"`
	Busy          float64 `json:"busy"`
	Starved       float64 `json:"starved"`
	Blocked       float64 `json:"blocked"`
	Drift         float64 `json:"drift"`
	Waits         []Wait  `json:"waits,omitempty"`
	InputStarved  float64 `json:"input_starved"`
	OutputBlocked float64 `json:"output_blocked"`
}

// Wait is the time that a process waited for a FIFO: empty, or Full.
type Wait struct {
	FIFO   string  `json:"fifo"`
	Full   bool    `json:"full"`
	Cycles float64 `json:"cycles"`
}

// Skip is what a convolution's engines multiplied, per image. Cycles are those of one engine, the mean over the layer's.
type Skip struct {
	MACs   float64 `json:"macs"`         // padding included
	Pairs  float64 `json:"pairs"`        // products whose factors are both not 0
	Dense  float64 `json:"dense_cycles"` // if nothing were skipped
	Ideal  float64 `json:"ideal_cycles"` // if every multiplier had a pair in every cycle
	Cycles float64 `json:"cycles"`       // spent
	// SpeedUp is Dense / Cycles, OfIdeal Ideal / Cycles; nil without cycles.
	SpeedUp *float64 `json:"speed_up,omitempty"`
	OfIdeal *float64 `json:"of_ideal,omitempty"`
}

// Zeros are shares of 0..1 of a convolution.
type Zeros struct {
	MACs        float64 `json:"macs"` // of an image, padding included
	Weights     float64 `json:"weights"`
	Activations float64 `json:"activations"` // of inputs, padding not counted
	Pairs       float64 `json:"pairs"`       // products with a factor of 0, padding counted as 0
}

// SNR is the signal to noise ratio of what a layer makes.
type SNR struct {
	DB *float64 `json:"db"` // nil where nothing differs, or where the signal is 0
}

// Fidelity is what the integer network keeps of the float network, on calibration images.
type Fidelity struct {
	Images int `json:"images"`
	Losses int `json:"losses"` // places where values lose their range
	// Worst are sentences on the worst of them.
	Worst []string `json:"worst,omitempty"`
}

// Edge is a connection of the network: a tensor from a layer to a layer.
type Edge struct {
	From   string `json:"from"`   // ID of a layer, or a source
	To     string `json:"to"`     // ID of a layer, or a sink
	FIFO   string `json:"fifo"`   // that the reader reads
	Bits   int    `json:"bits"`   // of its tokens
	Depth  int    `json:"depth"`  // in tokens
	Tokens int    `json:"tokens"` // per image
}

// Live is the proof that the network never deadlocks, whatever the data.
type Live struct {
	// Period is the number of images after which the state repeated; 0 of a network that can deadlock.
	Period   int    `json:"period"`
	Deadlock string `json:"deadlock,omitempty"` // how, if it can
}

// FIFO is a stream's buffer.
type FIFO struct {
	Name   string `json:"name"`
	From   string `json:"from"` // process
	To     string `json:"to"`
	Holds  string `json:"holds"` // kind of its tokens
	Bits   int    `json:"bits"`  // of a token
	Depth  int    `json:"depth"` // in tokens
	Memory string `json:"memory,omitempty"`
	Tokens int    `json:"tokens"` // per image
	// Minimum is the least depth that does not deadlock, proved; 0 where any depth does.
	Minimum int  `json:"minimum"`
	Most    *int `json:"most,omitempty"` // tokens held at once, simulated
}

// Module is a module of the RTL, or a loop of the C++, with the clock that it is good for in this design.
type Module struct {
	Name string  `json:"name"`
	Kind string  `json:"kind"`
	MHz  float64 `json:"mhz"`
	// Count is how many modules of one layer and kind are alike, this one included.
	Count int `json:"count"`
}
