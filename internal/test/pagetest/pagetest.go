// Package pagetest compares the figures of a report with the artefacts that it was made from, for tests.
package pagetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Data is the JSON that a page of hass report holds.
func Data(page []byte) ([]byte, error) {
	_, rest, ok := bytes.Cut(page, []byte(`<script type="application/json" id="hass-data">`))
	data, _, end := bytes.Cut(rest, []byte("</script>"))
	if !ok || !end {
		return nil, errors.New("the page has no data")
	}
	return data, nil
}

// Compare compares the numbers in a page's data with those of summary.json and simulation.json in the run folder dir, and says how many
// there are. Its error names the first that differs. A page that leaves rows out of its tables differs.
func Compare(data []byte, dir string) (compared int, err error) {
	var page any
	if err := json.Unmarshal(data, &page); err != nil {
		return 0, fmt.Errorf("the data of the page: %w", err)
	}
	run := reach(page, "runs", 0)
	read := func(name string) (v any) {
		data, rerr := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(rerr) {
			return nil
		}
		if rerr == nil {
			rerr = json.Unmarshal(data, &v)
		}
		err = cmp.Or(err, rerr)
		return v
	}
	same := func(what string, got, want any) {
		if compared++; err == nil && (got == nil || got != want) {
			err = fmt.Errorf("%s: the page says %v, the artefact %v", what, got, want)
		}
	}
	layer := map[any]any{}
	for _, l := range elements(run, "layers") {
		layer[reach(l, "id")] = l
	}
	if s := read("summary.json"); s != nil {
		for _, f := range []string{"cycles_per_image", "images_per_second", "latency_cycles"} {
			same(f, reach(run, "summary", f), reach(s, f))
		}
		for _, f := range []string{"mhz", "limit_mhz", "kind"} {
			same("clock "+f, reach(run, "clock", f), reach(s, "clock", f))
		}
		for _, f := range []string{"images", "measure", "float", "integer"} {
			same("accuracy "+f, reach(run, "summary", "accuracy", f), reach(s, "accuracy", f))
		}
		for _, f := range []string{"predicted", "simulated", "difference", "model", "busy_error", "starved", "blocked", "drift"} {
			same("difference "+f, reach(run, "summary", "difference", f), reach(s, "difference", f))
		}
		same("predicted cycles", reach(run, "prediction", "cycles_per_image"), reach(s, "predicted_cycles_per_image"))
		for _, r := range elements(run, "resources") {
			name := reach(r, "name").(string)
			same(name, reach(r, "used"), reach(s, "resources", name))
			same(name+" of the budget", reach(r, "budget"), reach(s, "budget", name))
		}
		for i, key := range []string{"csim", "rtl", "hwsim"} {
			same(key, reach(run, "summary", "checks", i, "images"), reach(s, "verified", key+"_images"))
			same(key, reach(run, "summary", "checks", i, "mismatches"), reach(s, "verified", key+"_mismatches"))
		}
		for _, l := range elements(s, "fidelity", "layers") {
			if db := reach(l, "snr_db"); db != nil { // an exact layer has none
				same("signal to noise", reach(layer[reach(l, "id")], "snr", "db"), db)
			}
		}
		same("bottleneck", reach(run, "prediction", "bottleneck"), reach(s, "bottleneck"))
	}
	sim := read("simulation.json")
	for _, f := range []string{"images", "mismatches", "cycles_per_image", "latency_cycles", "fill_cycles", "finite"} {
		same(f, reach(run, "simulation", f), reach(sim, f))
	}
	for _, l := range elements(sim, "layers") {
		id := reach(l, "layer")
		same("predicted", reach(layer[id], "estimate_cycles"), reach(l, "predicted"))
		for _, f := range []string{"process", "busy", "starved", "blocked", "drift", "input_starved", "output_blocked"} {
			same(fmt.Sprint(f, " of ", id), reach(layer[id], "time", f), reach(l, f))
		}
		for i, w := range elements(l, "waits") {
			for _, f := range []string{"fifo", "full", "cycles"} {
				same("wait", reach(layer[id], "time", "waits", i, f), reach(w, f))
			}
		}
	}
	engines := map[any]float64{}
	for _, p := range elements(sim, "processes") {
		if reach(p, "kind") == "engine" {
			engines[reach(p, "layer")]++
		}
	}
	images, _ := reach(sim, "images").(float64)
	for _, k := range elements(sim, "skips") {
		l, n := layer[reach(k, "name")], engines[reach(k, "layer")]
		for f, per := range map[string]float64{"macs": images, "pairs": images, "dense_cycles": images * n, "ideal_cycles": images * n, "cycles": images * n} {
			same("skip "+f, reach(l, "skip", f), reach(k, f).(float64)/per)
		}
	}
	for _, list := range []string{"processes", "streams"} {
		for i, x := range elements(sim, "critical_cycle", list) {
			for f, v := range x.(map[string]any) {
				same("critical cycle "+f, reach(run, "simulation", "critical_cycle", list, i, f), v)
			}
		}
	}
	fifos := elements(run, "fifos")
	for i, f := range elements(sim, "fifos") {
		for _, x := range []string{"name", "depth", "most", "tokens"} {
			same("FIFO "+x, reach(fifos[i], x), reach(f, x))
		}
	}
	if len(layer) == 0 || len(fifos) == 0 || compared < 40 {
		err = cmp.Or(err, fmt.Errorf("%d figures of %d layers and %d FIFOs: too few were compared", compared, len(layer), len(fifos)))
	}
	return compared, err
}

// reach goes into a JSON value by names and numbers; nil where there is nothing.
func reach(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// elements is the list at a path.
func elements(v any, path ...any) []any {
	l, _ := reach(v, path...).([]any)
	return l
}
