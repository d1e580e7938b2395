package intnet

import (
	"fmt"
	"reflect"
)

// The kinds of layers that move values unchanged: one input, no arithmetic, its input's format.
const (
	KindSlice      Kind = "slice"      // a regular part of a tensor
	KindZeroInsert Kind = "zeroinsert" // puts zeros between pixels: the first half of a transposed convolution
)

// Moves are the parameters of a layer that moves values unchanged: exactly the field of its kind is set. The type of
// each field defines its kind (mover); nothing else in this package lists the kinds.
type Moves struct {
	Slice  *Slice      `json:"slice,omitempty"`       // KindSlice
	Insert *ZeroInsert `json:"zero_insert,omitempty"` // KindZeroInsert
}

// mover is implemented by the parameters of such a layer.
type mover interface {
	// kind is the kind of layer with these parameters.
	kind() Kind
	// check refuses shapes and formats of input and output that do not fit the parameters.
	check(in, out *Tensor) error
	// move fills out from in.
	move(ti, to *Tensor, in, out []int32)
}

// moveKinds are the fields of Moves by kind.
var moveKinds = func() map[Kind]int {
	kinds := map[Kind]int{}
	t := reflect.TypeFor[Moves]()
	for i := range t.NumField() {
		kinds[reflect.New(t.Field(i).Type.Elem()).Interface().(mover).kind()] = i
	}
	return kinds
}()

// Moves reports whether layers of the kind move values unchanged.
func (k Kind) Moves() bool {
	_, ok := moveKinds[k]
	return ok
}

// of returns the parameters for a kind, nil if they are missing or the kind has none.
func (m *Moves) of(k Kind) mover {
	i, ok := moveKinds[k]
	if !ok {
		return nil
	}
	p := reflect.ValueOf(m).Elem().Field(i)
	if p.IsNil() {
		return nil
	}
	return p.Interface().(mover)
}

// count is the number of fields that are set.
func (m *Moves) count() (n int) {
	for _, p := range reflect.ValueOf(m).Elem().Fields() {
		if !p.IsNil() {
			n++
		}
	}
	return n
}

// Clone returns a deep copy.
func (m Moves) Clone() Moves {
	for _, p := range reflect.ValueOf(&m).Elem().Fields() {
		if !p.IsNil() {
			own := reflect.New(p.Type().Elem())
			own.Elem().Set(p.Elem())
			p.Set(own)
		}
	}
	return m
}

// Slice takes element (Start[0]+y*Step[0], Start[1]+x*Step[1], Start[2]+c) of its
// input for each (y, x, c) of its output. The format stays.
type Slice struct {
	Start [3]int `json:"start"` // row, column, channel
	Step  [2]int `json:"step"`  // rows, columns; at least 1
}

func (*Slice) kind() Kind { return KindSlice }

func (s *Slice) check(in, out *Tensor) error {
	if in.Format != out.Format {
		return fmt.Errorf("a slice keeps its format %v", in.Format)
	}
	size, osize := [3]int{in.H, in.W, in.C}, [3]int{out.H, out.W, out.C}
	for d := range 3 {
		step := 1
		if d < 2 {
			step = s.Step[d]
		}
		if step < 1 || step > MaxDim || s.Start[d] < 0 || s.Start[d] > MaxDim || s.Start[d]+(osize[d]-1)*step >= size[d] {
			return fmt.Errorf("slice from %v in steps of %v leaves its input", s.Start, s.Step)
		}
	}
	return nil
}

func (s *Slice) move(ti, to *Tensor, in, out []int32) {
	for y := range to.H {
		for x := range to.W {
			from := ((s.Start[0]+y*s.Step[0])*ti.W+s.Start[1]+x*s.Step[1])*ti.C + s.Start[2]
			copy(out[(y*to.W+x)*to.C:][:to.C], in[from:])
		}
	}
}

// ZeroInsert puts input pixel (y, x) at (y*Stride[0], x*Stride[1]) of its output and zeros
// everywhere else. The output may have more rows and columns of zeros at its end.
type ZeroInsert struct {
	Stride [2]int `json:"stride"`
}

func (*ZeroInsert) kind() Kind { return KindZeroInsert }

func (z *ZeroInsert) check(in, out *Tensor) error {
	if in.C != out.C || in.Format != out.Format {
		return fmt.Errorf("zero insertion keeps channels and format")
	}
	for d, size := range [2]int{in.H, in.W} {
		osize := [2]int{out.H, out.W}[d]
		if s := z.Stride[d]; s < 1 || s > MaxDim || (size-1)*s+1 > osize || osize > size*s {
			return fmt.Errorf("stride %v does not map %dx%d to %dx%d", z.Stride, in.H, in.W, out.H, out.W)
		}
	}
	return nil
}

func (z *ZeroInsert) move(ti, to *Tensor, in, out []int32) {
	clear(out)
	for y := range ti.H {
		for x := range ti.W {
			copy(out[(y*z.Stride[0]*to.W+x*z.Stride[1])*to.C:][:to.C], in[(y*ti.W+x)*ti.C:])
		}
	}
}
