package codegen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// portJSON is a stream and its tensor as the PYNQ driver reads them.
type portJSON struct {
	Name      string `json:"name"`
	H         int    `json:"h"`
	W         int    `json:"w"`
	C         int    `json:"c"`
	Bits      int    `json:"bits"`
	Frac      int    `json:"frac"` // value = integer * 2^-frac
	Signed    bool   `json:"signed"`
	Rounding  string `json:"rounding,omitempty"` // of values to integers; the input's alone
	Px        int    `json:"px"`                 // pixels per beat
	Ch        int    `json:"ch"`                 // channels per beat
	WordBytes int    `json:"word_bytes"`         // TDATA
	Words     int    `json:"words"`              // per image
}

// resultJSON says how one output of the model comes from the accelerator's outputs.
type resultJSON struct {
	Name   modelName  `json:"name"`
	Output int        `json:"output"` // number of the accelerator's output
	Shape  []int      `json:"shape"`  // of the model's output for one image
	Host   []hostJSON `json:"host"`
}

type hostJSON struct {
	Op    string `json:"op"`
	Shape []int  `json:"shape"` // of its operand
	Axis  int    `json:"axis"`
}

type hostDesign struct {
	Top     string     `json:"top"`
	Input   portJSON   `json:"input"`
	Outputs []portJSON `json:"outputs"`
	Preproc struct {
		Divisor float64   `json:"divisor"`
		Mean    []float64 `json:"mean"`
		Std     []float64 `json:"std"`
	} `json:"preproc"`
	Results      []resultJSON `json:"results"`
	WeightWords  int          `json:"weight_words"`
	GoldenImages int          `json:"golden_images"`
	ClockMHz     float64      `json:"clock_mhz"`
}

// modelName is untrusted text that becomes plain ASCII JSON: all but letters, digits and
// _ . / - are \u escapes, so that no tool that looks at the file finds
// anything to interpret.
type modelName string

// MarshalJSON never fails.
func (s modelName) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('"')
	for _, u := range utf16Of(cutName(string(s))) {
		if c := byte(u); u < 0x80 && (plainByte(c) || c == '/' || c == '.' || c == '-') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	b.WriteByte('"')
	return b.Bytes(), nil
}

func (b *build) portJSON(port Port) portJSON {
	t := b.p.Net.Tensors[port.Tensor]
	return portJSON{
		Name: port.Name, H: t.H, W: t.W, C: t.C, Bits: port.Bits, Frac: t.Format.Frac, Signed: port.Signed,
		Px: port.Beat.Px, Ch: port.Beat.Ch, WordBytes: port.AXIBits / 8, Words: port.Words,
	}
}

// designJSON is the constants of host/pynq_driver.py.
func (b *build) designJSON() ([]byte, error) {
	d := b.p.Design
	h := hostDesign{Top: TopName, Input: b.portJSON(b.p.Input), WeightWords: b.p.Words, GoldenImages: len(b.p.Images), ClockMHz: d.ClockMHz, Results: []resultJSON{}}
	h.Input.Rounding = b.p.Net.InputRounding.String()
	h.Preproc.Divisor, h.Preproc.Mean, h.Preproc.Std = d.Preproc.Divisor, d.Preproc.Mean, d.Preproc.Std
	for _, o := range b.p.Outputs {
		h.Outputs = append(h.Outputs, b.portJSON(o))
	}
	results, err := b.results()
	if err != nil {
		return nil, err
	}
	h.Results = results
	out, err := json.MarshalIndent(h, "", "  ")
	return append(out, '\n'), err
}

// results lists the model's outputs. A network without a list (made by hand) gives its
// tensors as they are.
func (b *build) results() ([]resultJSON, error) {
	net := b.p.Net
	list := []resultJSON{}
	if len(net.Results) == 0 {
		for i, o := range net.Outputs {
			t := net.Tensors[o]
			list = append(list, resultJSON{Name: modelName(t.Name), Output: i, Shape: []int{1, t.C, t.H, t.W}, Host: []hostJSON{}})
		}
	}
	if err := net.ValidateResults(); err != nil {
		return nil, fmt.Errorf("design: %w", err)
	}
	for i, r := range net.Results {
		x := resultJSON{Name: modelName(r.Name), Output: net.OutputOf(i), Shape: r.Shape, Host: []hostJSON{}}
		for _, k := range r.Host {
			op := net.Host[k]
			x.Host = append(x.Host, hostJSON{op.Op, op.Shape, op.Axis})
		}
		list = append(list, x)
	}
	return list, nil
}

// designHeader is the constants of host/xrt_host.cpp.
func (b *build) designHeader() []byte {
	var w writer
	w.f(`// Constants of the design, read by xrt_host.cpp.
#ifndef HASS_HOST_DESIGN_HPP
#define HASS_HOST_DESIGN_HPP

#include <cstddef>

namespace hass_design {

struct port {
  const char* name;
  std::size_t bytes;  // per word
  std::size_t words;  // per image
};

constexpr const char* TOP = "%s";
constexpr port INPUT = {"%s", %d, %d};
constexpr port OUTPUTS[] = {
`, TopName, b.p.Input.Name, b.p.Input.AXIBits/8, b.p.Input.Words)
	for _, o := range b.p.Outputs {
		w.f("    {\"%s\", %d, %d},\n", o.Name, o.AXIBits/8, o.Words)
	}
	// The arguments of the top: input, outputs, weights, mode, images.
	first := 1 + len(b.p.Outputs)
	w.f(`};
constexpr std::size_t WEIGHT_WORDS = %d;
constexpr int GOLDEN_IMAGES = %d;

// Numbers of the kernel's arguments, streams counted.
constexpr int ARG_WEIGHTS = %d;
constexpr int ARG_MODE = %d;
constexpr int ARG_IMAGES = %d;

constexpr int MODE_LOAD = 0;
constexpr int MODE_RUN = 1;

}  // namespace hass_design

#endif
`, b.p.Words, len(b.p.Images), first, first+1, first+2)
	return w.Bytes()
}

const moverPragmas = `#pragma HLS INTERFACE m_axi port = memory offset = slave bundle = gmem
#pragma HLS INTERFACE axis port = stream
#pragma HLS INTERFACE s_axilite port = memory bundle = control
#pragma HLS INTERFACE s_axilite port = images bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
`

func (b *build) mm2s() []byte {
	var w writer
	in := b.p.Input
	w.f("// The kernel that feeds the accelerator: one word of memory is one word of the stream.\n#include \"movers.hpp\"\n\n")
	w.f("extern \"C\" void mm2s_%s(const ap_uint<%d>* memory, hls::stream<ap_axiu<%d, 0, 0, 0>>& stream, int images) {\n%s", in.Name, in.AXIBits, in.AXIBits, moverPragmas)
	w.f("  movers::mm2s<%d, %d>(memory, stream, images);\n}\n", in.AXIBits, in.Words)
	return w.Bytes()
}

func (b *build) s2mm() []byte {
	var w writer
	w.f("// The kernels that take the accelerator's outputs, one for each.\n#include \"movers.hpp\"\n")
	for _, o := range b.p.Outputs {
		w.f("\nextern \"C\" void s2mm_%s(ap_uint<%d>* memory, hls::stream<ap_axiu<%d, 0, 0, 0>>& stream, int images) {\n%s", o.Name, o.AXIBits, o.AXIBits, moverPragmas)
		w.f("  movers::s2mm<%d, %d>(memory, stream, images);\n}\n", o.AXIBits, o.Words)
	}
	return w.Bytes()
}

// plainByte reports letters, digits and _.
func plainByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// maxName bounds a model's name in emitted text, in runes.
const maxName = 120

// cutName shortens a name that no reader would read to its end.
func cutName(s string) string {
	n := 0
	for i := range s {
		if n == maxName {
			return s[:i] + "..."
		}
		n++
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
