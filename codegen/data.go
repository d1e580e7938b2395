package codegen

import (
	"context"
	"encoding/binary"
	"fmt"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// chainEnd is the last word of data/weights.bin (hass::CHAIN_END).
const chainEnd = 0x48415353

// maxGoldenTensors bounds data/golden_tensors.bin: as many images as fit, but at
// least two, are stored with all their tensors. Outputs are stored for every image.
const maxGoldenTensors = 64 << 20

// weightWords gives the words of data/weights.bin in chain order.
func weightWords(p *Project) []byte {
	out := make([]byte, 0, 4*p.Words)
	for _, link := range p.Chain {
		pr := p.HW.Processes[link.Process]
		c := p.Net.Layers[pr.Layer].Conv
		if pr.Kind == hw.Engine {
			out = p.engine(pr.Layer).appendRows(out, c, pr.Index)
		} else {
			out = p.join(pr.Layer).append(out, c)
		}
	}
	return binary.LittleEndian.AppendUint32(out, chainEnd)
}

// appendRows appends the rows of engine number index.
func (e engineShape) appendRows(out []byte, c *intnet.Conv, index int) []byte {
	at := len(out)
	out = append(out, make([]byte, 4*e.depth*e.wordsPerRow())...)
	words := out[at:]
	mask := uint32(1)<<e.weightBits - 1
	e.place(index, func(word, bit, o, tap, ch int) bool {
		w := words[4*word:]
		v := uint32(c.Weights[(o*e.taps+tap)*e.chans+ch]) & mask << bit
		binary.LittleEndian.PutUint32(w, binary.LittleEndian.Uint32(w)|v)
		return true
	})
	return out
}

// place calls put for every weight of engine number index, which is of gang g, until it says false: the word of the
// engine's part of the chain, the weight's lowest bit there, its output channel, tap and
// channel of the group. Row fold*beats+beat holds, for lane j of
// the gang and each lane i of the beat that the engine has, the weight of output channel fold*lanes + g*gang + j at tap and
// channel of i, a channel of its group; PER weights a word, the first lowest. In a depthwise
// convolution lane i is a tap of the output lane's own channel.
func (e engineShape) place(index int, put func(word, bit, o, tap, ch int) bool) {
	g, bank := index/e.banks, index%e.banks
	chanGroups := e.chans / e.mCh
	per, width := e.perWord(), e.weightBits
	for row := range e.depth {
		fold, beat := row/e.beats, row%e.beats
		tap0, chan0 := beat/chanGroups*e.mTap, beat%chanGroups*e.mCh
		n := 0
		for j := range e.gang {
			o := fold*e.lanes + g*e.gang + j
			for t := range e.mTap {
				for ch := range e.mCh {
					if (t*e.mCh+ch)%e.banks != bank {
						continue
					}
					if !put(row*e.wordsPerRow()+n/per, n%per*width, o, tap0+t, chan0+ch) {
						return
					}
					n++
				}
			}
		}
	}
}

// append appends bias and shift step of every output channel.
func (j joinShape) append(out []byte, c *intnet.Conv) []byte {
	for o := range c.OutC {
		out = binary.LittleEndian.AppendUint32(out, uint32(c.Bias[o]))
		if j.biasWords() == 2 {
			out = binary.LittleEndian.AppendUint32(out, uint32(c.Bias[o]>>32))
		}
		if j.steps > 1 {
			out = binary.LittleEndian.AppendUint32(out, uint32(c.ShiftOf(o)-j.shift))
		}
	}
	return out
}

// pack appends the AXI words of one image's tensor (NHWC): a beat a word, lanes
// side by side at port.Bits, lane 0 lowest, tail pixels and unused bits 0.
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

// checkedTensor is a tensor whose producer csim compares with golden values.
type checkedTensor struct {
	process string
	tensor  int
	beat    hw.Beat
	bytes   int // per element
	offset  int // within an image of golden_tensors.bin
}

// checked lists the producers of tensors, in process order, and the bytes per image.
func (p *Project) checked() (list []checkedTensor, imageBytes int) {
	for _, pr := range p.HW.Processes {
		switch pr.Kind {
		case hw.Source, hw.Join, hw.Pool, hw.GlobalPool, hw.Add, hw.Mul, hw.Requant, hw.Activation, hw.Concat, hw.Slice, hw.Resize, hw.ZeroInsert:
			s := p.HW.Streams[pr.Out[0]]
			t := p.Net.Tensors[s.Tensor]
			c := checkedTensor{process: pr.Name, tensor: s.Tensor, beat: s.Beat, bytes: (s.Bits + 7) / 8, offset: imageBytes}
			list = append(list, c)
			imageBytes += t.H * t.W * t.C * c.bytes
		}
	}
	return list, imageBytes
}

// fullImages is the number of golden images stored with all their tensors.
func (p *Project) fullImages(imageBytes int) int {
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
	list, imageBytes := p.checked()
	g := &golden{outputs: make([][]byte, len(p.Outputs)), full: p.fullImages(imageBytes)}
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
			r.tensors = append(r.tensors, append([]int32(nil), x.Tensor(c.tensor)...))
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
				if c.bytes == 2 {
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
