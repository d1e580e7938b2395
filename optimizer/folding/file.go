package folding

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hass/internal/artifact"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/spell"
	"hass/internal/userfile"
)

// maxNumber bounds the numbers of a folding file.
const maxNumber = 1 << 20

// maxOffered bounds the values that an error lists.
const maxOffered = 24

// File is a folding file that was read: a value for some keys of some layers.
type File struct {
	Path string
	Hash string // SHA-256 of its bytes, in hex

	layers map[string]map[string]string // by layer ID and key
}

// Error says that a value of a folding file cannot be had.
type Error struct {
	Path, Layer, Key string
	Text             string // what is wrong, with the values that would do

	depth int // number of keys that fit before it
}

// Error names file, layer and key.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: layer %s", e.Path, e.Layer)
	if e.Key != "" {
		s += ": " + e.Key
	}
	return s + e.Text
}

// Nearer tells whether e comes from choices of hardware that are nearer to the file than those of another error, or the other is nil.
func (e *Error) Nearer(than *Error) bool { return than == nil || e.depth > than.depth }

// Read reads a folding file. Its errors name the file, and the line or the layer and the key.
func Read(path string) (*File, error) {
	data, err := userfile.Read(path, userfile.MaxTOML)
	if err != nil {
		return nil, fmt.Errorf("folding file: %w", err)
	}
	return parse(path, data)
}

// parse reads the text of a folding file.
func parse(path string, data []byte) (*File, error) {
	var top map[string]any
	if _, err := userfile.DecodeTOML(data, &top); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &File{Path: path, Hash: artifact.HashBytes(data), layers: map[string]map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if name != "layer" {
			return nil, fmt.Errorf("%s: unknown key %.60q; a folding file has tables [layer.ID] alone", path, name)
		}
	}
	tables, ok := top["layer"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: it pins nothing; want tables [layer.ID], as \"hass show DESIGN --folding\" writes them", path)
	}
	for _, layer := range slices.Sorted(maps.Keys(tables)) {
		bad := func(key, text string) error { return &Error{Path: path, Layer: short(layer), Key: key, Text: text} }
		table, ok := tables[layer].(map[string]any)
		if !ok {
			return nil, bad("", " is no table; want [layer.ID]")
		}
		values := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			k := at(name)
			if k < 0 {
				return nil, bad(short(name), " is no key"+instead(name, names(kindOf{intnet.KindConv, true})))
			}
			value, would := keys[k].parse(table[name])
			if would != "" {
				return nil, bad(name, fmt.Sprintf(" = %s cannot be; %s would do", short(fmt.Sprint(table[name])), would))
			}
			values[name] = value
		}
		f.layers[layer] = values
	}
	return f, nil
}

// parse gives the text of a value, or else says what would do.
func (k *key) parse(v any) (value, would string) {
	if k.words != nil {
		s, ok := v.(string)
		if !ok || !slices.Contains(k.words, s) {
			return "", list(k, k.words)
		}
		return s, ""
	}
	n, ok := v.(int64)
	if !ok || n < 1 || n > maxNumber {
		return "", fmt.Sprintf("a whole number of 1..%d", maxNumber)
	}
	return strconv.FormatInt(n, 10), ""
}

// short is a text of the user's as one that a message can hold.
func short(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "..."
	}
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

// instead proposes a name.
func instead(name string, known []string) string {
	if near := spell.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return "; want " + alternatives(known)
}

// list is values as TOML.
func list(k *key, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = k.text(v)
	}
	return alternatives(quoted)
}

// alternatives joins words by commas and "or".
func alternatives(words []string) string {
	switch n := len(words); {
	case n > maxOffered:
		return strings.Join(words[:maxOffered], ", ") + fmt.Sprintf(" (and %d more)", n-maxOffered)
	case n > 1:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

// For are the pins of a file for a network. Layers that the network does not have and keys that a layer of its kind does not have are
// errors.
func (f *File) For(net *intnet.Net) (*Pins, error) {
	p := &Pins{file: f, net: net, values: make([][]string, len(net.Layers)), seen: make([]refusal, len(net.Layers))}
	ids := make([]string, len(net.Layers))
	for i := range net.Layers {
		ids[i] = net.Layers[i].ID
	}
	for _, id := range slices.Sorted(maps.Keys(f.layers)) {
		i := slices.Index(ids, id)
		if i < 0 {
			return nil, &Error{Path: f.Path, Layer: short(id), Text: " is none of the network's" + instead(id, ids)}
		}
		layer := kindOf{net.Layers[i].Kind, f.layers[id]["engine"] == string(hw.ScheduledEngine)}
		p.values[i] = make([]string, len(keys))
		for _, name := range slices.Sorted(maps.Keys(f.layers[id])) {
			k := at(name)
			if !keys[k].only(layer) {
				what := fmt.Sprintf(": a layer of kind %s has no such choice", layer.kind)
				if keys[k].only(kindOf{layer.kind, true}) {
					what = fmt.Sprintf(": only a layer with engine = %q has it", string(hw.ScheduledEngine))
				}
				return nil, &Error{Path: f.Path, Layer: id, Key: name, Text: what + "; its keys are " + strings.Join(names(layer), ", ")}
			}
			p.values[i][k] = f.layers[id][name]
		}
	}
	return p, nil
}
