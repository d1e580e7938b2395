package acceptance

import (
	"cmp"
	"context"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/frontend"
	"hass/hwsim"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/steps/cosim"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer"
	"hass/sparsity"
)

// TestRTL simulates the RTL of trained networks in Verilator: bit-exact against the integer network with and
// without random stalls, and without them every cycle of an image, every stall and every FIFO mark equals the
// simulator's. Single cases can be run by -run 'TestRTL/ResNet-8/dense'; HASS_ACCEPTANCE_RTL_RUNS, if set, keeps the
// projects. docs/measurements.md shows the figures. Times are CPU seconds of both cores together, so that other work on
// the machine disturbs them little.
func TestRTL(t *testing.T) {
	r := newRTLRun(t)
	for _, n := range rtlNetworks {
		t.Run(n.name, func(t *testing.T) { r.network(t, n) })
	}
	for _, b := range rtlBlocks {
		t.Run(b.name, func(t *testing.T) { r.block(t, b) })
	}
	t.Run("Command", r.command)
	t.Run("Speed", r.speed)
	t.Run("Build", r.build)
}

// rtlStall is how often, in percent, ports and FIFOs are late in the runs with stalls.
const rtlStall = 30

// rtlDesign says how the hardware of a network is chosen.
type rtlDesign struct {
	name     string
	bits     int
	platform string
	share    float64 // of its budget
	engine   design.EngineRule
	pixels   int
}

// rtlNetwork is a trained network and its designs, which between them have every kind of engine,
// both widths, and beats of several pixels.
type rtlNetwork struct {
	name, model string // a path in the data, or from the module's root
	images      int
	designs     []rtlDesign
}

var rtlNetworks = []rtlNetwork{
	{"Demo", "examples/demo/model.onnx", 20, []rtlDesign{
		{"dense", 16, "zedboard", 1, "dense", 1},
		{"auto8", 8, "zedboard", 1, "auto", 2},
		{"crossbar", 16, "zcu104", 1, "crossbar", 1},
		{"banked", 16, "zcu104", 0.4, "banked", 1},
		{"elastic", 16, "zedboard", 1, "elastic", 1},
	}},
	{"LeNet", lenet, 20, []rtlDesign{
		{"dense8", 8, "zedboard", 1, "dense", 1},
		{"auto8", 8, "zedboard", 1, "auto", 2},
		{"crossbar8", 8, "zcu104", 1, "crossbar", 4},
		{"banked", 16, "zc706", 0.4, "banked", 1},
		{"elastic8", 8, "zedboard", 1, "elastic", 2},
	}},
	{"ResNet-8", resnet, 20, []rtlDesign{
		{"dense", 16, "zedboard", 1, "dense", 1},
		{"auto", 16, "zedboard", 1, "auto", 1},
		{"crossbar8", 8, "zcu104", 0.3, "crossbar", 2},
		{"elastic", 16, "zedboard", 1, "elastic", 1},
	}},
}

// rtlBlock is a part of a trained network as a separate network.
type rtlBlock struct {
	name, model string
	first, last string // names of layers: from the input of the first to the output of the last
	weights8    bool   // 8-bit weights, 16-bit activations
	crop        int    // rows and columns of the input, if not all
	images      int
	design      rtlDesign
}

var rtlBlocks = []rtlBlock{
	{"MobileNetV3-Small", "mobilenet_v3_small/model.onnx.gz", "dwconv_0", "conv_3", false, 0, 3, rtlDesign{bits: 16, platform: "zedboard", share: 1, engine: "auto", pixels: 1}},
	{"MobileNetV2", "mobilenet_v2/model.onnx.gz", "conv_8", "add_1", false, 0, 2, rtlDesign{bits: 16, platform: "zedboard", share: 1, engine: "auto", pixels: 1}},
	{"ResNet-50", "resnet50_pruned/model.onnx.gz", "layer1.0.conv1", "layer1.0.add", true, 14, 3, rtlDesign{bits: 16, platform: "zedboard", share: 1, engine: "auto", pixels: 1}},
}

// rtlRun is one run of TestRTL.
type rtlRun struct {
	*acceptance
	runs     string
	measured map[string]*rtlModel
}

// newRTLRun skips the test unless it is asked for.
func newRTLRun(t *testing.T) *rtlRun {
	t.Helper()
	if os.Getenv("HASS_ACCEPTANCE_RTL") != "1" {
		t.Skip("skipped: the RTL of whole networks takes long and needs trained models (run \"make acceptance-rtl\")")
	}
	r := &rtlRun{acceptance: newAcceptance(t), measured: map[string]*rtlModel{}}
	r.runs = cmp.Or(os.Getenv("HASS_ACCEPTANCE_RTL_RUNS"), filepath.Join(r.dir, "rtl"))
	return r
}

// rtlModel is a network with its zeros and its golden images.
type rtlModel struct {
	net     *intnet.Net
	est     optimizer.CycleEstimator
	images  [][]int32
	preproc design.Preproc
}

// rtlPairs is the approximate number of pairs of a convolution that the choice of hardware considers.
const rtlPairs = 1 << 16

// measure profiles a model on the first of its calibration images and quantises its first test images.
func (r *rtlRun) measure(t *testing.T, model string, opt sparsity.Options, images int) *rtlModel {
	t.Helper()
	key := fmt.Sprint(model, " ", opt.Bits, " ", images)
	if m := r.measured[key]; m != nil {
		return m
	}
	path := r.path(model)
	if strings.HasPrefix(model, "examples/") {
		path = filepath.Join(testenv.Root(t), filepath.FromSlash(model))
	}
	g, err := frontend.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(filepath.Join(filepath.Dir(path), "calib.toml"))
	if err != nil {
		t.Fatal(err)
	}
	opt.GoldenImages = images
	p, err := sparsity.Measure(context.Background(), g, set.Limit(max(images, 4)), opt)
	if err != nil {
		t.Fatal(err)
	}
	m := &rtlModel{preproc: design.Preproc(set.Preproc)}
	if m.net, err = quant.Lower(g, &p.Profile.Spec); err != nil {
		t.Fatal(err)
	}
	if m.est, err = sparsity.NewEstimator(m.net, p.Bitmaps, sparsity.EstimatorOptions{Pairs: rtlPairs}); err != nil {
		t.Fatal(err)
	}
	in := m.net.Tensors[m.net.Input]
	m.images = slices.Collect(slices.Chunk(p.Golden.I32, in.H*in.W*in.C))
	r.measured[key] = m
	return m
}

// optimize chooses the hardware of a design, which must fit.
func (m *rtlModel) optimize(t *testing.T, c rtlDesign) *design.Design {
	t.Helper()
	platform, err := design.LoadPlatform(c.platform)
	if err != nil {
		t.Fatal(err)
	}
	shares := design.WholeShares()
	for _, s := range []*float64{&shares.DSP, &shares.LUT, &shares.FF, &shares.BRAM18, &shares.URAM} {
		*s *= c.share
	}
	d, err := optimizer.Optimize(context.Background(), optimizer.Input{Net: m.net, Est: m.est, Platform: platform, Engine: c.engine, Pixels: c.pixels, Shares: shares, Preproc: m.preproc})
	if err != nil {
		t.Fatal(err)
	}
	if !d.Fits {
		t.Fatalf("does not fit: %s", strings.Join(d.Shortfall, "; "))
	}
	d.Bits = fmt.Sprint(c.bits)
	return d
}

// network runs the designs of a network.
func (r *rtlRun) network(t *testing.T, n rtlNetwork) {
	seen, ran, depthwise := map[string]bool{}, 0, false
	for _, c := range n.designs {
		t.Run(c.name, func(t *testing.T) {
			ran++
			m := r.measure(t, n.model, sparsity.Options{Bits: c.bits}, n.images)
			d := m.optimize(t, c)
			for i, l := range d.Layers {
				seen[fmt.Sprint(c.bits, " bits")] = true
				seen["several pixels"] = seen["several pixels"] || l.OutPx > 1
				if dw := m.net.Depthwise(&m.net.Layers[i]); dw {
					depthwise, seen["depthwise"] = true, true
				} else if l.Engine != "" {
					seen[string(l.Engine)] = true
				}
			}
			name := strings.Join([]string{n.name, c.name}, "_")
			r.check(t, name, fmt.Sprintf("%s, %d bits, %s", n.name, c.bits, c), d, m.images)
		})
	}
	if ran < len(n.designs) || t.Failed() {
		return
	}
	want := []string{string(hw.Dense), string(hw.Crossbar), string(hw.Banked), string(hw.Elastic), "several pixels", "8 bits", "16 bits"}
	if depthwise {
		want = append(want, "depthwise")
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("no design of %s has %s", n.name, w)
		}
	}
}

// String is the design in words.
func (c rtlDesign) String() string {
	s := fmt.Sprintf("%s on %s", c.engine, c.platform)
	if c.share < 1 {
		s += fmt.Sprintf(" (%.0f %%)", 100*c.share)
	}
	return s
}

// block runs the design of a block on the values that reach it from images.
func (r *rtlRun) block(t *testing.T, b rtlBlock) {
	d, images := r.blockDesign(t, b)
	in, out := d.Net.Tensors[d.Net.Input], d.Net.Tensors[d.Net.Outputs[0]]
	r.check(t, b.name, fmt.Sprintf("%s, %s to %s (%dx%dx%d to %dx%dx%d), %s", b.name, b.first, b.last, in.H, in.W, in.C, out.H, out.W, out.C, b.design), d, images)
}

// blockDesign cuts a block out of a network and chooses its hardware by the values that reach it from images.
func (r *rtlRun) blockDesign(t *testing.T, b rtlBlock) (d *design.Design, images [][]int32) {
	t.Helper()
	opt := sparsity.Options{Bits: b.design.bits}
	if b.weights8 {
		var err error
		if opt.Widths, err = settings.ParseWidths([]byte("[default]\nbits = 16\nweights = 8\n")); err != nil {
			t.Fatal(err)
		}
	}
	m := r.measure(t, b.model, opt, b.images)
	net, from := cut(t, m.net, b.first, b.last)
	in := &m.net.Tensors[from]
	rows, cols := in.H, in.W
	if b.crop > 0 {
		rows, cols = b.crop, b.crop
		crop(t, net, rows, cols)
	}
	x, err := intnet.New(m.net)
	if err != nil {
		t.Fatal(err)
	}
	part := &rtlModel{preproc: design.Preproc{Divisor: 1}}
	for range in.C {
		part.preproc.Mean, part.preproc.Std = append(part.preproc.Mean, 0), append(part.preproc.Std, 1)
	}
	for _, img := range m.images {
		if _, err := x.Run(img); err != nil {
			t.Fatal(err)
		}
		v := x.Tensor(from)
		// From the middle, where there is something to be seen.
		top, left := (in.H-rows)/2, (in.W-cols)/2
		var image []int32
		for y := range rows {
			at := ((top+y)*in.W + left) * in.C
			image = append(image, v[at:at+cols*in.C]...)
		}
		part.images = append(part.images, image)
	}
	part.net = net
	if x, err = intnet.New(net); err != nil {
		t.Fatal(err)
	}
	values := make([][][]int32, len(part.images)) // by image and tensor
	for i, img := range part.images {
		if _, err := x.Run(img); err != nil {
			t.Fatal(err)
		}
		for k := range net.Tensors {
			v := img
			if k != net.Input {
				v = slices.Clone(x.Tensor(k))
			}
			values[i] = append(values[i], v)
		}
	}
	bitmaps := sparsity.NewBitmaps(net, len(part.images), func(i, tensor int) []int32 { return values[i][tensor] })
	if part.est, err = sparsity.NewEstimator(net, bitmaps, sparsity.EstimatorOptions{Pairs: rtlPairs}); err != nil {
		t.Fatal(err)
	}
	return part.optimize(t, b.design), part.images
}

// cut makes a network of the layers of net from the input of one to the output of another. It
// also gives the tensor that is its input.
func cut(t *testing.T, net *intnet.Net, first, last string) (part *intnet.Net, from int) {
	t.Helper()
	maker := map[int]int{} // layer by tensor
	from, to := -1, -1
	for i, l := range net.Layers {
		maker[l.Out] = i
		if l.Name == first {
			from = l.In[0]
		}
		if l.Name == last {
			to = l.Out
		}
	}
	if from < 0 || to < 0 {
		t.Fatalf("network %s has no layer %s or %s", net.Name, first, last)
	}
	wanted := map[int]bool{}
	var want func(tensor int)
	want = func(tensor int) {
		if tensor == from || wanted[maker[tensor]] {
			return
		}
		if tensor == net.Input {
			t.Fatalf("%s to %s is no block: the network's input reaches it otherwise", first, last)
		}
		l := maker[tensor]
		wanted[l] = true
		for _, in := range net.Layers[l].In {
			want(in)
		}
	}
	want(to)
	part = &intnet.Net{Name: net.Name + " " + first, InputRounding: net.InputRounding}
	number := map[int]int{}
	tensor := func(old int) int {
		if _, ok := number[old]; !ok {
			number[old] = len(part.Tensors)
			part.Tensors = append(part.Tensors, net.Tensors[old])
		}
		return number[old]
	}
	part.Input = tensor(from)
	for i, l := range net.Layers {
		if !wanted[i] {
			continue
		}
		l.In = slices.Clone(l.In)
		for k, in := range l.In {
			l.In[k] = tensor(in)
		}
		l.Out = tensor(l.Out)
		part.Layers = append(part.Layers, l)
	}
	out := part.Tensors[tensor(to)]
	part.Outputs = []int{tensor(to)}
	part.Results = []intnet.Result{{Name: out.Name, Shape: []int{1, out.C, out.H, out.W}, Tensor: tensor(to)}}
	return part, from
}

// crop gives all maps of a network whose layers keep the size fewer rows and columns.
func crop(t *testing.T, net *intnet.Net, rows, cols int) {
	t.Helper()
	in := net.Tensors[net.Input]
	for i := range net.Tensors {
		x := &net.Tensors[i]
		if x.H != in.H || x.W != in.W {
			t.Fatalf("tensor %s has %dx%d pixels, not the %dx%d of the input", x.Name, x.H, x.W, in.H, in.W)
		}
		x.H, x.W = rows, cols
	}
	net.Results[0].Shape[2], net.Results[0].Shape[3] = rows, cols
}

// write writes a design with its golden images and generates its RTL project.
func (r *rtlRun) write(t *testing.T, name string, d *design.Design, images [][]int32) (dir, project string) {
	t.Helper()
	dir = filepath.Join(r.runs, strings.ReplaceAll(name, " ", "_"))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	in := d.Net.Tensors[d.Net.Input]
	golden := &npy.Array{DType: "int32", Shape: []int{len(images), in.H, in.W, in.C}, I32: slices.Concat(images...)}
	if err := design.Write(context.Background(), d, filepath.Join(dir, "design.json"), golden); err != nil {
		t.Fatal(err)
	}
	return dir, generateRTL(t, d, dir)
}

// generateRTL generates the RTL project of a design whose side files are in dir.
func generateRTL(t *testing.T, d *design.Design, dir string) string {
	t.Helper()
	project := filepath.Join(dir, "rtl")
	if _, err := codegen.Generate(context.Background(), d, dir, project, codegen.Options{Target: codegen.RTL}); err != nil {
		t.Fatal(err)
	}
	return project
}

// childTime is the CPU time of all programs that have been run and waited for, and of theirs.
func childTime(t *testing.T) time.Duration {
	t.Helper()
	return cpuTime(t, syscall.RUSAGE_CHILDREN)
}

func cpuTime(t *testing.T, who int) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// makeRTL makes a target of a project and gives the CPU time.
func makeRTL(t *testing.T, project string, args ...string) time.Duration {
	t.Helper()
	before := childTime(t)
	cmd := exec.Command("make", append([]string{"-s", fmt.Sprintf("-j%d", runtime.NumCPU())}, args...)...)
	cmd.Dir = project
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "MAKEFLAGS=") && !strings.HasPrefix(e, "MFLAGS=") && !strings.HasPrefix(e, "MAKELEVEL=") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s in %s: %v\n%s", strings.Join(args, " "), project, err, out)
	}
	return childTime(t) - before
}

// simReport reads the report of make sim, which must have no fault.
func simReport(t *testing.T, project string) *verify.RTLResult {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "rtl_report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var res verify.RTLResult
	decode(t, string(text), &res)
	if !res.OK() {
		t.Fatal(res.Problem())
	}
	return &res
}

// lanes counts the engine lanes of a design and lists them by kind.
func lanes(d *design.Design) (count int, kinds string) {
	var list []string
	for i, l := range d.Layers {
		if l.Engine == "" {
			continue
		}
		n := l.OutPx * l.OutCh
		count += n
		kind, m := string(l.Engine), hw.EngineLanes(d.Net, d.Net.Layers[i], l)
		if d.Net.Depthwise(&d.Net.Layers[i]) {
			kind = "depthwise " + kind
		}
		size := fmt.Sprintf("%d->%d", m, l.N)
		if l.Engine == hw.Dense {
			size = fmt.Sprint(m)
		}
		s := fmt.Sprintf("%d %s %s", n, kind, size)
		if l.OutPx > 1 {
			s += fmt.Sprintf(" of %d pixels", l.OutPx)
		}
		list = append(list, s)
	}
	return count, strings.Join(list, ", ")
}

// check runs a design's RTL with and without stalls.
func (r *rtlRun) check(t *testing.T, name, what string, d *design.Design, images [][]int32) {
	t.Helper()
	ctx := context.Background()
	_, project := r.write(t, name, d, images)
	built := makeRTL(t, project, "sim-stall-build")
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	before := childTime(t)
	plain, err := verify.RTL(ctx, project, verify.Options{Stallable: true})
	if err != nil {
		t.Fatal(err)
	}
	took := childTime(t) - before
	if !plain.OK() {
		t.Fatal(plain.Problem())
	}
	if plain.Images != len(images) {
		t.Fatalf("%d images were compared, not %d", plain.Images, len(images))
	}
	compareRTL(t, n, images, plain)
	before = childTime(t)
	stalled, err := verify.RTL(ctx, project, verify.Options{Stall: rtlStall, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	tookStalled := childTime(t) - before
	if !stalled.OK() {
		t.Fatalf("with stalls: %s", stalled.Problem())
	}
	if stalled.Images != len(images) || stalled.Calls[0].Cycles <= plain.Calls[0].Cycles {
		t.Errorf("with stalls: %d images, %d cycles; want %d images and more than %d cycles", stalled.Images, stalled.Calls[0].Cycles, len(images), plain.Calls[0].Cycles)
	}
	count, kinds := lanes(d)
	first := plain.Calls[0]
	t.Logf("| %s | %s | %d, %d, %d | %d | %d | %d, %d | %.0f | %.0f, %.0f |", what, kinds, count, len(n.Processes), len(n.Streams), len(images),
		first.LastOut[0]+1, plain.Calls[0].Cycles+plain.Calls[1].Cycles, stalled.Calls[0].Cycles+stalled.Calls[1].Cycles,
		built.Seconds(), took.Seconds(), tookStalled.Seconds())
	t.Logf("columns: network | engines | lanes, processes, FIFOs | images | cycles of the first image | cycles of both calls without and with stalls | CPU s to build | CPU s to simulate without and with stalls")
}

// compareRTL compares cycles with the simulator's.
func compareRTL(t *testing.T, n *hw.Network, images [][]int32, res *verify.RTLResult) {
	t.Helper()
	diffs, err := cosim.Compare(context.Background(), n, images, res)
	if err != nil {
		t.Fatal(err)
	}
	if len(diffs) > 0 {
		t.Errorf("%d differences from the simulator:\n%s", len(diffs), strings.Join(diffs[:min(len(diffs), 30)], "\n"))
	}
}

// command takes a design of the demo network through the commands, as a user would.
func (r *rtlRun) command(t *testing.T) {
	c := rtlNetworks[0].designs[0]
	m := r.measure(t, rtlNetworks[0].model, sparsity.Options{Bits: c.bits}, rtlNetworks[0].images)
	dir, _ := r.write(t, "command", m.optimize(t, c), m.images)
	design, project := filepath.Join(dir, "design.json"), filepath.Join(dir, "project")
	r.hass(t, "generate", design, "--target", "rtl", "-o", project)
	var got struct {
		Images         int
		CyclesCompared bool `json:"cycles_compared"`
	}
	decode(t, r.hass(t, "verify", project, "--design", design, "--json"), &got)
	if got.Images != len(m.images) || !got.CyclesCompared {
		t.Errorf("hass verify: %+v, want %d images and compared cycles", got, len(m.images))
	}
}

// speed compares the simulator with Verilator: the same network and images, one thread each. All run twice, with few and
// with more images, and the difference excludes everything but simulation. The simulator runs with values and timing, and
// with timing only. It skips repetitions, so the timing of more images of the dense design costs it nothing, and the ratio
// grows with the number of images.
func (r *rtlRun) speed(t *testing.T) {
	const few = 2
	for _, c := range []struct {
		rtlDesign
		more int
	}{
		{rtlDesign{"dense", 16, "zedboard", 1, "dense", 1}, 202},
		{rtlDesign{"banked", 16, "zedboard", 1, "banked", 1}, 42},
		{rtlDesign{"crossbar", 16, "zcu104", 1, "crossbar", 1}, 42},
		{rtlDesign{"banked-large", 16, "zcu104", 1, "banked", 1}, 42},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := r.measure(t, resnet, sparsity.Options{Bits: c.bits}, c.more)
			d := m.optimize(t, c.rtlDesign)
			_, project := r.write(t, "speed_"+c.name, d, m.images)
			built := makeRTL(t, project, "sim-build", "OPT=-O3")
			n, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			var verilator, both, timeOnly [2]time.Duration
			var cycles [2]int64
			for k, images := range []int{few, c.more} {
				verilator[k] = makeRTL(t, project, "sim", "OPT=-O3", fmt.Sprintf("SIM_IMAGES=%d", images))
				for _, call := range simReport(t, project).Calls {
					cycles[k] += call.Cycles
				}
				both[k] = simulateCalls(t, n, m.images[:images], hwsim.Options{Finite: true}, 2, cycles[k])
				timeOnly[k] = simulateCalls(t, n, m.images[:images], hwsim.Options{Finite: true, TimeOnly: true}, 10, cycles[k])
			}
			count, kinds := lanes(d)
			span := float64(cycles[1] - cycles[0])
			took := func(d [2]time.Duration) float64 { return (d[1] - d[0]).Seconds() }
			rate := func(d [2]time.Duration) string {
				return fmt.Sprintf("%.2f s, %.0f thousand cycles/s", took(d), span/took(d)/1e3)
			}
			t.Logf("| ResNet-8, %d bits, %s | %s | %d | %.0f | %s | %s, ratio %.0f | %s, ratio %.0f |", c.bits, c, kinds, count, span,
				rate(verilator), rate(both), took(verilator)/took(both), rate(timeOnly), took(verilator)/took(timeOnly))
			t.Logf("columns: network | engines | lanes | cycles of %d images | Verilator -O3 (%.0f CPU s to build) | hwsim, GOMAXPROCS=1 | its time only", 2*(c.more-few), built.Seconds())
		})
	}
}

// simulateCalls simulates as the testbench does: a call of all images, then one of all in the opposite order. It gives
// the mean CPU time of a number of times.
func simulateCalls(t *testing.T, n *hw.Network, images [][]int32, opt hwsim.Options, times int, cycles int64) time.Duration {
	t.Helper()
	images = slices.Clone(images)
	before := cpuTime(t, syscall.RUSAGE_SELF)
	for range times {
		simulated := int64(0)
		for range 2 {
			res, err := hwsim.Run(context.Background(), n, images, opt)
			if err != nil {
				t.Fatal(err)
			}
			simulated += res.LastOut[len(images)-1] + 1
			slices.Reverse(images)
		}
		if simulated != cycles {
			t.Fatalf("%d cycles in the simulator, %d in Verilator", simulated, cycles)
		}
	}
	return (cpuTime(t, syscall.RUSAGE_SELF) - before) / time.Duration(times)
}

// build measures the time of Verilator and the C++ compiler for designs with few and with many engine lanes, flat and with
// HIER=1.
func (r *rtlRun) build(t *testing.T) {
	type size struct{ pout, gang int }
	var last struct {
		lanes int
		took  time.Duration
	}
	for _, z := range []size{{8, 8}, {32, 32}} {
		rng := rand.New(rand.NewSource(1))
		net, err := hwtest.ResNet8(rng, 8, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		layers, depths, err := hwtest.UniformHW(net, hw.Crossbar, 1, 3, z.pout, z.gang)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(r.runs, fmt.Sprintf("build_%d", z.pout))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		images := [][]int32{hwtest.Image(rng, net.Tensors[net.Input]), hwtest.Image(rng, net.Tensors[net.Input])}
		d := designtest.New(t, dir, net, layers, depths, images)
		project := generateRTL(t, d, dir)
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		count, kinds := lanes(d)
		for _, hier := range []bool{false, true} {
			how, args := "flat", []string{}
			if hier {
				how, args = "HIER=1", []string{"HIER=1"}
			}
			took := makeRTL(t, project, append(args, "sim-build")...)
			if err := os.RemoveAll(filepath.Join(project, "rtl_report.json")); err != nil {
				t.Fatal(err)
			}
			simulated := makeRTL(t, project, append(args, "sim")...)
			res := simReport(t, project)
			compareRTL(t, n, images, res)
			more := ""
			if !hier {
				if last.lanes > 0 {
					more = fmt.Sprintf(", %.2f a lane more than %d lanes", (took-last.took).Seconds()/float64(count-last.lanes), last.lanes)
				}
				last.lanes, last.took = count, took
			}
			t.Logf("| %d | %s | %s | %.0f | %.2f%s | %.1f |", count, kinds, how, took.Seconds(), took.Seconds()/float64(count), more, simulated.Seconds())
		}
	}
	t.Log("columns: lanes | engines | how | CPU s to build | CPU s a lane | CPU s to simulate two calls of two images")
}
