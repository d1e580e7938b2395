package steps

import (
	"fmt"

	"hass/internal/hw"
	"hass/optimizer"
)

// Network is the hardware network of the design in file.
func Network(design string) (*hw.Network, error) {
	d, err := optimizer.ReadDesign(design)
	if err != nil {
		return nil, err
	}
	n, err := d.Network()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", design, err)
	}
	return n, nil
}
