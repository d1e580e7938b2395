package hw

import (
	"slices"

	"hass/internal/intnet"
	"hass/internal/memory"
)

// HasBuffer reports whether a layer's modules have a buffer, whose memory is Layer.BufferMem: the line buffer of a window,
// the rows of a resize, the partial results of a global pool, the operand that an add or mul keeps.
func HasBuffer(net *intnet.Net, l *intnet.Layer) bool {
	switch l.Kind {
	case intnet.KindConv, intnet.KindPool, intnet.KindGlobalPool:
		return true
	case intnet.KindAdd, intnet.KindMul:
		return net.Broadcast(l)
	case intnet.KindRequant, intnet.KindActivation, intnet.KindConcat:
		return false
	}
	if m := moveOf(l.Kind); m != nil {
		return m.memory != nil
	}
	panic("hw: a layer of the unknown kind " + string(l.Kind))
}

// bufferMemory is the memory of a layer's buffer under its hardware choices; None if it has no buffer.
func bufferMemory(net *intnet.Net, l *intnet.Layer, hl Layer) memory.Kind {
	if !HasBuffer(net, l) {
		return memory.None
	}
	switch l.Kind {
	case intnet.KindConv, intnet.KindPool:
		w := WindowOf(net, *l, hl)
		p := w.PaceFree(net.Tensors[l.In[0]].Format.Bits)
		return p.Buffer(&hl)
	case intnet.KindGlobalPool:
		return GlobalPoolOf(net, l, hl).Memory
	case intnet.KindAdd, intnet.KindMul:
		return operandsOf(net, l, hl, l.Shift).Memory
	}
	if m := moveOf(l.Kind); m != nil {
		return m.memory(net, l, hl)
	}
	panic("hw: no buffer of a layer of kind " + string(l.Kind))
}

// WithBuffers returns the layers with the memory of every buffer set. memory.ForBuffer chooses it where a layer leaves it
// open.
func WithBuffers(net *intnet.Net, layers []Layer) []Layer {
	layers = slices.Clone(layers)
	for i := range layers {
		layers[i].BufferMem = bufferMemory(net, &net.Layers[i], layers[i])
		if s := &layers[i].Scheduled; layers[i].ChainCount() > 0 {
			p := ScheduledOf(net, &net.Layers[i], layers[i], 1) // the memory of the banks does not depend on the number of rows
			s.BankMem = p.BankMemory
		}
	}
	return layers
}

// buffer is the memory of the layer's buffer of words of the given width in bits.
func (l *Layer) buffer(width, depth int) memory.Kind {
	if l.BufferMem != memory.None {
		return l.BufferMem
	}
	return memory.ForBuffer(width, depth)
}
