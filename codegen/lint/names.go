package lint

import (
	"path"
	"slices"
	"strings"
)

// keywords are the keywords of C++ and the names that the emitted glue takes from the
// language, AMD's headers or the module library's macros.
var keywords = set(`alignas alignof and asm auto bool break case catch char class const constexpr const_cast continue decltype default
	delete do double else enum explicit extern false float for friend goto if inline int long mutable namespace new noexcept
	nullptr operator or private protected public register reinterpret_cast return short signed sizeof static
	static_assert static_cast struct switch template this throw true try typedef typeid typename union unsigned using virtual
	void volatile while final override
	std hls stream read write ap_uint ap_int ap_axiu ap_axis axis data keep strb last user id dest
	int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
	HASS_STREAM HASS_SKIP_STREAM HASS_WIDE_STREAM HASS_PROCESS HASS_RUN HASS_CHECK HASS_BEAT_COST HASS_IMAGES_DONE HASS_ASSERT HASS_PRAGMA
	__SYNTHESIS__ HASS_BOUNDED_STREAMS`)

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// checkNames applies the rules on identifiers: reserved forms everywhere, the tables of
// Options in generated files.
func (p *project) checkNames() {
	library := make(map[string]bool)
	for _, f := range p.sources {
		if inFolder(f.name, "include") {
			for _, t := range f.tokens {
				if t.kind == identToken {
					library[t.text] = true
				}
			}
		}
	}
	ids := make(map[string]bool)
	for _, id := range p.opts.IDs {
		ids[id] = true
	}
	allowed := func(w string) bool {
		if keywords[w] || library[w] || slices.Contains(p.opts.Known, w) || ids[w] {
			return true
		}
		// id_suffix, s_id_suffix, and w_... of other prefixes of one letter.
		rest := w
		if len(w) > 2 && w[1] == '_' {
			rest = w[2:]
		}
		for _, s := range []string{w, rest} {
			for i := len(s); i > 0; i = strings.LastIndexByte(s[:i], '_') {
				if ids[s[:i]] {
					return true
				}
			}
		}
		return false
	}
	for _, f := range p.sources {
		generated := inFolder(f.name, "src")
		said := make(map[string]bool)
		for _, t := range f.tokens {
			if t.kind != identToken || said[t.text] {
				continue
			}
			w := t.text
			switch {
			case strings.Contains(w, "__") && !keywords[w]:
				p.report(f, t.line, RuleIdentifier, "%s holds two underscores, which C++ reserves", w)
			case len(w) > 1 && w[0] == '_' && w[1] >= 'A' && w[1] <= 'Z' && w != "_Pragma":
				p.report(f, t.line, RuleIdentifier, "%s begins as a reserved identifier", w)
			case generated && p.opts.IDs != nil && !allowed(w):
				p.report(f, t.line, RuleIdentifier, "%s is in no table of identifiers", w)
			default:
				continue
			}
			said[w] = true
		}
		for _, name := range p.opts.ModelNames {
			if len(name) < 3 || plainWord(name) {
				continue
			}
			if i := findWord(f.text, name); i >= 0 {
				p.report(f, 1+strings.Count(f.text[:i], "\n"), RuleIdentifier, "the model's name %q stands in the text", name)
			}
		}
	}
}

// inFolder reports whether a path lies in a folder of that name, at the root of the project.
func inFolder(name, folder string) bool {
	return strings.HasPrefix(path.Clean(name), folder+"/")
}

// plainWord reports whether a name consists of letters, digits and underscores only: such a name
// is harmless, and comments may use the word.
func plainWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}

// findWord finds name in text where no word character stands directly before or after it.
func findWord(text, name string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(name)
		before := i > 0 && isWord(text[i-1]) && isWord(name[0])
		after := end < len(text) && isWord(text[end]) && isWord(name[len(name)-1])
		if !before && !after {
			return i
		}
		from = i + 1
	}
}
