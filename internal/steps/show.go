package steps

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/derive"
)

// Network is the design in file and its hardware network.
func Network(file string) (*design.Design, *hw.Network, error) {
	d, err := derive.ReadDesign(file)
	if err != nil {
		return nil, nil, err
	}
	n, err := d.Network()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, n, nil
}
