package sparsity

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"hass/internal/artifact"
	"hass/internal/npy"
)

// Write writes a measurement as the file path and two side files in the same folder,
// named after it: profile.json has profile.bitmaps.bin and profile.golden.npy. They
// appear together or not at all. Write sets the records of the side files in
// m.Profile.
func Write(ctx context.Context, m *Measurement, path string) error {
	names := Files(path)
	return artifact.WriteFiles(ctx,
		artifact.Output{Path: names[1], Side: &m.Profile.Bitmaps, Write: func(w io.Writer) error { _, err := w.Write(m.Bitmaps.Encode()); return err }},
		artifact.Output{Path: names[2], Side: &m.Profile.Golden, Write: func(w io.Writer) error { return npy.Write(w, m.Golden) }},
		artifact.Output{Path: path, Write: func(w io.Writer) error { return artifact.Encode(w, m.Profile) }})
}

// Files are the files that Write writes: path and its side files.
func Files(path string) []string {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	return []string{path, base + ".bitmaps.bin", base + ".golden.npy"}
}

// Read reads a profile and its side files and checks that all are as Write
// left them. Errors name the file at fault.
func Read(path string) (*Measurement, error) {
	p := new(Profile)
	if err := artifact.ReadJSON(path, ProfileSchema, ProfileVersion, p); err != nil {
		return nil, err
	}
	if err := p.CheckInputs(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
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
