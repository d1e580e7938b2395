package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hass/hwsim"
	"hass/hwsim/trace"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
)

// record traces a run of a random network.
func record(t *testing.T, seed int64, images int, opt hwsim.Options) (*hw.Network, *hwsim.Result, []byte) {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	rec := trace.New(n, images)
	opt.Observe = rec.Observer()
	r, err := hwsim.Run(context.Background(), n, c.Images(images), opt)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := rec.Write(&b, 200); err != nil {
		t.Fatal(err)
	}
	return n, r, b.Bytes()
}

// checkEvent says what is wrong with an event by the rules of the Chrome trace event format; "" if nothing is. Every phase has fields that
// it must have and fields that it may have.
func checkEvent(e map[string]any) string {
	number := func(key string) (float64, bool) {
		v, ok := e[key].(float64)
		return v, ok && !math.IsInf(v, 0) && v == math.Trunc(v)
	}
	ph, _ := e["ph"].(string)
	name, _ := e["name"].(string)
	if name == "" {
		return "no name"
	}
	for _, key := range []string{"pid", "tid"} {
		if v, ok := number(key); !ok || v < 0 {
			return key + " is no number of a process or thread"
		}
	}
	args, ok := e["args"].(map[string]any)
	if !ok {
		return "args is no object"
	}
	if ts, ok := number("ts"); !ok || ts < 0 {
		return "ts is no time"
	}
	must := map[string][]string{"X": {"cat", "dur"}, "C": {"cat"}, "M": {}}[ph]
	if must == nil {
		return fmt.Sprintf("phase %q", ph)
	}
	for _, key := range must {
		if _, ok := e[key]; !ok {
			return "no " + key
		}
	}
	for key := range e {
		if !slices.Contains([]string{"name", "ph", "pid", "tid", "ts", "args"}, key) && !slices.Contains(must, key) {
			return "an event of phase " + ph + " has no " + key
		}
	}
	switch ph {
	case "X":
		if d, ok := number("dur"); !ok || d < 0 {
			return "dur is no duration"
		}
	case "C":
		if len(args) == 0 {
			return "a counter without a series"
		}
		for series, v := range args {
			if x, ok := v.(float64); !ok || x < 0 {
				return fmt.Sprintf("series %s has the value %v", series, v)
			}
		}
	case "M":
		key := map[string]string{"process_name": "name", "thread_name": "name", "process_sort_index": "sort_index", "thread_sort_index": "sort_index"}[name]
		if key == "" {
			return "metadata " + name
		}
		if v := args[key]; v == nil || v == "" {
			return "metadata without " + key
		}
	}
	return ""
}

// TestFormat: traces of random networks keep the rules of the format; of one thread no two spans overlap and all come in time, of
// one counter too; every thread and process with events has a name; spans and counters agree with the result.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		seed   int64
		finite bool
	}{{7, true}, {7, false}, {3, true}, {11, true}, {12, false}} {
		const images = 4
		n, r, text := record(t, c.seed, images, hwsim.Options{Finite: c.finite})
		var file struct {
			DisplayTimeUnit string
			OtherData       map[string]string
			TraceEvents     []map[string]any
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&file); err != nil {
			t.Fatal(err)
		}
		if file.DisplayTimeUnit != "ns" || !strings.Contains(file.OtherData["time"], "5.000 ns at 200 MHz") {
			t.Errorf("unit %q, time %q", file.DisplayTimeUnit, file.OtherData["time"])
		}
		names := map[[2]float64]string{}
		groups := map[float64]string{}
		ends := map[[2]float64]float64{}
		spans := map[string]int{}
		counters := map[string][2]float64{} // time and value
		for i, e := range file.TraceEvents {
			if wrong := checkEvent(e); wrong != "" {
				t.Fatalf("seed %d, event %d, %v: %s", c.seed, i, e, wrong)
			}
			id := [2]float64{e["pid"].(float64), e["tid"].(float64)}
			args, ts := e["args"].(map[string]any), e["ts"].(float64)
			switch e["ph"] {
			case "M":
				switch e["name"] {
				case "thread_name":
					names[id] = args["name"].(string)
				case "process_name":
					groups[id[0]] = args["name"].(string)
				}
			case "X":
				dur := e["dur"].(float64)
				if ts < ends[id] {
					t.Errorf("seed %d: %v begins before the one before it ends", c.seed, e)
				}
				ends[id] = ts + dur
				if sum := args["busy cycles"].(float64) + args["starved cycles"].(float64) + args["blocked cycles"].(float64); sum != dur {
					t.Errorf("seed %d: %v explains %g cycles of %g", c.seed, e, sum, dur)
				}
				module := args["module"].(string)
				if !strings.HasPrefix(names[id], module) {
					t.Errorf("seed %d: thread %q of module %q", c.seed, names[id], module)
				}
				p := r.Processes[slices.IndexFunc(r.Processes, func(p hwsim.ProcessStats) bool { return p.Name == module })]
				if got, want := ts+dur, float64(p.Ends[spans[module]]+1); got != want {
					t.Errorf("seed %d: %s of %s ends at %g, want %g", c.seed, e["name"], module, got, want)
				}
				spans[module]++
			case "C":
				name := e["name"].(string)
				if before, ok := counters[name]; ok && ts <= before[0] {
					t.Errorf("seed %d: %v does not come after cycle %g", c.seed, e, before[0])
				}
				counters[name] = [2]float64{ts, args["tokens"].(float64)}
				if groups[id[0]] == "" {
					t.Errorf("seed %d: %v in a group without a name", c.seed, e)
				}
			}
		}
		if len(spans) != len(n.Processes) || len(counters) != len(n.Streams) || len(groups) != len(n.Net.Layers)+1 {
			t.Errorf("seed %d: spans of %d modules, %d counters, %d groups", c.seed, len(spans), len(counters), len(groups))
		}
		for module, k := range spans {
			if k != images {
				t.Errorf("seed %d: %s has %d images", c.seed, module, k)
			}
		}
		for name, v := range counters {
			if c.finite && v[1] != 0 {
				t.Errorf("seed %d: %s ends with %g tokens", c.seed, name, v[1])
			}
		}
	}
}

// TestCheckEvent: checkEvent finds what is wrong.
func TestCheckEvent(t *testing.T) {
	good := func() map[string]any {
		return map[string]any{"name": "n", "ph": "X", "pid": 1.0, "tid": 1.0, "ts": 0.0, "cat": "c", "dur": 3.0, "args": map[string]any{}}
	}
	if wrong := checkEvent(good()); wrong != "" {
		t.Fatal(wrong)
	}
	for key, value := range map[string]any{"name": "", "ph": "Q", "pid": -1.0, "tid": "1", "ts": -1.0, "dur": -1.0, "args": 3.0, "id": 1.0} {
		e := good()
		e[key] = value
		if checkEvent(e) == "" {
			t.Errorf("%s: %v was accepted", key, value)
		}
	}
	e := good()
	e["ph"], e["name"] = "C", "counter"
	delete(e, "dur")
	if checkEvent(e) == "" {
		t.Error("a counter without a series was accepted")
	}
}

// TestBounded: a long run's trace leaves out later images, and a counter has a bounded number of samples.
func TestBounded(t *testing.T) {
	n, _, text := record(t, 7, 30, hwsim.Options{})
	if c := bytes.Count(text, []byte(`"ph":"C"`)); c > 257*len(n.Streams) {
		t.Errorf("%d samples of %d FIFOs", c, len(n.Streams))
	}
}

// TestNames: names say the operator and the engine, and what modules do.
func TestNames(t *testing.T) {
	n, _, _ := record(t, 7, 1, hwsim.Options{})
	var all []string
	for i := range n.Net.Layers {
		all = append(all, trace.LayerName(n, i))
	}
	for i := range n.Processes {
		all = append(all, trace.ModuleName(n, i))
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{": conv ", " engines of ", ": line buffer", ": adds, requantises", "input_source: takes words of the input"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
