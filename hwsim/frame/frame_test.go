package frame_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"reflect"
	"strings"
	"testing"

	"hass/hwsim"
	"hass/hwsim/frame"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
	"hass/internal/waterfall"
)

// take measures a random network.
func take(t *testing.T, seed int64) (*hw.Network, []int32, *waterfall.Frame) {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	image := c.Images(1)[0]
	f, err := frame.Take(context.Background(), n, image)
	if err != nil {
		t.Fatal(err)
	}
	return n, image, f
}

// TestTake: in random networks every layer's cycles are accounted for (Take checks it), layers begin after those before them, the whole
// takes the simulator's latency, the waits of a layer are those of its process, in steps and by stream.
func TestTake(t *testing.T) {
	waits := 0
	for seed := range int64(12) {
		n, image, f := take(t, seed)
		r, err := hwsim.Run(context.Background(), n, [][]int32{image}, hwsim.Options{Finite: true, TimeOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.LastOut[0]+1 > f.Cycles {
			t.Errorf("seed %d: %d cycles, the last word left in %d", seed, f.Cycles, r.LastOut[0])
		}
		written := map[int]*waterfall.Layer{} // by tensor
		for i := range f.Layers {
			l, nl := &f.Layers[i], n.Net.Layers[i]
			for _, in := range nl.In {
				if before := written[in]; before != nil && l.FirstOut <= before.FirstOut {
					t.Errorf("seed %d: %s writes from cycle %d on, %s before it from %d on", seed, l.ID, l.FirstOut, before.ID, before.FirstOut)
				}
			}
			written[nl.Out] = l
			if l.Busy < 1 || !strings.HasPrefix(l.Process, l.ID) {
				t.Errorf("seed %d: %s works %d cycles by %s", seed, l.ID, l.Busy, l.Process)
			}
			for _, p := range r.Processes {
				if p.Name == l.Process && p.Run.Busy < l.Busy {
					t.Errorf("seed %d: %s works %d cycles, in the whole run %d", seed, l.Process, l.Busy, p.Run.Busy)
				}
			}
			sum := int64(0)
			for k := range l.Starved {
				sum += l.Starved[k] + l.Blocked[k]
				if l.Starved[k]+l.Blocked[k] > f.Step {
					t.Errorf("seed %d: %s waits %d and %d cycles in a step of %d", seed, l.ID, l.Starved[k], l.Blocked[k], f.Step)
				}
			}
			for k, w := range l.Waits {
				sum -= w.Cycles
				waits++
				if w.Cycles < 1 || k > 0 && w.Cycles > l.Waits[k-1].Cycles {
					t.Errorf("seed %d: waits of %s: %v", seed, l.ID, l.Waits)
				}
			}
			if sum != 0 {
				t.Errorf("seed %d: %s: the waits by step are %d cycles more than those by stream", seed, l.ID, sum)
			}
		}
		again, err := frame.Take(context.Background(), n, image)
		if err != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("seed %d: another measurement differs, %v", seed, err)
		}
	}
	if waits == 0 {
		t.Error("nothing waited")
	}
}

// TestWrite: the picture is well-formed XML with a bar for every layer, the axes' units, both colour schemes, and nothing from elsewhere.
func TestWrite(t *testing.T) {
	_, _, f := take(t, 7)
	f.Layers[0].ID, f.Layers[0].What = `<script>alert("a")</script>`, "a & b \x01"
	var b bytes.Buffer
	if err := waterfall.Write(&b, f, `"m<n>.onnx" & more`, 180); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	groups, names := 0, 0
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "g":
			groups++
		case "script", "image", "use", "a", "foreignObject":
			t.Errorf("element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "src" {
				t.Errorf("attribute %s", a.Name.Local)
			}
			if a.Name.Local == "class" && a.Value == "end" {
				names++
			}
		}
	}
	if groups != len(f.Layers) || names != len(f.Layers) {
		t.Errorf("%d groups and %d names of %d layers", groups, names, len(f.Layers))
	}
	for _, want := range []string{"prefers-color-scheme: dark", ">cycles</text>", ">µs</text>", "180 MHz", "&lt;script&gt;", "m&lt;n&gt;.onnx", "waits for data", "waits for room"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "http") || strings.Contains(text, "url(") {
		t.Error("something from elsewhere")
	}
}

// TestCheck: a frame whose cycles do not add up, or that is not in time, is refused.
func TestCheck(t *testing.T) {
	for name, spoil := range map[string]func(f *waterfall.Frame, l *waterfall.Layer){
		"no cycles":     func(f *waterfall.Frame, l *waterfall.Layer) { f.Cycles = 0 },
		"no step":       func(f *waterfall.Frame, l *waterfall.Layer) { f.Step = 0 },
		"many steps":    func(f *waterfall.Frame, l *waterfall.Layer) { f.Cycles = 1 << 40; f.Step = 1 },
		"late":          func(f *waterfall.Frame, l *waterfall.Layer) { l.LastOut = f.Cycles },
		"backwards":     func(f *waterfall.Frame, l *waterfall.Layer) { l.FirstOut = l.FirstIn - 1 },
		"more work":     func(f *waterfall.Frame, l *waterfall.Layer) { l.Busy++ },
		"negative":      func(f *waterfall.Frame, l *waterfall.Layer) { l.Fill, l.Busy = -1, l.Busy+l.Fill+1 },
		"no waits":      func(f *waterfall.Frame, l *waterfall.Layer) { l.Starved = nil },
		"steps blocked": func(f *waterfall.Frame, l *waterfall.Layer) { l.Blocked = append(l.Blocked, 1) },
	} {
		_, _, f := take(t, 7)
		spoil(f, &f.Layers[1])
		if f.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
