package project

import (
	"context"
	"encoding/binary"
	"fmt"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// ChainEnd is the last word of data/weights.bin (hass::CHAIN_END).
const ChainEnd = 0x48415353

// maxGoldenTensors bounds data/golden_tensors.bin: as many images as fit, but at
// least two, are stored with all their tensors. The outputs are stored for every
// image.
const maxGoldenTensors = 64 << 20

// Data gives the data files: weights and golden vectors. It runs the integer
// network on the golden images.
func (p *Project) Data(ctx context.Context) ([]File, error) {
	g, err := makeGolden(ctx, p)
	if err != nil {
		return nil, err
	}
	files := []File{
		{Path: "data/weights.bin", Data: weightWords(p)},
		{Path: "data/golden_input.bin", Data: g.input},
		{Path: "data/golden_tensors.bin", Data: g.tensors},
	}
	for i, data := range g.outputs {
		files = append(files, File{Path: fmt.Sprintf("data/golden_output%d.bin", i), Data: data})
	}
	return files, nil
}

// weightWords gives the words of data/weights.bin in chain order.
func weightWords(p *Project) []byte {
	out := make([]byte, 0, 4*p.Words)
	for _, link := range p.Chain {
		pr := p.HW.Processes[link.Process]
		c := p.Net.Layers[pr.Layer].Conv
		switch pr.Kind {
		case hw.Engine:
			e := p.Engine(pr.Layer)
			out = appendRows(out, &e, c, pr.Index)
		case hw.ScheduledProc:
			m := p.HW.ScheduledModule(pr.Layer)
			for _, w := range m.AppendWords(nil, p.HW.Plans[pr.Layer]) {
				out = binary.LittleEndian.AppendUint32(out, w)
			}
		case hw.Collect:
			for _, chain := range p.HW.Plans[pr.Layer].Chain {
				out = binary.LittleEndian.AppendUint32(out, uint32(chain))
			}
		case hw.Join:
			j := p.Join(pr.Layer)
			out = appendBiases(out, &j, c)
		default:
			panic("project: no weights of a process of kind " + string(pr.Kind))
		}
	}
	return binary.LittleEndian.AppendUint32(out, ChainEnd)
}

// appendRows appends the rows of engine number index.
func appendRows(out []byte, e *hw.EngineParams, c *intnet.Conv, index int) []byte {
	at := len(out)
	out = append(out, make([]byte, 4*e.Depth*e.WordsPerRow())...)
	words := out[at:]
	mask := uint32(1)<<e.WBits - 1
	e.Place(index, func(w hw.WeightPlace) bool {
		word := words[4*w.Word:]
		v := uint32(c.Weights[(w.Out*e.Layout.Taps+w.Tap)*e.Layout.Chans+w.Chan]) & mask << w.Bit
		binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)|v)
		return true
	})
	return out
}

// appendBiases appends bias and shift step or multiplier, or the thresholds, of
// every output channel.
func appendBiases(out []byte, j *hw.JoinParams, c *intnet.Conv) []byte {
	value := func(v int64) {
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
		if j.ValueWords() == 2 {
			out = binary.LittleEndian.AppendUint32(out, uint32(v>>32))
		}
	}
	for o := range c.OutC {
		switch {
		case j.Levels > 0:
			for _, t := range hw.ChannelThresholds(c, o) {
				value(t)
			}
			continue
		case j.Steps > 1:
			value(c.Bias[o])
			out = binary.LittleEndian.AppendUint32(out, uint32(c.ShiftOf(o)+c.BiasFrac-j.Shift))
		case j.OwnMul():
			value(c.Bias[o])
			out = binary.LittleEndian.AppendUint32(out, uint32(hw.ChannelMul(c, o)))
		default:
			value(c.Bias[o])
		}
	}
	return out
}

// pack appends the AXI words of one image's tensor (NHWC): one beat per word,
// lanes of port.Bits side by side, lane 0 lowest, tail pixels and unused bits
// 0.
func (port Port) pack(out []byte, t intnet.Tensor, v []int32) []byte {
	mask := uint64(1)<<port.Bits - 1
	for y := range t.H {
		for x := 0; x < t.W; x += port.Beat.Px {
			for c := 0; c < t.C; c += port.Beat.Ch {
				at := len(out)
				out = append(out, make([]byte, port.AXIBits/8)...)
				word := out[at:]
				for px := range min(port.Beat.Px, t.W-x) {
					for ch := range port.Beat.Ch {
						q := uint64(v[(y*t.W+x+px)*t.C+c+ch]) & mask
						bit := (px*port.Beat.Ch + ch) * port.Bits
						// A lane of at most 16 bits touches at most 3 bytes.
						for q <<= bit % 8; q != 0; q >>= 8 {
							word[bit/8] |= byte(q)
							bit += 8
						}
					}
				}
			}
		}
	}
	return out
}

// CheckedTensor is a tensor whose golden values are in data/golden_tensors.bin,
// to be compared with the output of a process.
type CheckedTensor struct {
	Process string // its producer
	Tensor  int
	Beat    hw.Beat
	Bytes   int // per element
	Offset  int // within an image of golden_tensors.bin
}

// Checked lists the producers of tensors, in process order, and the bytes per image.
func (p *Project) Checked() (list []CheckedTensor, imageBytes int) {
	for _, pr := range p.HW.Processes {
		switch pr.Kind {
		case hw.Sink, hw.Fork, hw.Convert, hw.WindowProc, hw.Engine, hw.ScheduledProc, hw.Collect: // these do not write a tensor of the network
		default: // the process that writes a layer's output, and the source
			s := p.HW.Streams[pr.Out[0]]
			t := p.Net.Tensors[s.Tensor]
			c := CheckedTensor{Process: pr.Name, Tensor: s.Tensor, Beat: s.Beat, Bytes: (s.Bits + 7) / 8, Offset: imageBytes}
			list = append(list, c)
			imageBytes += t.H * t.W * t.C * c.Bytes
		}
	}
	return list, imageBytes
}

// FullImages is the number of golden images stored with all their tensors.
func (p *Project) FullImages() int {
	_, imageBytes := p.Checked()
	return min(len(p.Images), max(2, maxGoldenTensors/imageBytes))
}

// golden holds the golden data files.
type golden struct {
	input   []byte
	outputs [][]byte // by port
	tensors []byte
	full    int // images in tensors
}

// makeGolden runs the integer executor over the golden images.
func makeGolden(ctx context.Context, p *Project) (*golden, error) {
	x, err := intnet.New(p.Net)
	if err != nil {
		return nil, err
	}
	list, _ := p.Checked()
	g := &golden{outputs: make([][]byte, len(p.Outputs)), full: p.FullImages()}
	type result struct{ outputs, tensors [][]int32 }
	input := func(i int) ([]int32, error) { return p.Images[i], nil }
	index := func(outputs [][]int32) result {
		r := result{outputs: make([][]int32, len(outputs))}
		for i, o := range outputs {
			r.outputs[i] = append([]int32(nil), o...)
		}
		return r
	}
	read := func(x *intnet.Exec, outputs [][]int32) (result, error) {
		r := index(outputs)
		for _, c := range list {
			r.tensors = append(r.tensors, append([]int32(nil), x.Tensor(c.Tensor)...))
		}
		return r, nil
	}
	done := func(i int, r result) error {
		g.input = p.Input.pack(g.input, p.Net.Tensors[p.Input.Tensor], p.Images[i])
		for k, port := range p.Outputs {
			g.outputs[k] = port.pack(g.outputs[k], p.Net.Tensors[port.Tensor], r.outputs[k])
		}
		if i >= g.full {
			return nil
		}
		for k, c := range list {
			for _, v := range r.tensors[k] {
				g.tensors = append(g.tensors, byte(v))
				if c.Bytes == 2 {
					g.tensors = append(g.tensors, byte(v>>8))
				}
			}
		}
		return nil
	}
	if err := intnet.RunMany(ctx, x, len(p.Images), 0, input, read, done); err != nil {
		return nil, fmt.Errorf("golden vectors: %w", err)
	}
	return g, nil
}
