package onnx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"hass/internal/userfile"
)

// Limits on the memory that a file can make the decoder allocate.
const (
	maxFile     = 2 << 30  // bytes of a model after decompression; protobuf's own limit
	maxExternal = 2 << 30  // total bytes of external data of one model
	gzipRatio   = 256      // a compressed model may decompress to this factor of its size...
	gzipFloor   = 64 << 20 // ...and a small one to this number of bytes
)

// Open reads a model file, plain or gzip (recognised by its first bytes,
// not its name), with its external data. Errors name the file.
func Open(path string) (*Model, error) {
	data, err := userfile.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	m, err := Load(data, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.Files = append([]string{path}, m.Files...)
	return m, nil
}

// Load decodes a model held in memory, plain or gzip. External data are read
// from the folder dir; if dir is "", external data are an error.
func Load(data []byte, dir string) (*Model, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		var err error
		if data, err = gunzip(data); err != nil {
			return nil, err
		}
	}
	m, err := Decode(data)
	if err != nil {
		return nil, err
	}
	if err := m.inline(); err != nil {
		return nil, err
	}
	if err := m.loadExternal(dir); err != nil {
		return nil, err
	}
	return m, nil
}

func gunzip(data []byte) ([]byte, error) {
	limit := min(max(int64(len(data))*gzipRatio, gzipFloor), maxFile)
	// The size is counted before anything is kept: a decompression bomb, of one gzip member or
	// many, costs time but no memory.
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, limit+1))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if n > limit {
		return nil, fmt.Errorf("gzip: %d bytes grow beyond %d: refused as a decompression bomb (decompress the file yourself if it is right)", len(data), limit)
	}
	if err := z.Reset(bytes.NewReader(data)); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	out := make([]byte, n)
	if _, err := io.ReadFull(z, out); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return out, nil
}

// loadExternal loads the bytes of every tensor with external data.
func (m *Model) loadExternal(dir string) error {
	tensors := slices.Clone(m.Graph.Initializers)
	for _, n := range m.Graph.Nodes {
		for _, a := range n.Attrs {
			if a.T != nil {
				tensors = append(tensors, a.T)
			}
		}
	}
	x := external{dir: dir, files: map[string][]byte{}}
	defer x.close()
	for _, t := range tensors {
		if t.external == nil {
			continue
		}
		if err := x.load(t); err != nil {
			return fmt.Errorf("external data of tensor %q: %w", t.Name, err)
		}
	}
	for loc := range x.files {
		m.Files = append(m.Files, filepath.Join(dir, loc))
	}
	slices.Sort(m.Files)
	return nil
}

// external reads files below one folder, each once.
type external struct {
	dir   string
	root  *os.Root // refuses paths and symlinks that leave the folder
	files map[string][]byte
	taken int64 // bytes that tensors take
	read  int64 // bytes of the files read
}

func (x *external) close() {
	if x.root != nil {
		x.root.Close()
	}
}

func (x *external) load(t *Tensor) error {
	if x.dir == "" {
		return errors.New("the model was not read from a file, so its folder is unknown")
	}
	loc := t.external["location"]
	if !filepath.IsLocal(filepath.FromSlash(loc)) {
		return fmt.Errorf("location %q is refused: it must be a relative path inside the model's folder", loc)
	}
	count, err := t.Count()
	if err != nil {
		return err
	}
	size := dataTypes[t.Type].size
	if size == 0 {
		return fmt.Errorf("element type %v cannot be read", t.Type)
	}
	offset, err := t.number("offset", 0)
	if err != nil {
		return err
	}
	length, err := t.number("length", int64(count)*int64(size))
	if err != nil {
		return err
	}
	if length != int64(count)*int64(size) {
		return fmt.Errorf("dimensions %v of %v need %d bytes, length says %d", t.Dims, t.Type, int64(count)*int64(size), length)
	}
	if x.taken += length; x.taken > maxExternal {
		return fmt.Errorf("the model's external data exceed %d bytes in sum", int64(maxExternal))
	}
	data, err := x.file(loc)
	if err != nil {
		return err
	}
	if offset > int64(len(data)) || length > int64(len(data))-offset {
		return fmt.Errorf("bytes %d to %d lie outside %q, which has %d", offset, offset+length, loc, len(data))
	}
	t.raw, t.hasRaw = data[offset:offset+length], true
	return nil
}

func (x *external) file(loc string) ([]byte, error) {
	loc = filepath.Clean(filepath.FromSlash(loc)) // one spelling per file
	if data, ok := x.files[loc]; ok {
		return data, nil
	}
	if x.root == nil {
		root, err := os.OpenRoot(x.dir)
		if err != nil {
			return nil, err
		}
		x.root = root
	}
	data, err := userfile.ReadIn(x.root, loc, maxExternal-x.read)
	if err != nil {
		return nil, fmt.Errorf("location %q: %w (all external files of a model: at most %d bytes)", loc, err, int64(maxExternal))
	}
	x.read += int64(len(data))
	x.files[loc] = data
	return data, nil
}

func (t *Tensor) number(key string, def int64) (int64, error) {
	s, ok := t.external[key]
	if !ok {
		return def, nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 || v > maxExternal {
		return 0, fmt.Errorf("%s %q is not a number from 0 to %d", key, s, int64(maxExternal))
	}
	return v, nil
}
