package steps

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/userfile"
	"hass/optimizer/derive"
	"hass/optimizer/folding"
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

// Folding is the folding file of the design in file. With a path it is written there, where no other file may be.
func Folding(ctx context.Context, file, path string) ([]byte, error) {
	d, err := derive.ReadDesign(file)
	if err != nil {
		return nil, err
	}
	text := folding.Of(d)
	if path == "" {
		return text, nil
	}
	if err := writable(path, designFiles(file, d)...); err != nil {
		return nil, err
	}
	switch old, err := userfile.Read(path, userfile.MaxTOML); {
	case err == nil && bytes.Equal(old, text):
		return text, nil
	case err == nil || !os.IsNotExist(err):
		return nil, fmt.Errorf("%s: a file is there, which may be edited: name another, or remove it", path)
	}
	return text, artifact.WriteBytes(ctx, path, text)
}
