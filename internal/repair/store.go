package repair

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"hass/internal/graph"
)

// Store keeps the results of finished parts of a pruning, so that an interrupted one can go on. Keys are of one graph and one set of options.
type Store interface {
	Has(key string) bool
	Get(key string, v any) (ok bool, err error)
	Put(key string, v any) error
}

// The keys of a store; a layer's key ends in its name.
const (
	keyRows   = "rows"
	keyShares = "shares"
	keyLayer  = "layer "
)

// kept returns the store's value for a key. A store without the key gets the value that make returns.
func kept[T any](s Store, key string, make func() (T, error)) (v T, err error) {
	if s == nil {
		return make()
	}
	if ok, err := s.Get(key, &v); ok || err != nil {
		return v, err
	}
	if v, err = make(); err != nil {
		return v, err
	}
	return v, s.Put(key, v)
}

// packed are floats that JSON keeps bit for bit, whatever they are.
type packed []float64

// MarshalJSON writes the bytes of the floats, lowest first, in base64.
func (b packed) MarshalJSON() ([]byte, error) {
	data := make([]byte, 0, 8*len(b))
	for _, v := range b {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(data))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (b *packed) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(data)%8 != 0 {
		return fmt.Errorf("%d characters that are no floats", len(s))
	}
	*b = make(packed, len(data)/8)
	for i := range *b {
		(*b)[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return nil
}

// weights32 are weights that JSON keeps bit for bit.
type weights32 []float32

// MarshalJSON writes the bytes of the weights, lowest first, in base64.
func (w weights32) MarshalJSON() ([]byte, error) {
	data := make([]byte, 0, 4*len(w))
	for _, v := range w {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(data))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *weights32) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(data)%4 != 0 {
		return fmt.Errorf("%d characters that are no weights", len(s))
	}
	*w = make(weights32, len(data)/4)
	for i := range *w {
		(*w)[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return nil
}

// finished is a repaired layer.
type finished struct {
	Weights weights32 `json:"weights"`
	Bias    weights32 `json:"bias"`
	Report  Layer     `json:"report"`
}

// finished is the layer as it is now.
func (l *layer) finished() finished {
	return finished{l.weights.F, l.bias.F, l.report}
}

// finish gives the layer what was made of it.
func (l *layer) finish(t *twin, f finished) error {
	if len(f.Weights) != len(l.weights.F) || len(f.Bias) != len(l.bias.F) || f.Report.Name != l.report.Name {
		return fmt.Errorf("layer %q: what was kept of it, %d weights and %d biases, is of another layer", l.node.Name, len(f.Weights), len(f.Bias))
	}
	l.weights = &graph.Tensor{Type: graph.Float, Shape: l.weights.Shape, F: f.Weights}
	l.bias = &graph.Tensor{Type: graph.Float, Shape: l.bias.Shape, F: f.Bias}
	l.report = f.Report
	l.set(t)
	return nil
}
