package intnet

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The weights side file, little endian:
//
//	magic    8 bytes "HASSWGT\n"
//	version  uint32
//	convs    uint32, number of convolution layers
//	per convolution layer, in the order of Net.Layers:
//	  layer    uint32, index into Net.Layers
//	  biases   uint32, count
//	  weights  uint64, count
//	  weights  int16 each, [OutC][KH][KW][C/Groups]
//	  biases   int64 each
//
// Nothing follows the last bias.
const (
	weightsMagic   = "HASSWGT\n"
	weightsVersion = 1
)

// WriteWeights writes the weights and biases of a valid network.
func WriteWeights(w io.Writer, net *Net) error {
	if err := net.Validate(); err != nil {
		return err
	}
	if err := net.ValidateWeights(); err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, 1<<16)
	buf := append([]byte(nil), weightsMagic...)
	buf = binary.LittleEndian.AppendUint32(buf, weightsVersion)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(net.convCount()))
	for i := range net.Layers {
		c := net.Layers[i].Conv
		if c == nil {
			continue
		}
		buf = binary.LittleEndian.AppendUint32(buf, uint32(i))
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(c.Bias)))
		buf = binary.LittleEndian.AppendUint64(buf, uint64(len(c.Weights)))
		for _, v := range c.Weights {
			buf = binary.LittleEndian.AppendUint16(buf, uint16(v))
			if len(buf) >= 1<<16 {
				if _, err := bw.Write(buf); err != nil {
					return err
				}
				buf = buf[:0]
			}
		}
		for _, v := range c.Bias {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(v))
		}
		if _, err := bw.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	if _, err := bw.Write(buf); err != nil {
		return err
	}
	return bw.Flush()
}

func (n *Net) convCount() int {
	count := 0
	for i := range n.Layers {
		if n.Layers[i].Conv != nil {
			count++
		}
	}
	return count
}

// ReadWeights reads the weights and biases of a network decoded from JSON from
// its side file, and validates the result. Counts must equal those of the
// network, and memory is allocated only as data arrive. After an error the
// network's weights are undefined.
func ReadWeights(r io.Reader, net *Net) error {
	if err := net.Validate(); err != nil {
		return err
	}
	br := &leReader{r: bufio.NewReaderSize(r, 1<<16)}
	if magic := br.bytes(len(weightsMagic)); br.err == nil && string(magic) != weightsMagic {
		return errors.New("not a weights file: wrong magic")
	}
	if v := br.u32(); br.err == nil && v != weightsVersion {
		return fmt.Errorf("weights file has version %d; this program reads version %d", v, weightsVersion)
	}
	if n := br.u32(); br.err == nil && uint64(n) != uint64(net.convCount()) {
		return fmt.Errorf("weights file has %d convolutions; the network has %d", n, net.convCount())
	}
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.Conv == nil {
			continue
		}
		layer, biases, weights := br.u32(), br.u32(), br.u64()
		if br.err != nil {
			break
		}
		if uint64(layer) != uint64(i) || uint64(biases) != uint64(l.Conv.OutC) || weights != uint64(net.WeightCount(l)) {
			return fmt.Errorf("weights file: layer %d with %d weights and %d biases where the network has layer %d (%q) with %d and %d",
				layer, weights, biases, i, l.Name, net.WeightCount(l), l.Conv.OutC)
		}
		l.Conv.Weights = l.Conv.Weights[:0:0]
		for n := int(weights); n > 0 && br.err == nil; {
			chunk := br.bytes(2 * min(n, 1<<14))
			for ; len(chunk) >= 2; chunk = chunk[2:] {
				l.Conv.Weights = append(l.Conv.Weights, int16(binary.LittleEndian.Uint16(chunk)))
				n--
			}
		}
		l.Conv.Bias = l.Conv.Bias[:0:0]
		for n := int(biases); n > 0 && br.err == nil; n-- {
			l.Conv.Bias = append(l.Conv.Bias, int64(br.u64()))
		}
		if br.err != nil {
			break
		}
	}
	if br.err != nil {
		return fmt.Errorf("weights file: %w", br.err)
	}
	if _, err := br.r.ReadByte(); err != io.EOF {
		return errors.New("weights file: data after the last bias")
	}
	return net.ValidateWeights()
}

// leReader reads little-endian values and keeps the first error.
type leReader struct {
	r   *bufio.Reader
	buf [1 << 15]byte
	err error
}

// bytes reads n bytes, n at most len(buf); nil after an error.
func (r *leReader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if _, err := io.ReadFull(r.r, r.buf[:n]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.err = err
		return nil
	}
	return r.buf[:n]
}

func (r *leReader) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *leReader) u64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
