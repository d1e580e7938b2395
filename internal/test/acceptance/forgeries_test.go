package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/edits"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/npy"
	"hass/internal/test/figures"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
)

// A forgery changes one side of a pair: a design with its weights and golden images, or a project. It makes that side
// consistent again: hashes, manifest, totals. It must be refused on reading, or be found by comparison with the other
// side, with the name of the forged file.

// Counts of a full run.
const (
	forgeries    = 500
	neutralEdits = 50
	wrongPairs   = 20
)

// pair is a design, its folder, and its projects by target.
type pair struct {
	dir      string
	design   *design.Design
	golden   *npy.Array
	projects map[codegen.Target]string
}

// forger changes one thing of a design and gives the words of which a message that finds it has one; none if it does not apply.
type forger struct {
	what string
	do   func(rng *rand.Rand, d *design.Design, golden *npy.Array) []string
}

// someConv picks a convolution.
func someConv(rng *rand.Rand, d *design.Design) (i int, l *intnet.Layer) {
	for {
		i = rng.Intn(len(d.Net.Layers))
		if l = &d.Net.Layers[i]; l.Conv != nil {
			return i, l
		}
	}
}

var forgers = []forger{
	{"FIFO depth", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		f := &d.FIFOs[rng.Intn(len(d.FIFOs))]
		f.Depth += 1 + rng.Intn(7*f.Depth)
		return []string{f.Name}
	}},
	{"shift", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		if l.Conv.Shift == nil {
			return nil // thresholds
		}
		l.Conv.Shift[rng.Intn(len(l.Conv.Shift))]++
		return []string{l.ID}
	}},
	{"multiplier", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		if l.Conv.Mul == nil {
			return nil
		}
		l.Conv.Mul[rng.Intn(len(l.Conv.Mul))] += int64(1 - 2*rng.Intn(2))
		return []string{l.ID}
	}},
	{"threshold of a sum", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		if l.Conv.Thresholds == nil {
			return nil
		}
		list := l.Conv.Thresholds[rng.Intn(len(l.Conv.Thresholds))]
		list[len(list)-1]++ // they still rise
		return []string{l.ID}
	}},
	{"factor", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		l := &d.Net.Layers[rng.Intn(len(d.Net.Layers))]
		if l.Kind != intnet.KindAdd && l.Kind != intnet.KindMul {
			return nil
		}
		k := 0
		if l.Kind == intnet.KindAdd {
			k = rng.Intn(2)
		}
		l.Factors[k]++
		return []string{l.ID}
	}},
	{"shift of a sum or product of tensors", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		l := &d.Net.Layers[rng.Intn(len(d.Net.Layers))]
		if l.Kind != intnet.KindAdd && l.Kind != intnet.KindMul {
			return nil
		}
		l.Shift++
		return []string{l.ID}
	}},
	{"places of an average's multipliers", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		l := &d.Net.Layers[rng.Intn(len(d.Net.Layers))]
		if l.Pool == nil || l.Pool.Max {
			return nil
		}
		l.Pool.Scale--
		return []string{l.ID}
	}},
	{"scale of a format", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		t := &d.Net.Tensors[rng.Intn(len(d.Net.Tensors))]
		if t.Format.Scale == 0 {
			return nil
		}
		t.Format.Scale = math.Nextafter(t.Format.Scale, 2) // a scale is below 2
		return append(readersOf(d, t), t.ID)
	}},
	{"step of weights", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		if l.Conv.WeightStep == nil {
			return nil
		}
		step := &l.Conv.WeightStep[rng.Intn(len(l.Conv.WeightStep))]
		*step = math.Nextafter(*step, 1)
		return []string{l.ID}
	}},
	{"bias", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		l.Conv.Bias[rng.Intn(len(l.Conv.Bias))] += int64(1 - 2*rng.Intn(2))
		return []string{l.ID}
	}},
	{"weight", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		w := &l.Conv.Weights[rng.Intn(len(l.Conv.Weights))]
		if *w > 0 {
			*w--
		} else {
			*w++
		}
		return []string{l.ID}
	}},
	{"rounding", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		l := &d.Net.Layers[rng.Intn(len(d.Net.Layers))]
		if !l.Requantises() {
			return nil
		}
		l.Rounding = fixed.HalfUp + fixed.HalfEven - l.Rounding
		return []string{l.ID}
	}},
	{"rounding of the input", func(_ *rand.Rand, d *design.Design, _ *npy.Array) []string {
		d.Net.InputRounding = fixed.HalfUp + fixed.HalfEven - d.Net.InputRounding
		return []string{"input_rounding"}
	}},
	{"threshold of an edge", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		l.Conv.TauA++
		return []string{l.ID}
	}},
	{"clamp", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		l := &d.Net.Layers[rng.Intn(len(d.Net.Layers))]
		l.Hi--
		return []string{l.ID}
	}},
	{"engine kind", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		hl := &d.Layers[i]
		m := hw.EngineLanes(d.Net, *l, *hl)
		for _, kind := range hw.LaneEngines() {
			if kind == hl.Engine || m == 1 {
				continue
			}
			for _, n := range []int{hl.N, 1, m} { // as many multipliers, if the kind can have them
				if kind.Row().Legal(m, n) {
					hwtest.SetEngine(d.Net, i, hl, kind, n)
					return []string{l.ID}
				}
			}
		}
		return nil
	}},
	{"multipliers", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		if d.Layers[i].N < 2 {
			return nil
		}
		d.Layers[i].N--
		return []string{l.ID}
	}},
	{"lanes of a cascade", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		if d.Layers[i].Packing.Deep < 2 {
			return nil
		}
		d.Layers[i].Packing.Deep--
		return []string{l.ID}
	}},
	{"gang depth", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		d.Layers[i].GangDepth++
		return []string{l.ID}
	}},
	{"banks of two words", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		places := []byte(d.Layers[i].Scheduled.Places)
		if len(places) < 2 {
			return nil
		}
		a, b := rng.Intn(len(places)), rng.Intn(len(places))
		if places[a] == places[b] {
			return nil
		}
		places[a], places[b] = places[b], places[a]
		d.Layers[i].Scheduled.Places = string(places)
		return []string{l.ID}
	}},
	{"chains", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		if d.Layers[i].ChainCount() == 0 || d.Layers[i].Scheduled.Chains == l.Conv.OutC {
			return nil
		}
		d.Layers[i].Scheduled.Chains++
		return []string{l.ID}
	}},
	{"memory of the banks", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		switch s := &d.Layers[i].Scheduled; s.BankMem {
		case memory.None:
			return nil
		case memory.LUTRAM:
			s.BankMem = memory.BRAM
		default:
			s.BankMem = memory.LUTRAM
		}
		return []string{l.ID}
	}},
	{"weight memory", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		if d.Layers[i].WeightMem == memory.BRAM {
			d.Layers[i].WeightMem = memory.LUTRAM
		} else {
			d.Layers[i].WeightMem = memory.BRAM
		}
		return []string{l.ID}
	}},
	{"line buffer", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, l := someConv(rng, d)
		d.Layers[i].LinePixels++
		return []string{l.ID}
	}},
	{"golden word", func(rng *rand.Rand, d *design.Design, golden *npy.Array) []string {
		k := rng.Intn(len(golden.I32))
		if golden.I32[k] > 0 {
			golden.I32[k]--
		} else {
			golden.I32[k]++
		}
		return []string{"golden"}
	}},
	{"binary point", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		t := &d.Net.Tensors[rng.Intn(len(d.Net.Tensors))]
		t.Format.Frac++
		return append(readersOf(d, t), t.ID)
	}},
	{"pads", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		_, l := someConv(rng, d)
		l.Conv.Pads[0]++
		return []string{l.ID}
	}},
	{"layer name", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		l := &d.Net.Layers[rng.Intn(len(d.Net.Layers))]
		l.Name += "x"
		return []string{l.ID}
	}},
	{"part", func(_ *rand.Rand, d *design.Design, _ *npy.Array) []string {
		d.Part += "-x"
		return []string{"part"}
	}},
	{"clock", func(_ *rand.Rand, d *design.Design, _ *npy.Array) []string {
		d.Clock.Limit /= 2 // derived fields are computed again: all rates change
		return []string{"clock", "predicted"}
	}},
	{"preprocessing", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		d.Preproc.Mean[rng.Intn(len(d.Preproc.Mean))] += 0.01
		return []string{"preproc"}
	}},
	{"cycles of a layer", func(rng *rand.Rand, d *design.Design, _ *npy.Array) []string {
		i, _ := someConv(rng, d)
		c := &d.Costs[i]
		if !d.Layers[i].Engine.Skips() { // its cycles follow from shapes, or from the schedule
			return nil
		}
		c.Cycles *= 1.01
		return []string{c.Layer, "predicted"}
	}},
}

// readersOf are the IDs of a tensor's layers.
func readersOf(d *design.Design, t *intnet.Tensor) (ids []string) {
	for i := range d.Net.Layers {
		l := &d.Net.Layers[i]
		for _, k := range append(slices.Clone(l.In), l.Out) {
			if &d.Net.Tensors[k] == t {
				ids = append(ids, l.ID)
			}
		}
	}
	return ids
}

// TestHostileForgeries forges designs and projects.
func TestHostileForgeries(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: hundreds of forged designs and projects (run \"make acceptance-hostile\")")
	}
	rng := rand.New(rand.NewSource(1))
	pairs := makePairs(t)
	seen := map[string][3]int{} // by kind: refused on reading, found against the other side, missed
	count := func(what string, column int) {
		c := seen[what]
		c[column]++
		seen[what] = c
	}
	kind := 0
	for n := 0; n < forgeries; {
		p := pairs[rng.Intn(len(pairs))]
		target := []codegen.Target{codegen.HLS, codegen.RTL}[rng.Intn(2)]
		if n%4 == 3 {
			file, ok := p.forgeText(t, rng, target)
			if !ok {
				continue
			}
			n++
			if got := compareProject(t, p.design, p.dir, file.project); strings.Contains(got, file.name) {
				count("project: a word of a generated file", 1)
			} else {
				count("project: a word of a generated file", 2)
				t.Errorf("%s of %s edited, manifest made anew: %q", file.name, target, got)
			}
			continue
		}
		f := forgers[kind%len(forgers)]
		d, golden := p.copy(t)
		words := f.do(rng, d, golden)
		if words == nil {
			continue // this kind does not apply here: another pair, another layer
		}
		kind++
		n++
		if err := derive.Refresh(d); err != nil {
			count("design: "+f.what, 0) // no reader would expand it either
			continue
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "design.json")
		if err := design.Write(context.Background(), d, path, golden); err != nil {
			count("design: "+f.what, 0)
			continue
		}
		forged, err := derive.ReadDesign(path)
		if err != nil {
			count("design: "+f.what, 0)
			continue
		}
		if rng.Intn(2) == 0 {
			// The project is the forged side: one made from the forged design, against the true design.
			out := filepath.Join(dir, "project")
			if _, err := codegen.Generate(context.Background(), forged, dir, out, codegen.Options{Target: target}); err != nil {
				count("project: "+f.what, 0)
				continue
			}
			p.judge(t, count, "project: "+f.what, compareProject(t, p.design, p.dir, out), words)
			continue
		}
		p.judge(t, count, "design: "+f.what, compareProject(t, forged, dir, p.projects[target]), words)
	}
	neutral := 0
	for range neutralEdits {
		p := pairs[rng.Intn(len(pairs))]
		if what, got := p.neutral(t, rng); got != "" {
			t.Errorf("%s: %s", what, got)
		} else {
			neutral++
		}
	}
	wrong := 0
	for k := range wrongPairs {
		a, b := pairs[k%len(pairs)], pairs[(k+1+k/len(pairs))%len(pairs)]
		if a == b {
			b = pairs[(k+1)%len(pairs)]
		}
		for _, target := range []codegen.Target{codegen.HLS, codegen.RTL} {
			if got := compareProject(t, a.design, a.dir, b.projects[target]); got == "" {
				t.Errorf("a project of %s passes for the design of %s", b.dir, a.dir)
			} else {
				wrong++
			}
		}
	}
	rows := [][]string{}
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		c := seen[what]
		rows = append(rows, []string{what, fmt.Sprint(c[0]), fmt.Sprint(c[1]), fmt.Sprint(c[2])})
	}
	rows = append(rows, []string{"neutral edits", "-", "-", fmt.Sprintf("%d of %d accepted", neutral, neutralEdits)},
		[]string{"a project with the design of another, both targets", "-", fmt.Sprint(wrong), fmt.Sprint(2*wrongPairs - wrong)})
	if !t.Failed() {
		figures.Write(t, "forgeries", figures.Table{
			Command: "make acceptance-hostile HOSTILE_ONLY=Forgeries",
			Note: fmt.Sprintf("%d forgeries of one side of a pair, its hashes, manifest and totals made consistent again. "+
				"A forgery is refused when it is read, or found by name against the other side.", forgeries),
			Columns: []string{"forged", "refused on reading", "found against the other side", "missed"}, Rows: rows,
		})
	}
}

// judge counts whether a difference was found by name.
func (p *pair) judge(t *testing.T, count func(string, int), what, got string, words []string) {
	t.Helper()
	if got != "" && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(got, w) }) {
		count(what, 1)
		return
	}
	count(what, 2)
	t.Errorf("%s: %q names none of %q", what, got, words)
}

// makePairs makes designs of the demo and of a quantised model, and their projects.
func makePairs(t *testing.T) []*pair {
	t.Helper()
	a := &acceptance{dir: t.TempDir()}
	k := &caseRun{acceptance: a, dir: t.TempDir()}
	a.bin = buildHass(t, a.dir)
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	model, calib := filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml")
	pruned := filepath.Join(k.dir, "pruned.toml")
	if err := os.WriteFile(pruned, []byte("[default]\ntau_w = 0.02\ntau_a = 0.05\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var pairs []*pair
	quantised := writeQuantised(t, k.dir)
	for i, v := range []struct {
		model             string
		profile, optimize []string
	}{
		{model, []string{"--bits", "16"}, []string{"--platform", "zedboard"}},
		{model, []string{"--bits", "8"}, []string{"--platform", "zcu104", "--engine", "crossbar"}},
		{model, []string{"--bits", "8", "--thresholds", pruned}, []string{"--platform", "zedboard", "--engine", "banked", "--pixels", "2"}},
		{model, []string{"--bits", "8", "--thresholds", pruned}, []string{"--platform", "zcu104", "--engine", "scheduled", "--pixels", "rows"}},
		{model, []string{"--bits", "8"}, []string{"--platform", "zcu104", "--engine", "packed", "--pixels", "2"}},
		{model, []string{"--bits", "12"}, []string{"--platform", "zcu104", "--engine", "dense", "--budget-share", "0.4"}},
		{model, []string{"--bits", "16", "--thresholds", pruned}, []string{"--platform", "zedboard", "--objective", "latency"}},
		{quantised, nil, []string{"--platform", "zcu104"}},
		{quantised, nil, []string{"--platform", "zedboard", "--engine", "banked", "--budget-share", "0.5"}},
	} {
		dir := filepath.Join(k.dir, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "design.json")
		k.must(t, append([]string{"profile", v.model, "--data", calib, "-o", filepath.Join(dir, "profile.json")}, v.profile...)...)
		k.must(t, append([]string{"optimize", v.model, "--profile", filepath.Join(dir, "profile.json"), "-o", path}, v.optimize...)...)
		p := &pair{dir: dir, projects: map[codegen.Target]string{}}
		var err error
		if p.design, err = derive.ReadDesign(path); err != nil {
			t.Fatal(err)
		}
		if p.golden, err = p.design.ReadGolden(dir); err != nil {
			t.Fatal(err)
		}
		for _, target := range []codegen.Target{codegen.HLS, codegen.RTL} {
			p.projects[target] = filepath.Join(dir, string(target))
			if _, err := codegen.Generate(context.Background(), p.design, dir, p.projects[target], codegen.Options{Target: target}); err != nil {
				t.Fatal(err)
			}
			if got := compareProject(t, p.design, dir, p.projects[target]); got != "" {
				t.Fatalf("a true pair: %s", got)
			}
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// copy reads the design again, so that it can be changed.
func (p *pair) copy(t *testing.T) (*design.Design, *npy.Array) {
	t.Helper()
	d, err := derive.ReadDesign(filepath.Join(p.dir, "design.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden := *p.golden
	golden.I32 = slices.Clone(p.golden.I32)
	return d, &golden
}

// compareProject gives the message of verify before it runs anything; "" if the project belongs to the design.
func compareProject(t *testing.T, d *design.Design, dir, project string) string {
	t.Helper()
	c, err := codegen.Compare(context.Background(), d, dir, project)
	if err != nil {
		return err.Error()
	}
	return c.Problem()
}

// forgedFile is a project with one file changed.
type forgedFile struct{ project, name string }

var number = regexp.MustCompile(`\b[0-9]+\b`)

// forgeText changes a number in a generated text and updates the manifest; false if the number has no meaning, for example
// in a comment.
func (p *pair) forgeText(t *testing.T, rng *rand.Rand, target codegen.Target) (forgedFile, bool) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(out, os.DirFS(p.projects[target])); err != nil {
		t.Fatal(err)
	}
	m, err := artifact.ReadManifest(out)
	if err != nil {
		t.Fatal(err)
	}
	i := rng.Intn(len(m.Files))
	name := m.Files[i].Path
	path := filepath.Join(out, filepath.FromSlash(name))
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var forged []byte
	if strings.HasSuffix(name, ".bin") {
		forged = bytes.Clone(old)
		forged[rng.Intn(len(forged))] ^= 1 << rng.Intn(8)
	} else {
		at := number.FindAllIndex(old, -1)
		if len(at) == 0 {
			return forgedFile{}, false
		}
		k := at[rng.Intn(len(at))]
		forged = slices.Concat(old[:k[0]], []byte("7"), old[k[0]:])
	}
	if edits.Neutral(name, old, forged) {
		return forgedFile{}, false
	}
	if err := os.WriteFile(path, forged, 0o666); err != nil {
		t.Fatal(err)
	}
	m.Files[i].SHA256, m.Files[i].Bytes = artifact.HashBytes(forged), int64(len(forged))
	var b bytes.Buffer
	if err := artifact.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, artifact.ManifestName), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return forgedFile{out, name}, true
}

// neutral makes an edit without an effect and gives the message about it, "" if it is accepted.
func (p *pair) neutral(t *testing.T, rng *rand.Rand) (what, got string) {
	t.Helper()
	target := []codegen.Target{codegen.HLS, codegen.RTL}[rng.Intn(2)]
	out := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(out, os.DirFS(p.projects[target])); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		path := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	top := map[codegen.Target]string{codegen.HLS: "src/hass_top.cpp", codegen.RTL: "rtl/hass_top.sv"}[target]
	switch what = []string{"order of the design's keys", "a comment", "blank lines", "a foreign file", "a foreign folder", "the README"}[rng.Intn(6)]; what {
	case "order of the design's keys":
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(p.dir)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "design.json")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if data, err = json.Marshal(v); err != nil { // keys in the order of the alphabet, no blanks
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		d, err := derive.ReadDesign(path)
		if err != nil {
			return what, err.Error()
		}
		return what, compareProject(t, d, dir, out)
	case "a comment":
		write(top, "// mine\n"+read(top))
	case "blank lines":
		write(top, strings.Replace(read(top), "\n", "\n\n\n", 3))
	case "a foreign file":
		write("notes.txt", "mine")
	case "a foreign folder":
		write("vivado_out/impl.dcp", "mine")
	case "the README":
		write("README.md", read("README.md")+"\nMine.\n")
	}
	return what, compareProject(t, p.design, p.dir, out)
}
