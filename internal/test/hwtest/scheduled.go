package hwtest

import (
	"fmt"
	"math/rand"

	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/schedule"
)

// firstScheduled is the first seed of cases with scheduled engines. The cases of smaller seeds are older and must not change, because
// golden files exist for them.
const firstScheduled = 40

// scheduledOf is the source of the scheduled engines of a seed's case; nil if it has none.
func scheduledOf(seed int64) *rand.Rand {
	if seed < firstScheduled || seed%3 != 0 {
		return nil
	}
	return rand.New(rand.NewSource(seed))
}

// scheduleSome gives about two of three convolutions with one group a scheduled engine. Its output has one channel per beat, which
// consumers convert.
func scheduleSome(rng *rand.Rand, net *intnet.Net, layers []hw.Layer) error {
	for i := range layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv && l.Conv.Groups == 1 && rng.Intn(3) > 0 {
			if err := Schedule(rng, net, i, &layers[i]); err != nil {
				return fmt.Errorf("layer %s: %w", l.ID, err)
			}
		}
	}
	return nil
}

// Schedule gives layer i a scheduled engine with a random number of banks and chains, and with a packed field if products fit one.
func Schedule(rng *rand.Rand, net *intnet.Net, i int, hl *hw.Layer) error {
	l := &net.Layers[i]
	w := hw.ScheduleWeights(l.Conv)
	hl.Engine, hl.MTap, hl.MCh, hl.OutCh, hl.Gang = hw.ScheduledEngine, 1, 1, 1, 1
	hl.N = 1 + rng.Intn(min(8, w.Words))
	bank, err := schedule.Assign(w, hl.N)
	if err != nil {
		return err
	}
	if rng.Intn(4) == 0 { // banks of any size
		for k := hl.N; k < len(bank); k++ {
			bank[k] = rng.Intn(hl.N)
		}
		for k := range hl.N {
			bank[k] = k
		}
	}
	hl.Scheduled = hw.Scheduled{Chains: 1 + rng.Intn(min(5, w.Filters)), Places: hw.PlacesOf(bank)}
	bits := net.Tensors[l.In[0]].Format.Bits
	for _, field := range []int{[]int{16, 18, bits + 4}[rng.Intn(3)], 26 - bits} {
		if hl.Scheduled.Field = field; field <= bits || field+bits > 26 {
			continue
		}
		if _, err := hw.PlanOf(net, l, *hl); err == nil {
			return nil
		}
	}
	hl.Scheduled.Field = 0
	return nil
}
