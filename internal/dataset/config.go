package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"hass/internal/userfile"
)

// Preproc turns a pixel into an input value.
type Preproc struct {
	Divisor float64   `toml:"divisor" json:"divisor"`
	Mean    []float64 `toml:"mean" json:"mean"` // one per channel
	Std     []float64 `toml:"std" json:"std"`   // one per channel
}

// Value is float32((u8/divisor - mean) / std), computed in float64.
func (p Preproc) Value(u8 uint8, channel int) float32 {
	return float32((float64(u8)/p.Divisor - p.Mean[channel]) / p.Std[channel])
}

// config is the TOML file.
type config struct {
	Images  string  `toml:"images"`
	Labels  string  `toml:"labels"`
	Classes string  `toml:"classes"`
	Output  string  `toml:"output"`
	Input   Preproc `toml:"input"`
}

const example = `

	images = "images.npy"
	labels = "labels.npy"

	[input]
	divisor = 255.0
	mean = [0.0]
	std = [1.0]`

// Limits on the labels' CSV and on the class names, in bytes.
const (
	maxLabels  = 1 << 26
	maxClasses = 1 << 22
)

func readConfig(path string) (config, []byte, error) {
	var c config
	text, err := readText(path, userfile.MaxTOML)
	if err != nil {
		return c, nil, err
	}
	meta, err := userfile.DecodeTOML(text, &c)
	if err != nil {
		return c, nil, err
	}
	if un := meta.Undecoded(); len(un) > 0 {
		names := make([]string, len(un))
		for i, k := range un {
			names[i] = fmt.Sprintf("%q", k.String())
		}
		return c, nil, fmt.Errorf("unknown key %s; the keys are images, labels, classes, output, input.divisor, input.mean, input.std", strings.Join(names, ", "))
	}
	for _, key := range [][]string{{"images"}, {"input", "divisor"}, {"input", "mean"}, {"input", "std"}} {
		if !meta.IsDefined(key...) && (len(key) == 1 || meta.IsDefined("input")) { // data sets of numbers need no [input]
			return c, nil, fmt.Errorf("key %q is missing; a data set looks like%s", strings.Join(key, "."), example)
		}
	}
	if c.Images == "" {
		return c, nil, errors.New(`key "images" is empty`)
	}
	if meta.IsDefined("output") && c.Output == "" {
		return c, nil, errors.New(`key "output" is empty; it names the output of the model that the labels are for`)
	}
	if !meta.IsDefined("input") {
		return c, text, nil
	}
	return c, text, c.Input.check()
}

func (p Preproc) check() error {
	if !(p.Divisor > 0) || math.IsInf(p.Divisor, 0) {
		return fmt.Errorf("key \"input.divisor\" is %v; it must be positive", p.Divisor)
	}
	if len(p.Mean) == 0 {
		return errors.New(`key "input.mean" is empty; it needs one number per channel`)
	}
	if len(p.Std) != len(p.Mean) {
		return fmt.Errorf("key \"input.std\" has %d numbers, but \"input.mean\" has %d; both need one per channel", len(p.Std), len(p.Mean))
	}
	for c := range p.Mean {
		if math.IsNaN(p.Mean[c]) || math.IsInf(p.Mean[c], 0) {
			return fmt.Errorf("key \"input.mean\" holds %v", p.Mean[c])
		}
		if !(p.Std[c] > 0) || math.IsInf(p.Std[c], 0) {
			return fmt.Errorf("key \"input.std\" holds %v; it must be positive", p.Std[c])
		}
		for _, u := range []uint8{0, 255} {
			if v := float64(p.Value(u, c)); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("pixel %d of channel %d becomes %v; check divisor, mean and std", u, c, v)
			}
		}
	}
	return nil
}

// readText reads a text file of up to limit bytes.
func readText(path string, limit int64) ([]byte, error) {
	text, err := userfile.Read(path, limit)
	return text, cause(err)
}

// relative is a path of the TOML file dir/x.toml.
func relative(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// cause strips the path from an *fs.PathError; callers name the file.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
