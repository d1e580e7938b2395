// Package workfile keeps results of a long command in a file, so that an interrupted command can go on.
//
// A file has a line that names its purpose, and then records: a key with a value as JSON, each with its length and the SHA-256 of its
// bytes. Records are only appended. The first one that is cut off or damaged ends the file, so a command that is killed while it writes
// loses that record alone.
//
// It knows nothing about the values. It takes a file only if a program of the same version wrote it for the same inputs.
package workfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// magic is the start of the first line; the identity follows it.
const magic = "hass work file 1 "

const (
	maxIdentity = 256     // bytes
	maxRecord   = 1 << 31 // bytes
)

// File holds the results that a command has so far. It must not be used concurrently.
type File struct {
	path     string
	identity string
	values   map[string]json.RawMessage
	size     int64    // of the part of the file that is whole; 0 if the file is to be begun
	other    bool     // the file is there and is of another run
	f        *os.File // open to append; nil before the first Put
}

type record struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Open reads the work file at path, if there is one. identity names the run: program, inputs and options, in one line of at most 256
// bytes. A work file of another run counts as empty and is overwritten by the first Put. A file that is no work file is an error.
func Open(path, identity string) (*File, error) {
	if identity == "" || len(identity) > maxIdentity || strings.ContainsAny(identity, "\r\n") {
		return nil, fmt.Errorf("%.80q is no identity of a work file", identity)
	}
	w := &File{path: path, identity: identity, values: map[string]json.RawMessage{}}
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	foreign := fmt.Errorf("%s: is no work file of hass, which keeps results there until the command has succeeded; move that file or name another output", path)
	if !st.Mode().IsRegular() {
		return nil, foreign
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(io.LimitReader(f, st.Size()))
	line := make([]byte, 0, len(magic)+maxIdentity)
	for len(line) < cap(line) {
		b, err := r.ReadByte()
		if err != nil || b == '\n' {
			break
		}
		line = append(line, b)
	}
	have, ok := strings.CutPrefix(string(line), magic)
	if !ok {
		return nil, foreign
	}
	if have != identity {
		w.other = true
		return w, nil
	}
	w.size = int64(len(line)) + 1
	for {
		rec, n, ok := read(r, st.Size()-w.size)
		if !ok {
			return w, nil
		}
		w.values[rec.Key] = rec.Value
		w.size += n
	}
}

// read reads a record from the left bytes of a file; ok is false if it is not whole.
func read(r io.Reader, left int64) (rec record, n int64, ok bool) {
	var head [4 + sha256.Size]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return rec, 0, false
	}
	size := int64(binary.LittleEndian.Uint32(head[:]))
	if n = int64(len(head)) + size; size > maxRecord || n > left {
		return rec, 0, false
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil || sha256.Sum256(text) != [sha256.Size]byte(head[4:]) {
		return rec, 0, false
	}
	return rec, n, json.Unmarshal(text, &rec) == nil
}

// Other tells whether a work file of another run is there, which the first Put overwrites.
func (w *File) Other() bool { return w.other }

// Len is the number of values.
func (w *File) Len() int { return len(w.values) }

// Has tells whether there is a value for a key.
func (w *File) Has(key string) bool { return w.values[key] != nil }

// Get decodes the value of a key into v; ok is false if there is none.
func (w *File) Get(key string, v any) (ok bool, err error) {
	text := w.values[key]
	if text == nil {
		return false, nil
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("%s: %q cannot be read: %w", w.path, key, err)
	}
	return true, nil
}

// Put appends a value; one of the same key is replaced.
func (w *File) Put(key string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	text, err := json.Marshal(record{key, value})
	if err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	if len(text) > maxRecord {
		return fmt.Errorf("%s: %q takes %d bytes, more than a work file holds", w.path, key, len(text))
	}
	if err := w.open(); err != nil {
		return err
	}
	var b bytes.Buffer
	sum := sha256.Sum256(text)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))
	b.Write(sum[:])
	b.Write(text)
	if _, err := w.f.Write(b.Bytes()); err != nil {
		return err
	}
	w.size += int64(b.Len())
	w.values[key] = value
	return nil
}

// open begins the file, or cuts it behind its last whole record.
func (w *File) open() error {
	if w.f != nil {
		return nil
	}
	f, err := os.OpenFile(w.path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	head := ""
	if w.size == 0 {
		head = magic + w.identity + "\n"
	}
	err = f.Truncate(w.size)
	if err == nil {
		_, err = f.Seek(w.size, io.SeekStart)
	}
	if err == nil {
		_, err = f.WriteString(head)
	}
	if err != nil {
		f.Close()
		return err
	}
	w.f, w.other = f, false
	w.size += int64(len(head))
	return nil
}

// Close ends the use of the file, which stays.
func (w *File) Close() error {
	if w.f == nil {
		return nil
	}
	err := w.f.Close()
	w.f = nil
	return err
}

// Remove closes the file and removes it if it is of this run.
func (w *File) Remove() error {
	err := w.Close()
	if w.size > 0 {
		err = errors.Join(err, os.Remove(w.path))
	}
	w.size = 0
	return err
}
