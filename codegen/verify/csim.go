package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"

	"hass/codegen/project"
	"hass/internal/artifact"
)

// ReportName is the file that csim writes into the project.
const ReportName = "csim_report.json"

// CSimReport is csim_report.json.
type CSimReport struct {
	Images        int         `json:"images"`         // different images, each run twice
	Mismatches    int         `json:"mismatches"`     // wrong elements of layers, wrong words of outputs
	FirstMismatch string      `json:"first_mismatch"` // process, tensor, image and element; "" if none
	Deadlock      string      `json:"deadlock"`       // the cycle and the FIFO to enlarge, or ""
	Error         string      `json:"error"`          // a failed assertion (accumulator overflow), or ""
	Bounded       bool        `json:"bounded"`        // FIFOs had the design's depths (not with AMD's headers)
	Streams       []StreamUse `json:"streams"`
	Engines       []EngineUse `json:"engines"`
}

// CSimResult is the result of csim.
type CSimResult struct {
	CSimReport
	// EnginesCompared means that the cycles per beat of every engine were compared with the simulator's, over the same
	// images.
	EnginesCompared bool `json:"engines_compared"`
}

// StreamUse is the use of one FIFO in csim. The occupancy depends on the order in
// which csim runs the processes, so it bounds the need of csim only.
type StreamUse struct {
	Name         string `json:"name"`
	Depth        int    `json:"depth"`
	MaxOccupancy int    `json:"max_occupancy"`
}

// EngineUse counts the beats of one engine process by the cycles they took, over all
// images once: BeatsByCycles[c] beats took c cycles.
type EngineUse struct {
	Name          string  `json:"name"`
	BeatsByCycles []int64 `json:"beats_by_cycles"`
}

// OK reports whether csim ended and everything was equal.
func (r *CSimResult) OK() bool {
	return r.Images > 0 && r.Mismatches == 0 && r.Deadlock == "" && r.Error == ""
}

// Problem describes the failure in one line; "" if there is none.
func (r *CSimResult) Problem() string {
	switch {
	case r.Deadlock != "":
		return r.Deadlock
	case r.Error != "":
		return r.Error
	case r.Mismatches > 0:
		return fmt.Sprintf("%d mismatches; the first: %s", r.Mismatches, r.FirstMismatch)
	case r.Images == 0:
		return "no image was compared"
	}
	return ""
}

// Tally counts the comparisons of the run.
func (r *CSimResult) Tally() Tally { return Tally{r.Images, r.Mismatches} }

// wrongTensor finds the tensor in csim's text about a mismatch.
var wrongTensor = regexp.MustCompile(`tensor ([a-z][a-z0-9_]*)`)

// Failure is the first failure of the run.
func (r *CSimResult) Failure() Failure {
	switch {
	case r.OK():
		return Failure{}
	case r.Deadlock != "":
		return Failure{Kind: Deadlock, Text: r.Deadlock}
	case r.Error != "":
		return Failure{Kind: Fault, Text: r.Error}
	}
	f := Failure{Kind: Values, Text: r.Problem()}
	if m := wrongTensor.FindStringSubmatch(r.FirstMismatch); m != nil {
		f.Tensor = m[1]
	}
	return f
}

// Report is the project's file with this result.
func (r *CSimResult) Report() string { return ReportName }

// Text describes in one line what was equal.
func (r *CSimResult) Text() string {
	text := fmt.Sprintf("%d images, each in two starts, equal bit for bit", r.Images)
	if r.Bounded {
		text += " through FIFOs of the design's depths"
	}
	if r.EnginesCompared {
		text += "; cycles of every beat equal the simulator's"
	}
	return text
}

// CompareCycles compares the cycles per beat of every engine with the simulator's.
func (r *CSimResult) CompareCycles(s Simulator) ([]string, error) {
	expected, err := s.Beats(r.Images)
	if err != nil {
		return nil, err
	}
	diffs := r.CompareEngines(expected)
	r.EnginesCompared = len(diffs) == 0
	return diffs, nil
}

// CompareEngines compares the engines' beat costs with expected ones, by process name:
// expected[name][c] beats of c cycles over the same images. It returns a line for each
// difference; an engine that only one side has is a difference.
func (r *CSimResult) CompareEngines(expected map[string][]int64) []string {
	trim := func(h []int64) []int64 {
		for len(h) > 0 && h[len(h)-1] == 0 {
			h = h[:len(h)-1]
		}
		return h
	}
	var diffs []string
	seen := make(map[string]bool)
	for _, e := range r.Engines {
		seen[e.Name] = true
		if want, ok := expected[e.Name]; !ok || !slices.Equal(trim(e.BeatsByCycles), trim(want)) {
			diffs = append(diffs, fmt.Sprintf("engine %s: beats by cycles %v, expected %v", e.Name, trim(e.BeatsByCycles), trim(want)))
		}
	}
	for name := range expected {
		if !seen[name] {
			diffs = append(diffs, fmt.Sprintf("engine %s: csim has no such engine", name))
		}
	}
	sort.Strings(diffs)
	return diffs
}

// CSim runs `make csim` in the project folder dir and reads its report. A mismatch or
// a deadlock is a result, not an error. Errors are a missing compiler, a project that
// does not compile, and a cancelled context. $CXX is honoured.
func CSim(ctx context.Context, dir string) (*CSimResult, error) {
	cxx := "g++"
	if f := strings.Fields(os.Getenv("CXX")); len(f) > 0 {
		cxx = f[0]
	}
	for _, tool := range []string{cxx, "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("csim needs %s, which is not installed (Debian: apt-get install g++ make)", tool)
		}
	}
	if err := IsHLS(dir); err != nil {
		return nil, err
	}
	if err := artifact.CheckWhole(dir); err != nil {
		return nil, err
	}
	report := filepath.Join(dir, ReportName)
	if err := os.Remove(report); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("csim: %w", err)
	}
	text, runErr := runMake(ctx, dir, "-s", fmt.Sprintf("-j%d", runtime.NumCPU()), "csim")
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		if runErr != nil {
			return nil, fmt.Errorf("make csim in %s: %w\n%s", dir, runErr, tail(text, 20))
		}
		return nil, fmt.Errorf("make csim in %s left no report: %w", dir, err)
	}
	r := new(CSimResult)
	if err := artifact.DecodeStrict(data, &r.CSimReport); err != nil {
		return nil, fmt.Errorf("%s: %w", report, err)
	}
	if runErr != nil && r.Problem() == "" {
		return nil, fmt.Errorf("make csim in %s: %w\n%s", dir, runErr, tail(text, 20))
	}
	return r, nil
}

// IsHLS returns an error unless dir looks like a generated C++ project.
func IsHLS(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "src", project.TopName+".cpp")); err != nil {
		return fmt.Errorf("%s: not a generated project (src/%s.cpp is missing)", dir, project.TopName)
	}
	return nil
}
