package codegen

import (
	"context"
	"fmt"
	"strings"

	"hass/internal/hw"
)

// chainDepth is the depth of the weight chain's FIFOs, which carry no data at run time.
const chainDepth = 2

// topParams are the parameters of the top function.
func (p *Project) topParams() []string {
	params := []string{"hls::stream<design::input_axi>& input"}
	for _, o := range p.Outputs {
		params = append(params, fmt.Sprintf("hls::stream<design::%s_axi>& %s", o.Name, o.Name))
	}
	return append(params, "const hass::word* weights", "int mode", "int images")
}

func (p *Project) topSignature() string {
	indent := ",\n" + strings.Repeat(" ", len("void (")+len(TopName))
	return fmt.Sprintf("void %s(%s)", TopName, strings.Join(p.topParams(), indent))
}

func (p *Project) topHeader() []byte {
	var w writer
	w.f(`// The accelerator. mode 0 loads the weights (%d words at weights) into the on-chip
// memories, which keep them; mode 1 processes images images from input.
//
//   input    %d-bit words, %d per image
`, p.Words, p.Input.AXIBits, p.Input.Words)
	for _, o := range p.Outputs {
		w.f("//   %-8s %d-bit words, %d per image, TLAST on the last\n", o.Name, o.AXIBits, o.Words)
	}
	w.f("#ifndef HASS_DESIGN_TOP_HPP\n#define HASS_DESIGN_TOP_HPP\n\n#include \"types.hpp\"\n\nextern \"C\" %s;\n\n#endif\n", p.topSignature())
	return w.Bytes()
}

func (p *Project) topSource(units []unit) []byte {
	var w writer
	w.f("// The top: ports, FIFOs and processes. Every FIFO has one writer and one reader.\n#include \"%s.hpp\"\n\n", TopName)
	for _, u := range units {
		w.f("#include \"%s.hpp\"\n", u.file)
	}
	w.f(`
// The number of processes that a DATAFLOW region may have.
#ifndef HASS_MAX_PROCESSES
#define HASS_MAX_PROCESSES %d
#endif
static_assert(%d <= HASS_MAX_PROCESSES, "too many processes for one kernel: use larger gangs");

extern "C" %s {
#pragma HLS INTERFACE axis port = input
`, hw.HLS.Limits()[hw.ProcessCount]+hw.ChainEnds, p.ProcessCount(), p.topSignature())
	for _, o := range p.Outputs {
		w.f("#pragma HLS INTERFACE axis port = %s\n", o.Name)
	}
	w.f(`#pragma HLS INTERFACE m_axi port = weights offset = slave bundle = gmem depth = %d
#pragma HLS INTERFACE s_axilite port = weights bundle = control
#pragma HLS INTERFACE s_axilite port = mode bundle = control
#pragma HLS INTERFACE s_axilite port = images bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS INTERFACE ap_ctrl_chain port = return
#pragma HLS DATAFLOW

  // FIFO: token type, name, depth, writer, reader.
`, p.Words)
	for _, s := range p.HW.Streams {
		macro := "HASS_STREAM"
		switch {
		case s.Parts() > 1:
			macro = "HASS_WIDE_STREAM"
		case s.Join >= 0:
			macro = "HASS_SKIP_STREAM"
		}
		w.f("  %s(design::%s, %s, %d, %s, %s);\n", macro, beatType(s), s.Name, s.Depth, p.HW.Processes[s.From].Name, p.HW.Processes[s.To].Name)
	}
	for i := range len(p.Chain) + 1 {
		from, to := p.Loader, p.End
		if i > 0 {
			from = p.HW.Processes[p.Chain[i-1].Process].Name
		}
		if i < len(p.Chain) {
			to = p.HW.Processes[p.Chain[i].Process].Name
		}
		w.f("  HASS_STREAM(hass::word, %s, %d, %s, %s);\n", p.chainName(i), chainDepth, from, to)
	}
	w.f("\n")
	// The loader comes first and the chain's end last; the others in topological order.
	calls := make(map[string]function)
	for _, u := range units {
		for _, fn := range u.funcs {
			calls[fn.name] = fn
		}
	}
	call := func(name string) {
		w.f("  HASS_PROCESS(%s, design::%s(%s));\n", name, name, strings.Join(calls[name].args, ", "))
	}
	call(p.Loader)
	for _, pr := range p.HW.Processes {
		call(pr.Name)
	}
	call(p.End)
	w.f("  HASS_RUN();\n}\n")
	return w.Bytes()
}

// emitTestbench writes tb/tb.cpp; the rest of tb/ is in the library.
func emitTestbench(_ context.Context, p *Project) ([]File, error) {
	list, imageBytes := p.checked()
	full := p.fullImages(imageBytes)
	var w writer
	w.f(`// The testbench: loads the weights, runs all golden images in one call, then all again in
// the opposite order in a second call (a single image twice), and compares outputs and layers with the reference.
//
//   csim [DATA_FOLDER [REPORT]]
#include "harness.hpp"
#include "%s.hpp"

namespace {

constexpr int IMAGES = %d;
constexpr std::size_t WEIGHT_WORDS = %d;

// Golden tensors: images stored, bytes per image, and where each tensor lies.
constexpr std::size_t TENSOR_IMAGES = %d;
constexpr std::size_t TENSOR_BYTES = %d;
constexpr hass::csim::tensor_vectors TENSORS[] = {
`, TopName, len(p.Images), p.Words, full, imageBytes)
	for _, c := range list {
		t := p.Net.Tensors[c.tensor]
		w.f("    {\"%s\", \"%s\", %d, %d, %d, %d, %d, %d, %t, %d},\n", c.process, t.ID, t.H, t.W, t.C, c.beat.Px, c.beat.Ch, c.bytes, t.Format.Signed, c.offset)
	}
	w.f("};\n\n// Ports: bytes per word, words per image.\n")
	ports := append([]Port{p.Input}, p.Outputs...)
	for _, port := range ports {
		w.f("constexpr hass::port_vectors %s = {\"%s\", %d, %d};\n", strings.ToUpper(port.Name), port.Name, port.AXIBits/8, port.Words)
	}
	w.f(`
}  // namespace

int main(int argc, char** argv) {
  const std::string data = argc > 1 ? argv[1] : "data";
  if (argc > 2) hass::csim::set_report(argv[2]);

  std::vector<hass::word> weights = hass::read_words(data + "/weights.bin", WEIGHT_WORDS);
  hass::csim::set_tensors(TENSORS, sizeof(TENSORS) / sizeof(TENSORS[0]), hass::read_file(data + "/golden_tensors.bin", TENSOR_IMAGES * TENSOR_BYTES), TENSOR_BYTES);
`)
	for _, port := range ports {
		up := strings.ToUpper(port.Name)
		w.f("  const std::vector<unsigned char> golden_%s = hass::read_file(data + \"/golden_%s.bin\", IMAGES * %s.words * %s.bytes);\n", port.Name, port.Name, up, up)
	}
	for _, port := range ports {
		w.f("  hls::stream<design::%s_axi> %s(\"%s\");\n", port.Name, port.Name, port.Name)
	}
	args := []string{"input"}
	for _, o := range p.Outputs {
		args = append(args, o.Name)
	}
	call := strings.Join(args, ", ")
	w.f(`
  %s(%s, weights.data(), hass::MODE_LOAD, 0);

  for (const bool forward : {true, false}) {
    std::vector<int> order;
    for (int i = 0; i < IMAGES; ++i) order.push_back(forward ? i : IMAGES - 1 - i);
    hass::csim::begin_call(order, forward);
    hass::feed(input, INPUT, golden_input, order);
    %s(%s, weights.data(), hass::MODE_RUN, IMAGES);
`, TopName, call, TopName, call)
	for _, o := range p.Outputs {
		w.f("    hass::drain(%s, %s, golden_%s, order);\n", o.Name, strings.ToUpper(o.Name), o.Name)
	}
	w.f("  }\n  return hass::csim::finish(IMAGES);\n}\n")
	return []File{{Path: "tb/tb.cpp", Data: w.Bytes()}}, nil
}
