package project

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"hass/internal/artifact"
	"hass/internal/hw/limits"
)

// RecordName is the copy of the design in a project. A comparison uses it to name differences;
// no tool or driver reads it.
const RecordName = "reports/design.json"

// Manifest lists the files of a project. It comes last.
func (p *Project) Manifest(target limits.Target, files []File) (File, error) {
	text, err := p.Design.Text()
	if err != nil {
		return File{}, err
	}
	m := artifact.Manifest{
		Header: artifact.NewHeader(artifact.ManifestSchema, artifact.ManifestVersion, map[string]string{
			"design": artifact.HashBytes(text), "weights": p.Design.Weights.SHA256, "golden": p.Design.Golden.SHA256,
		}),
		Target: string(target), Golden: len(p.Images),
	}
	for _, f := range files {
		m.Files = append(m.Files, artifact.SideFile{Path: f.Path, SHA256: artifact.HashBytes(f.Data), Bytes: int64(len(f.Data))})
	}
	slices.SortFunc(m.Files, func(a, b artifact.SideFile) int { return strings.Compare(a.Path, b.Path) })
	var b bytes.Buffer
	if err := artifact.Encode(&b, m); err != nil {
		return File{}, err
	}
	return File{Path: artifact.ManifestName, Data: b.Bytes()}, nil
}

// Record is the design as a file of the project.
func (p *Project) Record() (File, error) {
	text, err := p.Design.Text()
	return File{Path: RecordName, Data: plainJSON(text)}, err
}

// plainJSON gives the same JSON with every byte of a string that a tool could interpret as a
// \u escape, as in the host driver's constants.
func plainJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	escape := func(units ...uint16) {
		for _, u := range units {
			out = fmt.Appendf(out, `\u%04x`, u)
		}
	}
	inside := false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"':
			inside = !inside
			out = append(out, c)
			i++
		case !inside || PlainByte(c) || strings.IndexByte(" ,.", c) >= 0:
			out = append(out, c)
			i++
		case c == '\\' && text[i+1] == 'u':
			out = append(out, text[i:i+6]...)
			i += 6
		case c == '\\':
			escape(shortEscapes[text[i+1]])
			i += 2
		default:
			r, n := utf8.DecodeRune(text[i:])
			escape(utf16.Encode([]rune{r})...)
			i += n
		}
	}
	return out
}

// shortEscapes are JSON's escapes of two characters, by the second.
var shortEscapes = map[byte]uint16{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// Reports are the optimizer's estimates under FINN's file names. A hand-made design has none.
func (p *Project) Reports() ([]File, error) {
	if len(p.Design.Costs) == 0 {
		return nil, nil
	}
	cycles, resources, performance, err := p.Design.JSONReports()
	if err != nil {
		return nil, err
	}
	return []File{
		{Path: "reports/estimate_layer_cycles.json", Data: cycles},
		{Path: "reports/estimate_layer_resources.json", Data: resources},
		{Path: "reports/estimate_network_performance.json", Data: performance},
	}, nil
}
