package hwtest

import (
	"math/rand"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/packing"
)

// packedOf is the source of the packed engines of a seed's case; nil if it has none. Seeds below firstScheduled have none.
func packedOf(seed int64) *rand.Rand {
	if seed < firstScheduled || seed%4 != 2 {
		return nil
	}
	return rand.New(rand.NewSource(seed))
}

// packSome makes about three of four engines packed, except scheduled ones, for any widths of values.
func packSome(rng *rand.Rand, net *intnet.Net, layers []hw.Layer) {
	for i := range layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv && !layers[i].Engine.Row().Static && rng.Intn(4) > 0 {
			Pack(rng, net, i, &layers[i])
		}
	}
}

// Pack gives layer i packed engines, for DSP slices of either family, with cascades of at most the number of lanes that fields hold.
func Pack(rng *rand.Rand, net *intnet.Net, i int, hl *hw.Layer) {
	l := &net.Layers[i]
	hl.Engine, hl.N = hw.Packed, hw.EngineLanes(net, *l, *hl)
	hl.Packing = hw.PackingOf(net, l, hl.N, []int{25, 27}[rng.Intn(2)])
	hl.Packing.Deep = 1 + rng.Intn(hl.Packing.Deep)
}

// SetEngine gives layer i an engine of the given kind with n multipliers.
func SetEngine(net *intnet.Net, i int, hl *hw.Layer, kind hw.EngineKind, n int) {
	hl.Engine, hl.N, hl.Packing = kind, n, packing.Packing{}
	if kind == hw.Packed {
		hl.Packing = hw.PackingOf(net, &net.Layers[i], n, 25)
	}
}
