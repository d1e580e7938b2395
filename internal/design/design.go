// Package design is the artefact from which an accelerator is generated: the integer network, the hardware of every layer,
// every FIFO, the platform, and the optimizer's results.
//
// It takes files (designs, platforms) and gives values with all checks that need no pricing: schema, ranges, the fit of
// hardware and network. Package optimizer/derive computes the fields that follow from a design (costs, cycles, minima)
// again on reading. It never chooses anything.
package design

import (
	"fmt"
	"slices"
	"strings"

	"hass/internal/artifact"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// Schema names of the design artefact.
const (
	Schema  = "hass.design"
	Version = 8
)

// Resources counts FPGA resources; BRAM18 is in 18 Kb halves, URAM in 288 Kb blocks.
type Resources struct {
	DSP    int `json:"DSP"`
	LUT    int `json:"LUT"`
	FF     int `json:"FF"`
	BRAM18 int `json:"BRAM18"`
	URAM   int `json:"URAM"`
	// LUTRAM counts the LUTs used as memory or shift register, which only some
	// slices allow; they are counted in LUT as well.
	LUTRAM int `json:"LUTRAM"`
}

// Design is the single source of truth of an accelerator: the integer network, the
// hardware of every layer, every FIFO and the platform. codegen, hwsim, cost
// reports and host drivers read it and nothing else.
type Design struct {
	artifact.Header
	Model    string `json:"model"` // base name of the model file
	Bits     string `json:"bits"`  // "16", "8" or "mixed"
	Platform string `json:"platform"`
	Part     string `json:"part"`
	Board    string `json:"board,omitempty"` // Vivado board part; empty where none is known
	Clock    Clock  `json:"clock"`           // of every rate, script and driver

	// Input preprocessing, so that host drivers can quantise pixels: x = (u8/Divisor - Mean) / Std.
	Preproc Preproc `json:"preproc"`

	Net     *intnet.Net       `json:"net"`
	Layers  []hw.Layer        `json:"layers"` // one per Net.Layers
	FIFOs   []FIFO            `json:"fifos"`  // every stream of the network
	Weights artifact.SideFile `json:"weights"`
	// Golden holds quantised input images (npy int32, N x H x W x C) for test vectors.
	Golden artifact.SideFile `json:"golden"`

	// Target is the language whose limits the hardware keeps; only this target may be generated.
	Target     limits.Target `json:"target"`
	Objective  string        `json:"objective"`
	Asked      *Asked        `json:"asked,omitempty"` // the rate or latency that it was asked for; absent: as good as the budget allows
	EngineRule EngineRule    `json:"engine_rule"`     // what --engine allowed
	Family     string        `json:"family"`          // of the part, which decides costs: Family7 or FamilyUSPlus
	Device     Resources     `json:"device"`          // of the whole part
	// Reserved are the resources that the platform keeps for itself, such as those of a shell.
	Reserved    Resources   `json:"reserved,omitzero"`
	Links       *Links      `json:"links,omitempty"` // the ways of images to the design; absent where the platform names none
	UsableShare Shares      `json:"usable_share"`    // share of each resource that may be used, of what is not reserved
	Budget      Resources   `json:"budget"`          // after the usable share
	Total       Resources   `json:"total"`
	Fits        bool        `json:"fits"`
	Shortfall   []string    `json:"shortfall,omitempty"` // one line per exceeded resource
	Calibrated  bool        `json:"calibrated"`          // true: cost formulas are fitted to synthesis
	CostModel   CostModel   `json:"cost_model"`
	Costs       []LayerCost `json:"costs"`             // one per Net.Layers, then "fifos" and "io"
	Regions     []Region    `json:"regions,omitempty"` // of the device, from the lowest, with the layers in each; absent where it counts as one
	Predicted   Prediction  `json:"predicted"`
	Dense       *Dense      `json:"dense,omitempty"` // beside it; absent where nobody asked
	Explain     []string    `json:"explain"`         // bottleneck, binding resource, gain from more of a resource
}

// Free is the device without what the platform reserves.
func (d *Design) Free() Resources { return d.Device.Vec().Sub(d.Reserved.Vec()).Resources() }

// Asked is what a design was asked for: of all that have it, it takes least.
type Asked struct {
	ImagesPerSecond float64 `json:"images_per_second,omitempty"` // at the design's clock, at least; 0: any
	LatencyUS       float64 `json:"latency_us,omitempty"`        // estimated, in microseconds, at most; 0: any
	Least           string  `json:"least"`                       // the rule that compares designs: even, dsp, lut or bram
}

// String is what was asked for, in words.
func (a *Asked) String() string {
	var list []string
	if a.ImagesPerSecond > 0 {
		list = append(list, plainFloat(a.ImagesPerSecond)+" images/s")
	}
	if a.LatencyUS > 0 {
		list = append(list, "a latency of "+plainFloat(a.LatencyUS)+" us")
	}
	return strings.Join(list, " and ")
}

// Met tells whether a prediction has what was asked for, at a clock.
func (a *Asked) Met(p *Prediction, c *Clock) bool {
	const rounding = 1e-9
	return p.ImagesPerSecond >= a.ImagesPerSecond*(1-rounding) && (a.LatencyUS == 0 || p.LatencyCycles/c.MHz <= a.LatencyUS*(1+rounding))
}

// Dense is the best design of the same question and budget whose engines skip no zeros.
type Dense struct {
	Engines         string    `json:"engines"` // the rule that its engines keep, or "itself": no engine of the design skips zeros
	Fits            bool      `json:"fits"`
	CyclesPerImage  float64   `json:"cycles_per_image"`
	ImagesPerSecond float64   `json:"images_per_second"`
	MHz             float64   `json:"mhz"` // its clock
	Resources       Resources `json:"resources"`
	RateRatio       float64   `json:"rate_ratio"` // the design's images per second over its
}

// Skips tells whether any engine skips zeros, of activations or of weights.
func (d *Design) Skips() bool {
	return slices.ContainsFunc(d.Layers, func(l hw.Layer) bool { return l.Engine != "" && (l.Engine.Skips() || l.Engine.Row().Static) })
}

// Against says in words how a design of these resources, beside which o stands, compares with it.
func (o *Dense) Against(total Resources) string {
	if o.Engines == "itself" {
		return "no engine of this design skips zeros: it is the dense design"
	}
	s := fmt.Sprintf("%s engines alone, same budget: %.0f images/s at %s MHz, DSP %d, LUT %d, BRAM18 %d", o.Engines, o.ImagesPerSecond, plainFloat(o.MHz), o.Resources.DSP, o.Resources.LUT, o.Resources.BRAM18)
	if !o.Fits {
		return s + ", which does not fit"
	}
	return s + "; this design has " + o.Ratios(total)
}

// Ratios are those of a design of these resources, beside which o stands, to o.
func (o *Dense) Ratios(total Resources) string {
	s := fmt.Sprintf("%.2f x the rate", o.RateRatio)
	for _, r := range []int{DSP, LUT, BRAM18} {
		if its := o.Resources.Vec()[r]; its > 0 {
			s += fmt.Sprintf(", %.2f x the %s", float64(total.Vec()[r])/float64(its), ResourceNames[r])
		}
	}
	return s
}

// CostModel describes the origin of the formulas of LUTs and flip-flops and their error.
type CostModel struct {
	Tool     string  `json:"tool"`      // that synthesised the sweep
	Date     string  `json:"date"`      // of the sweep
	Points   int     `json:"points"`    // modules synthesised
	LUTError float64 `json:"lut_error"` // of the total, relative
	FFError  float64 `json:"ff_error"`
	// Calibration holds the factors by which a user's own synthesis scales the formulas, so that
	// costs can be computed again from the design alone.
	Calibration *Calibration `json:"calibration,omitempty"`
}

// Preproc converts pixels to the model's input, per channel.
type Preproc struct {
	Divisor float64   `json:"divisor"`
	Mean    []float64 `json:"mean"`
	Std     []float64 `json:"std"`
}

// Shares is the usable share of each resource, 0..1.
type Shares struct {
	DSP    float64 `json:"DSP"`
	LUT    float64 `json:"LUT"`
	FF     float64 `json:"FF"`
	BRAM18 float64 `json:"BRAM18"`
	URAM   float64 `json:"URAM"`
}

// FIFO is one stream's buffer.
type FIFO struct {
	Name  string `json:"name"`
	Depth int    `json:"depth"`
	Width int    `json:"width"` // bits per token
	// Minimum is the token minimum of a skip connection: with one token less the network deadlocks. 0 for other streams.
	Minimum int `json:"minimum,omitempty"`
	// Memory is that of the FIFO: LUTRAM or BRAM.
	Memory memory.Kind `json:"memory,omitempty"`
}

// LayerCost is the estimate for one layer.
type LayerCost struct {
	Layer     string    `json:"layer"`
	Resources Resources `json:"resources"`
	// Cycles per image that the layer needs on its own, with the half width of its 95 % interval.
	Cycles   float64 `json:"cycles"`
	CyclesCI float64 `json:"cycles_ci"`
	// Relative errors of LUTs and flip-flops.
	LUTError float64 `json:"lut_error"`
	FFError  float64 `json:"ff_error"`
}

// Prediction is the optimizer's estimate of the whole pipeline.
type Prediction struct {
	CyclesPerImage  float64 `json:"cycles_per_image"`
	CyclesCI        float64 `json:"cycles_ci"`
	LatencyCycles   float64 `json:"latency_cycles"`
	ImagesPerSecond float64 `json:"images_per_second"`
	Bottleneck      string  `json:"bottleneck"` // layer ID
	BindingResource string  `json:"binding_resource"`
	// Bound is a proven upper bound on the images per second, at the design's clock, of any design of this search space;
	// Gap = Bound/ImagesPerSecond - 1.
	Bound float64 `json:"bound_images_per_second"`
	Gap   float64 `json:"optimality_gap"`
}

// Network expands the design to processes and FIFOs.
func (d *Design) Network() (*hw.Network, error) {
	depths := make(map[string]int, len(d.FIFOs))
	for _, f := range d.FIFOs {
		depths[f.Name] = f.Depth
	}
	n, err := hw.Expand(d.Net, d.Layers, depths)
	if err != nil {
		return nil, err
	}
	memories := make(map[string]memory.Kind, len(d.FIFOs))
	for _, f := range d.FIFOs {
		memories[f.Name] = f.Memory
	}
	for i := range n.Streams {
		n.Streams[i].Memory = memories[n.Streams[i].Name]
	}
	return n, nil
}

// Objectives.
const (
	Throughput = "throughput" // most images per second
	Latency    = "latency"    // least estimated cycles from first input to last output word
)

// Calibration are factors on the cost model's formulas and on its clock, fitted to a user's own reports by hass calibrate.
type Calibration struct {
	Tool  string           `toml:"tool" json:"tool"` // that wrote the reports
	Date  string           `toml:"date" json:"date"`
	Scale map[string]Scale `toml:"scale,omitempty" json:"scale,omitempty"` // by module; a module that is not named has factors of 1
	Clock *ClockScale      `toml:"clock,omitempty" json:"clock,omitempty"` // of a timing report, if there was one
}

// ClockScale scales the model of the clock by a timing report.
type ClockScale struct {
	Family   string  `toml:"family" json:"family"`       // to which it applies
	Part     string  `toml:"part" json:"part"`           // of the design
	Factor   float64 `toml:"factor" json:"factor"`       // on the model's clock: MHz / ModelMHz
	MHz      float64 `toml:"mhz" json:"mhz"`             // achieved: 1 / (period - slack)
	ModelMHz float64 `toml:"model_mhz" json:"model_mhz"` // of the same design
	PeriodNs float64 `toml:"period_ns" json:"period_ns"` // requested
	SlackNs  float64 `toml:"slack_ns" json:"slack_ns"`   // worst setup slack
	// From and To are the ends of the worst path, if the report has it.
	From string `toml:"from,omitempty" json:"from,omitempty"`
	To   string `toml:"to,omitempty" json:"to,omitempty"`
}

// Scale holds the factors of one module and their origin.
type Scale struct {
	LUT       float64 `toml:"LUT" json:"LUT"`
	FF        float64 `toml:"FF" json:"FF"`
	DSP       float64 `toml:"DSP" json:"DSP"`
	BRAM18    float64 `toml:"BRAM18" json:"BRAM18"`
	URAM      float64 `toml:"URAM" json:"URAM"`
	LUTRAM    float64 `toml:"LUTRAM" json:"LUTRAM"`
	Instances int     `toml:"instances" json:"instances"`
	LUTError  float64 `toml:"lut_error" json:"lut_error"` // 90th percentile of the remaining error, relative
	FFError   float64 `toml:"ff_error" json:"ff_error"`
}

// List is by resource.
func (s Scale) List() [NumResources]float64 {
	return [NumResources]float64{DSP: s.DSP, LUT: s.LUT, FF: s.FF, BRAM18: s.BRAM18, URAM: s.URAM, LUTRAM: s.LUTRAM}
}

// ScaleOf makes a Scale of factors by resource name.
func ScaleOf(f map[string]float64) Scale {
	return Scale{LUT: f["LUT"], FF: f["FF"], DSP: f["DSP"], BRAM18: f["BRAM18"], URAM: f["URAM"], LUTRAM: f["LUTRAM"]}
}
