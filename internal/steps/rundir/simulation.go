package rundir

import (
	"hass/hwsim/report"
	"hass/internal/artifact"
	"hass/internal/waterfall"
)

// The schema of simulation.json.
const (
	SimulationSchema  = "hass.simulation"
	SimulationVersion = 1
)

// Simulation is simulation.json.
type Simulation struct {
	artifact.Header
	*report.Report
	Mismatches int `json:"mismatches"` // images whose outputs differ from the integer network's
	// Frame is the way of the first image, alone, through the layers; nil if it was not asked for.
	Frame *waterfall.Frame `json:"frame,omitempty"`
}
