package acceptance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hass/codegen"
	"hass/codegen/lint"
	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/test/figures"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer"
	"hass/optimizer/derive"
	"hass/sparsity"
)

// The sweep makes small networks of every width, and a design and a project of each. generate must accept every design of optimize, and
// the emitted text must keep the limits of the tools, which lint and a check of the SystemVerilog measure.

// point is one network of the sweep with its options.
type point struct {
	kind     string
	channels int // of the image or of the layers inside
	classes  int // of the output
	pixels   int // per beat of the widest streams
	bits     int
	target   limits.Target
	platform string
	seed     int64
}

func (p point) String() string {
	return fmt.Sprintf("%s of %d channels and %d classes, %d pixels a beat, %d bits, %s on %s, seed %d", p.kind, p.channels, p.classes, p.pixels, p.bits, p.target, p.platform, p.seed)
}

// sweepKinds build networks; each ends in p.classes channels.
var sweepKinds = []struct {
	name  string
	build func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int)
}{
	{"convolution", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		conv(b.Last(), p.classes, 1+2*b.Rng.Intn(3), 1+b.Rng.Intn(2), 1)
	}},
	{"dense layer", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		conv(b.Last(), p.classes, 1, 1, 1)
	}},
	{"classifier", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		conv(b.Last(), p.channels, 3, 1, 1)
		conv(b.GlobalPool(b.Last(), b.Rng.Intn(2) == 0, b.Net.Tensors[b.Last()].Format), p.classes, 1, 1, 1)
	}},
	{"depthwise classifier", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		conv(b.Last(), p.channels, 1, 1, 1)
		conv(b.Last(), p.channels, 3+2*b.Rng.Intn(2), 1, p.channels)
		conv(b.GlobalPool(b.Last(), hwtest.Mean, b.Net.Tensors[b.Last()].Format), p.classes, 1, 1, 1)
	}},
	{"residual", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		x := conv(b.Last(), p.channels, 3, 1, 1)
		y := conv(x, p.channels, 3, 1, 1)
		conv(b.Add(x, y, b.Net.Tensors[x].Format), p.classes, 1, 1, 1)
	}},
	{"pools and tables", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		x := conv(b.Last(), p.channels, 1, 1, 1)
		f := b.Net.Tensors[x].Format
		x = b.Activation(x, intnet.ActLeaky, f)
		b.Pool(x, hwtest.Square(2, 2, 0), b.Rng.Intn(2) == 0, false, f)
		x = conv(b.Last(), p.classes, 1, 1, 1)
		b.Activation(x, intnet.ActCurve, f)
	}},
	{"maps", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		x := conv(b.Last(), p.channels, 3, 2, 1)
		t := b.Net.Tensors[x]
		x = b.Resize(x, 2*t.H, 2*t.W, b.Rng.Intn(2) == 0, t.Format)
		conv(x, p.classes, 1, 1, 1)
	}},
	{"branches", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		x := b.Last()
		y, z := conv(x, p.channels, 3, 1, 1), conv(x, 1+b.Rng.Intn(90), 1, 1, 1)
		if b.Rng.Intn(2) == 0 {
			b.Concat(y, z, conv(x, p.classes, 1, 1, 1))
		} else {
			conv(b.Concat(y, z), p.classes, 1, 1, 1)
		}
	}},
	{"gate", func(b *hwtest.Builder, p point, conv func(in, out, k, stride, groups int) int) {
		x := conv(b.Last(), p.channels, 1, 1, 1)
		g := conv(b.GlobalPool(x, hwtest.Mean, b.Net.Tensors[x].Format), p.channels, 1, 1, 1)
		conv(b.Mul(x, g, b.Net.Tensors[x].Format), p.classes, 1, 1, 1)
	}},
}

// net builds the network of a point.
func (p point) net() (*intnet.Net, error) {
	rng := rand.New(rand.NewSource(p.seed))
	f := fixed.Format{Bits: p.bits, Frac: p.bits / 2, Signed: true}
	h, w := 2+2*rng.Intn(4), 2+2*rng.Intn(10)
	image := cmp.Or([]int{1, 3, p.channels}[rng.Intn(3)], 1)
	switch p.kind {
	case "dense layer":
		h, w, image = 1, 1, p.channels
	case "convolution":
		image = p.channels
	}
	b := hwtest.NewBuilder(rng, h, w, image, f)
	conv := func(in, out, k, stride, groups int) int {
		return b.Conv(in, hwtest.ConvSpec{Window: hwtest.Square(k, stride, k/2), OutC: out, Groups: groups, Out: f, WeightBits: p.bits,
			Density: []float64{0.2, 0.6, 1}[rng.Intn(3)], Shift: p.bits, PerChannel: p.bits <= 8 && rng.Intn(3) == 0})
	}
	for _, k := range sweepKinds {
		if k.name == p.kind {
			k.build(b, p, conv)
			return b.Done()
		}
	}
	return nil, fmt.Errorf("no kind %q", p.kind)
}

// namedClasses are class counts that did not get through generate: primes and multiples of large ones.
var namedClasses = []int{67, 97, 101, 127, 365, 1000}

// sweepPoints are the named class counts in every way, and n points at random.
func sweepPoints(n int) []point {
	rng := rand.New(rand.NewSource(1))
	var list []point
	add := func(p point) {
		p.seed = int64(len(list) + 1)
		list = append(list, p)
	}
	for _, classes := range namedClasses {
		for _, bits := range []int{4, 8, 16} {
			for _, target := range []limits.Target{limits.HLS, limits.RTL} {
				for _, kind := range []string{"convolution", "dense layer", "classifier"} {
					add(point{kind, 1 + rng.Intn(64), classes, 1, bits, target, "u250", 0})
				}
			}
		}
	}
	for range n {
		add(point{
			kind:     sweepKinds[rng.Intn(len(sweepKinds))].name,
			channels: 1 + rng.Intn(300),
			classes:  2 + rng.Intn([]int{20, 150, 999}[rng.Intn(3)]),
			pixels:   1 << rng.Intn(5),
			bits:     4 + rng.Intn(13),
			target:   []limits.Target{limits.HLS, limits.RTL, limits.Both}[rng.Intn(3)],
			platform: []string{"u250", "u250", "zcu104", "zybo"}[rng.Intn(4)],
		})
	}
	return list
}

// The ways in which a point ends.
const (
	endProject = "project"
	endLimit   = "refused by optimize: a limit"
	endBudget  = "refused by optimize: the budget"
)

// run takes a point through optimize and generate in the folder dir and gives its end, and the project if there is one. An error
// is anything that may not be.
func (p point) run(ctx context.Context, dir string) (end, project string, err error) {
	net, err := p.net()
	if err != nil {
		return "", "", fmt.Errorf("network: %w", err)
	}
	in := net.Tensors[net.Input]
	rng := rand.New(rand.NewSource(p.seed))
	golden := &npy.Array{DType: "int32", Shape: []int{2, in.H, in.W, in.C}}
	x, err := intnet.New(net)
	if err != nil {
		return "", "", err
	}
	var values [2][][]int32 // by image and tensor
	for i := range values {
		image := hwtest.Image(rng, in)
		golden.I32 = append(golden.I32, image...)
		if _, err := x.Run(image); err != nil {
			return "", "", err
		}
		for t := range net.Tensors {
			values[i] = append(values[i], slices.Clone(x.Tensor(t)))
		}
	}
	est, err := sparsity.NewEstimator(net, sparsity.NewBitmaps(net, len(values), func(image, tensor int) []int32 { return values[image][tensor] }), sparsity.EstimatorOptions{Seed: 1})
	if err != nil {
		return "", "", err
	}
	platform, err := design.LoadPlatform(p.platform)
	if err != nil {
		return "", "", err
	}
	preproc := design.Preproc{Divisor: 1}
	for range in.C {
		preproc.Mean, preproc.Std = append(preproc.Mean, 0), append(preproc.Std, 1)
	}
	d, err := optimizer.Optimize(ctx, optimizer.Input{Net: net, Est: est, Platform: platform, Shares: design.WholeShares(), Pixels: p.pixels, Target: p.target, Coarse: true, Effort: 20000,
		Model: "sweep.onnx", Bits: strconv.Itoa(p.bits), Preproc: preproc, Inputs: map[string]string{"model": strings.Repeat("0", 64), "profile": strings.Repeat("0", 64)}})
	var over *optimizer.LimitError
	switch {
	case errors.As(err, &over):
		if over.Layer == "" || over.Breach == nil {
			return "", "", fmt.Errorf("refused without a layer or a limit: %w", err)
		}
		return endLimit + " (" + limits.LimitTable()[over.Breach.Limit].Name + ")", "", nil
	case err != nil:
		return "", "", fmt.Errorf("optimize: %w", err)
	case !d.Fits:
		if len(d.Shortfall) == 0 {
			return "", "", errors.New("a design does not fit and does not say why")
		}
		return endBudget, "", nil
	}
	path := filepath.Join(dir, "design.json")
	if err := design.Write(ctx, d, path, golden); err != nil {
		return "", "", err
	}
	if d, err = derive.ReadDesign(path); err != nil {
		return "", "", err
	}
	project = filepath.Join(dir, "project")
	if _, err := codegen.Generate(ctx, d, dir, project, codegen.Options{}); err != nil {
		return "", "", fmt.Errorf("generate: %w", err)
	}
	files, err := readText(project)
	if err != nil {
		return "", "", err
	}
	if codegen.DefaultTarget(d) == codegen.RTL {
		err = checkWidths(files["rtl/hass_top.sv"])
	} else if found := lint.Lint(files); len(found) > 0 {
		err = fmt.Errorf("the emitted C++: %d findings, the first %v", len(found), found[0])
	}
	return endProject, project, err
}

// readText reads the text files of a project.
func readText(dir string) (map[string]string, error) {
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".bin") {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	return files, err
}

// The smallest limit of bits that IEEE 1800 allows a tool, and the largest width of AMD's DMA.
const (
	svVector = 65536
	axiWord  = 1024
)

var (
	svRange  = regexp.MustCompile(`\[(\d+):0\] *(\w+)`)
	svEngine = regexp.MustCompile(`(?s)hass_engine #\((.*?)\n  \)`)
	svParam  = regexp.MustCompile(`\.(\w+)\((\d+)\)`)
)

// checkWidths measures the vectors of an emitted top: declared ones, and the rows of weights of its engines.
func checkWidths(text string) error {
	ranges := svRange.FindAllStringSubmatch(text, -1)
	if len(ranges) < 10 {
		return fmt.Errorf("%d vectors in the top", len(ranges))
	}
	for _, m := range ranges {
		bits, err := strconv.Atoi(m[1])
		if bits++; err != nil || bits > svVector || strings.HasSuffix(m[2], "_tdata") && bits > axiWord {
			return fmt.Errorf("vector %s of the top has %d bits", m[2], bits)
		}
	}
	for _, m := range svEngine.FindAllStringSubmatch(text, -1) {
		v := map[string]int{}
		for _, q := range svParam.FindAllStringSubmatch(m[1], -1) {
			v[q[1]], _ = strconv.Atoi(q[2])
		}
		// The flags of weights that are not 0 are in a separate memory.
		if row := v["M"] * v["GANG"] * v["W_BITS"]; row == 0 || row > svVector {
			return fmt.Errorf("an engine's row of weights has %d bits", row)
		}
	}
	return nil
}

// TestSweepSample is a glance at the sweep: twelve of its points.
func TestSweepSample(t *testing.T) {
	testenv.Long(t)
	points := sweepPoints(200)
	rand.New(rand.NewSource(2)).Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	ends := map[string]int{}
	for _, p := range points[:12] {
		end, _, err := p.run(t.Context(), t.TempDir())
		if err != nil {
			t.Errorf("%v: %v", p, err)
		}
		ends[end]++
	}
	if ends[endProject] < 6 {
		t.Errorf("%v; want projects of at least half", ends)
	}
}

// sweepRandom is the number of points at random, sweepVerified of the designs that are run as C++ and as RTL.
const (
	sweepRandom   = 1200
	sweepVerified = 12
)

// TestHostileSweep runs the whole sweep, and a dozen of its projects.
func TestHostileSweep(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: the sweep takes a quarter of an hour (run \"make acceptance-hostile HOSTILE_ONLY=Sweep\")")
	}
	type row struct{ target, end string }
	counts := map[row]int{}
	named := 0
	points := sweepPoints(sweepRandom)
	for i, p := range points {
		dir := t.TempDir()
		end, _, err := p.run(t.Context(), dir)
		if err != nil {
			t.Errorf("%v: %v", p, err)
			end = "neither: " + err.Error()
		}
		if i < len(points)-sweepRandom && end == endProject {
			named++
		}
		counts[row{string(p.target), end}]++
		os.RemoveAll(dir)
		if i%100 == 99 {
			t.Logf("%d of %d", i+1, len(points))
		}
	}
	if want := len(points) - sweepRandom; named != want {
		t.Errorf("%d of %d networks of the named class counts became projects", named, want)
	}
	verified := sweepVerify(t)
	table := figures.Table{
		Command: "make acceptance-hostile HOSTILE_ONLY=Sweep",
		Note: fmt.Sprintf("%d networks of one to four layers (%s): channels 1 to 300, class counts 2 to 1,000 with %v in every way, 1 to 16 pixels a beat, 4 to 16 bits. "+
			"Emitted text is measured apart from the table of limits: C++ by codegen/lint, SystemVerilog by its vectors. %d designs for both targets were run as C++ by g++ and as RTL in Verilator, with %d mismatches.",
			len(points), kindNames(), namedClasses, sweepVerified, sweepVerified-verified),
		Columns: []string{"target", "end", "networks"},
	}
	for _, target := range []limits.Target{limits.HLS, limits.RTL, limits.Both} {
		var ends []string
		for r := range counts {
			if r.target == string(target) {
				ends = append(ends, r.end)
			}
		}
		slices.Sort(ends)
		for _, end := range ends {
			table.Rows = append(table.Rows, []string{string(target), end, strconv.Itoa(counts[row{string(target), end}])})
		}
	}
	if !t.Failed() {
		figures.Write(t, "limits-sweep", table)
	}
}

func kindNames() string {
	var names []string
	for _, k := range sweepKinds {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// sweepVerify runs designs of random points for both targets as C++ and as RTL and gives the number of equal ones.
func sweepVerify(t *testing.T) (equal int) {
	points := sweepPoints(4 * sweepRandom)[len(sweepPoints(0))+sweepRandom:]
	done := 0
	for _, p := range points {
		if done == sweepVerified {
			return equal
		}
		// Compilers want small networks.
		p.channels, p.classes, p.target, p.platform = 1+p.channels%40, 2+p.classes%130, limits.Both, "zcu104"
		dir := t.TempDir()
		end, project, err := p.run(t.Context(), dir)
		if err != nil {
			t.Errorf("%v: %v", p, err)
		}
		if end != endProject {
			continue
		}
		done++
		ok := true
		r, err := verify.CSim(t.Context(), project)
		if err != nil || !r.OK() {
			t.Errorf("%v: C++: %v %+v", p, err, r)
			ok = false
		}
		d, err := derive.ReadDesign(filepath.Join(dir, "design.json"))
		if err != nil {
			t.Fatal(err)
		}
		rtl := filepath.Join(dir, "rtl")
		if _, err := codegen.Generate(t.Context(), d, dir, rtl, codegen.Options{Target: codegen.RTL}); err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		v, err := verify.RTL(t.Context(), rtl, verify.Options{})
		if err != nil || !v.OK() {
			t.Errorf("%v: RTL: %v %+v", p, err, v)
			ok = false
		}
		if ok {
			equal++
		}
		t.Logf("%d of %d run: %v", done, sweepVerified, p)
		os.RemoveAll(dir)
	}
	t.Errorf("%d of %d designs were run", done, sweepVerified)
	return equal
}
