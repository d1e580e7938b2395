package main

import (
	"fmt"
	"strconv"
	"strings"

	"hass/frontend"
)

// shapeFlags give the sizes of inputs whose dimensions the model leaves open.
type shapeFlags struct {
	InputShape []inputShape `help:"Shape of an input with open dimensions, the batch first: NAME=1,3,224,224. May be repeated." sep:"none" placeholder:"NAME=DIMS"`
}

// shapes returns the given shapes by input; the last one counts if an input has several.
func (f shapeFlags) shapes() frontend.Shapes {
	if len(f.InputShape) == 0 {
		return nil
	}
	all := frontend.Shapes{}
	for _, s := range f.InputShape {
		all[s.name] = s.dims
	}
	return all
}

// inputShape is one NAME=DIMS argument.
type inputShape struct {
	name string
	dims []int
}

// UnmarshalText reads NAME=1,3,224,224. The name may hold = and commas.
func (s *inputShape) UnmarshalText(text []byte) error {
	at := strings.LastIndexByte(string(text), '=')
	if at < 1 {
		return fmt.Errorf("%q is no NAME=1,3,224,224", text)
	}
	s.name, s.dims = string(text[:at]), nil
	for word := range strings.SplitSeq(string(text[at+1:]), ",") {
		d, err := strconv.Atoi(word)
		if err != nil || d < 1 {
			return fmt.Errorf("%q: the size %q is no number of at least 1", text, word)
		}
		s.dims = append(s.dims, d)
	}
	return nil
}
