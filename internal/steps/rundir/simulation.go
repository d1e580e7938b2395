package rundir

import (
	"hass/hwsim/report"
	"hass/internal/artifact"
	"hass/internal/critical"
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
	// Critical is what the interval between images consists of; nil if it was not asked for, or of a single image.
	Critical *critical.Cycle `json:"critical_cycle,omitempty"`
}
