package sparsity

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"hass/internal/artifact"
	"hass/internal/npy"
)

// Write leaves a measurement as the file path and two side files beside it, named
// after it: profile.json has profile.bitmaps.bin and profile.golden.npy. Each
// file appears whole, the side files first. The records of the side files in
// m.Profile are set.
func Write(ctx context.Context, m *Measurement, path string) error {
	dir := filepath.Dir(path)
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	var golden bytes.Buffer
	if err := npy.Write(&golden, m.Golden); err != nil {
		return fmt.Errorf("write %s: golden images: %w", path, err)
	}
	side := func(ext string, data []byte) (artifact.SideFile, error) {
		s := artifact.SideFile{Path: base + ext, SHA256: artifact.HashBytes(data), Bytes: int64(len(data))}
		return s, artifact.WriteBytes(ctx, filepath.Join(dir, s.Path), data)
	}
	var err error
	if m.Profile.Bitmaps, err = side(".bitmaps.bin", m.Bitmaps.Encode()); err != nil {
		return err
	}
	if m.Profile.Golden, err = side(".golden.npy", golden.Bytes()); err != nil {
		return err
	}
	return artifact.WriteJSON(ctx, path, m.Profile)
}

// Read reads a profile and its side files, all of which must be as Write left
// them. Errors name the file at fault.
func Read(path string) (*Measurement, error) {
	p := new(Profile)
	if err := artifact.ReadJSON(path, ProfileSchema, ProfileVersion, p); err != nil {
		return nil, err
	}
	m := &Measurement{Profile: p}
	dir := filepath.Dir(path)
	fail := func(s artifact.SideFile, err error) (*Measurement, error) {
		return nil, fmt.Errorf("side file %s: %w", filepath.Join(dir, s.Path), err)
	}
	data, err := p.Bitmaps.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.Bitmaps, err = DecodeBitmaps(data); err != nil {
		return fail(p.Bitmaps, err)
	}
	if len(m.Bitmaps.Layers) != len(p.Layers) {
		return fail(p.Bitmaps, fmt.Errorf("holds %d convolutions, the profile %d", len(m.Bitmaps.Layers), len(p.Layers)))
	}
	if data, err = p.Golden.Read(dir); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.Golden, err = npy.Decode(bytes.NewReader(data), int64(len(data))); err != nil {
		return fail(p.Golden, err)
	}
	if m.Golden.DType != "int32" || len(m.Golden.Shape) != 4 {
		return fail(p.Golden, fmt.Errorf("holds %s of shape %v; golden images are int32 (N,H,W,C)", m.Golden.DType, m.Golden.Shape))
	}
	return m, nil
}
