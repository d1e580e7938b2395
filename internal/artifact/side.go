package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hass/internal/userfile"
)

// HashBytes is the SHA-256 of data in lower-case hex.
func HashBytes(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// HashFile is the SHA-256 of the bytes of the file path in lower-case hex.
func HashFile(path string) (string, error) {
	f, _, err := userfile.Open(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, cause(err))
	}
	defer f.Close()
	sum, _, err := hashReader(f)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, cause(err))
	}
	return sum, nil
}

func hashReader(r io.Reader) (sum string, n int64, err error) {
	h := sha256.New()
	if n, err = io.Copy(h, r); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// SideFile is a file that belongs to an artefact. Its path is relative
// to the artefact's folder, so that the folder can be moved.
type SideFile struct {
	Path   string `json:"path"`   // slash-separated, inside the artefact's folder
	SHA256 string `json:"sha256"` // lower-case hex
	Bytes  int64  `json:"bytes"`
}

// Beside is the path of the side file of the artefact path.
func (s SideFile) Beside(path string) string {
	return filepath.Join(filepath.Dir(path), filepath.FromSlash(s.Path))
}

// NewSideFile records the file rel of the folder dir as it is now.
func NewSideFile(dir, rel string) (SideFile, error) {
	s := SideFile{Path: rel}
	f, err := s.open(dir)
	if err != nil {
		return s, err
	}
	defer f.Close()
	if s.SHA256, s.Bytes, err = hashReader(f); err != nil {
		return s, fmt.Errorf("side file %s: %w", filepath.Join(dir, rel), cause(err))
	}
	return s, nil
}

// Open opens the file at its start. It is an error naming the file if it is missing from dir or differs from the
// record.
func (s SideFile) Open(dir string) (*os.File, error) {
	f, err := s.open(dir)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, s.Path)
	fail := func(err error) (*os.File, error) {
		f.Close()
		return nil, fmt.Errorf("side file %s: %w", name, cause(err))
	}
	st, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	if st.Size() != s.Bytes {
		return fail(fmt.Errorf("has %d bytes, but %d were recorded: it was changed or cut short; run the step that wrote it again", st.Size(), s.Bytes))
	}
	sum, _, err := hashReader(f)
	if err != nil {
		return fail(err)
	}
	if sum != s.SHA256 {
		return fail(errors.New("was changed since it was written (its SHA-256 differs from the recorded one); run the step that wrote it again"))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fail(err)
	}
	return f, nil
}

// Read gives the verified contents: the bytes returned are the bytes hashed.
func (s SideFile) Read(dir string) ([]byte, error) {
	f, err := s.open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	name := filepath.Join(dir, s.Path)
	data, err := io.ReadAll(io.LimitReader(f, s.Bytes+1)) // one byte more is enough to detect a different file
	if err != nil {
		return nil, fmt.Errorf("side file %s: %w", name, cause(err))
	}
	if int64(len(data)) != s.Bytes || HashBytes(data) != s.SHA256 {
		return nil, fmt.Errorf("side file %s: was changed since it was written (%d bytes were recorded, or its SHA-256 is another); run the step that wrote it again", name, s.Bytes)
	}
	return data, nil
}

// open checks the path, which comes from an untrusted file, and opens it
// below dir. os.Root also refuses symbolic links that lead outside.
func (s SideFile) open(dir string) (*os.File, error) {
	if s.Path == "" || strings.ContainsRune(s.Path, '\\') || strings.ContainsRune(s.Path, 0) || !filepath.IsLocal(filepath.FromSlash(s.Path)) {
		return nil, fmt.Errorf("side file %q: must be a relative path inside the artefact's folder", s.Path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("side file %s: %w", filepath.Join(dir, s.Path), cause(err))
	}
	defer root.Close()
	f, _, err := userfile.OpenIn(root, filepath.FromSlash(s.Path))
	if err != nil {
		return nil, fmt.Errorf("side file %s: %w", filepath.Join(dir, s.Path), cause(err))
	}
	return f, nil
}
