package hwtest

import (
	"fmt"
	"math/rand"

	"hass/internal/hw"
)

// Deep makes a random case with at least the given number of layers, as a starting point for a reducer. Hardware is drawn
// at random until it is consistent; if no draw is, the smallest hardware is used.
func Deep(seed int64, layers int) (*Case, error) {
	rng := rand.New(rand.NewSource(seed))
	net, err := RandomNet(rng, formsOf(seed), layers)
	if err != nil {
		return nil, fmt.Errorf("seed %d: network: %w", seed, err)
	}
	c := &Case{Seed: seed, Net: net, rng: rng}
	const draws = 5000 // with twelve layers, about one draw in several hundred is consistent
	for range draws {
		if c.Layers = tryHW(rng, net); c.Layers != nil {
			if _, err := hw.Expand(net, c.Layers, nil); err == nil {
				break
			}
			c.Layers = nil
		}
	}
	if c.Layers == nil {
		c.Layers = PlainHW(net)
	}
	if c.Depths, err = LiveDepths(rng, net, c.Layers); err != nil {
		return nil, fmt.Errorf("seed %d: %w", seed, err)
	}
	return c, nil
}
