package codegen

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"hass/internal/artifact"
)

// recordName is the copy of the design in a project. Verify names what differs from it; no
// tool and no driver reads it.
const recordName = "reports/design.json"

// manifest lists the files of a project. It comes last.
func (p *Project) manifest(target Target, files []File) (File, error) {
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

// record is the design as a file of the project.
func (p *Project) record() (File, error) {
	text, err := p.Design.Text()
	return File{Path: recordName, Data: plainJSON(text)}, err
}

// plainJSON gives the same JSON with every byte of a string as a \u escape that a tool could
// take for more than text, as modelName does.
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
		case !inside || plainByte(c) || strings.IndexByte(" ,.", c) >= 0:
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
