package quant

import (
	"testing"

	"hass/internal/curve"
	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/settings"
)

// TestTables: at 8 bits a function of all channels is a table of all inputs, of TableBits; one whose result is to be wider reads 16 bits.
func TestTables(t *testing.T) {
	g := everything(t, 2)
	imgs := images(2, 6, 3*9*8, 2, -1)
	for _, c := range []struct {
		name   string
		widths *settings.Widths
		wide   map[string]bool // functions that read 16 bits
	}{
		{"all", nil, nil},
		{"one wide", &settings.Widths{Layers: map[string]settings.LayerWidths{"si": {Activations: 12}}}, map[string]bool{"si": true}},
	} {
		_, net := lower(t, g, imgs, Options{Bits: 8, Widths: c.widths})
		seen := 0
		for i := range net.Layers {
			l := &net.Layers[i]
			if l.Kind != intnet.KindActivation || activations[l.Name] == nil || l.Name == "pr" {
				continue
			}
			seen++
			bits := net.Tensors[l.In[0]].Format.Bits
			if c.wide[l.Name] {
				if bits != fixed.MaxBits {
					t.Errorf("%s: %q reads %d bits", c.name, l.Name, bits)
				}
				continue
			}
			if bits != curve.TableBits || l.Act.Fn != intnet.ActCurve || l.Act.Step != 0 || l.Act.MaxError > 0.5+1e-9 {
				t.Errorf("%s: %q reads %d bits and is %s of steps of 2^%d with an error of %g", c.name, l.Name, bits, l.Act.Fn, l.Act.Step, l.Act.MaxError)
			}
		}
		if seen != 6 {
			t.Errorf("%s: %d functions", c.name, seen)
		}
	}
}

// TestDomain: a value that only a hard swish reads has the places of what it distinguishes, whatever lies below -3.
func TestDomain(t *testing.T) {
	for _, c := range []struct {
		name string
		more string // another reader
		frac int
	}{
		{"a function alone", "", 7},
		{"another reader", `relu "more" ("c.y") -> ("more.y" [1,2,4,4])`, 5},
	} {
		x := newText(1, "[1,2,4,4]")
		x.b.WriteString("  const \"w\" f32 [2,1,1,1] { 1 1 }\n")
		x.node(`conv "c" ("x", "w") -> ("c.y" [1,2,4,4]) kernel=[1,1] stride=[1,1] dilation=[1,1] pads=[0,0,0,0] groups=2`)
		x.node(`hardswish "h" ("c.y") -> ("h.y" [1,2,4,4])`)
		outputs := []string{"h.y"}
		if c.more != "" {
			x.node("%s", c.more)
			outputs = append(outputs, "more.y")
		}
		spec, _ := lower(t, x.graph(t, outputs...), images(3, 4, 2*4*4, 15, -12), Options{Bits: 8})
		if f := spec.Values["c.y"].Format; f.Bits != curve.TableBits || f.Frac != c.frac {
			t.Errorf("%s: %v, want %d bits with a point at %d", c.name, f, curve.TableBits, c.frac)
		}
	}
}
