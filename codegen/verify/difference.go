package verify

import (
	"encoding/binary"
	"fmt"
	"path"
	"regexp"
	"strings"

	"hass/codegen/project"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// textDifference names the first line in which a project's file differs, and the part of the file
// that it belongs to.
func textDifference(name, have, want string) string {
	a, b := strings.Split(have, "\n"), strings.Split(want, "\n")
	at, lines := -1, 0
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			if lines++; at < 0 {
				at = i
			}
		}
	}
	quote := func(lines []string) string {
		if at >= len(lines) {
			return "the end"
		}
		s := strings.TrimSpace(lines[at])
		if len(s) > 160 {
			s = s[:157] + "..."
		}
		return fmt.Sprintf("%+q", s)
	}
	part := ""
	if p := partOf(name, b, at); p != "" {
		part = " (" + p + ")"
	}
	more := ""
	if len(a) == len(b) && lines > 1 {
		more = fmt.Sprintf("; %d lines differ", lines)
	}
	return fmt.Sprintf(" line %d%s: %s in the project, %s by the design%s", at+1, part, quote(a), quote(b), more)
}

var (
	instance   = regexp.MustCompile(`^\s*\) (\w+) \($`)             // SystemVerilog: the end of an instance's parameters
	definition = regexp.MustCompile(`^[A-Za-z][\w:<>&*, ]*\b(\w+)`) // C++: a function or struct
)

// partOf is the instance, function or struct that contains line at, "" if none is found.
func partOf(name string, lines []string, at int) string {
	switch path.Ext(name) {
	case ".sv":
		for i := at; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
			if m := instance.FindStringSubmatch(lines[i]); m != nil {
				return m[1]
			}
		}
	case ".cpp", ".hpp":
		for i := min(at, len(lines)-1); i >= 0; i-- {
			if line := lines[i]; strings.HasPrefix(line, "}") {
				return ""
			} else if m := definition.FindStringSubmatch(strings.SplitN(line, "(", 2)[0]); m != nil && i < at {
				return m[1]
			}
		}
	}
	return ""
}

// binaryDifference names the first value in which a data file differs.
func binaryDifference(p *project.Project, name string, have, want []byte) string {
	if len(have) != len(want) {
		return fmt.Sprintf("%d bytes in the project, %d by the design", len(have), len(want))
	}
	at := 0
	for have[at] == want[at] {
		at++
	}
	differing := 0
	for i := range have {
		if have[i] != want[i] {
			differing++
		}
	}
	where := ""
	switch base := path.Base(name); base {
	case "weights.bin":
		where = weightDifference(p, have, want, at/4)
	case "golden_input.bin":
		where = wordDifference(p, p.Input, have, want, at)
	case "golden_tensors.bin":
		where = tensorDifference(p, have, want, at)
	default:
		for i, port := range p.Outputs {
			if base == fmt.Sprintf("golden_output%d.bin", i) {
				where = wordDifference(p, port, have, want, at)
			}
		}
	}
	return fmt.Sprintf("%s; %d of %d bytes differ", where, differing, len(have))
}

// weightDifference describes a difference in a word of data/weights.bin.
func weightDifference(p *project.Project, have, want []byte, word int) string {
	x, y := binary.LittleEndian.Uint32(have[4*word:]), binary.LittleEndian.Uint32(want[4*word:])
	at := word
	for _, link := range p.Chain {
		if at >= link.Words {
			at -= link.Words
			continue
		}
		pr := p.HW.Processes[link.Process]
		l := p.Net.Layers[pr.Layer]
		if pr.Kind == hw.Engine {
			where := fmt.Sprintf("layer %s, unused bits of %s", l.ID, pr.Name)
			e := p.Engine(pr.Layer)
			e.Place(pr.Index, func(w hw.WeightPlace) bool {
				if left := 32 - e.WBits; w.Word == at && (x^y)>>w.Bit<<left != 0 {
					k := l.Conv.Kernel[1]
					where = fmt.Sprintf("layer %s, weight [%d, %d, %d, %d] (output channel, row, column, input channel): %d in the project, %d by the design",
						l.ID, w.Out, w.Tap/k, w.Tap%k, w.Chan, int32(x>>w.Bit<<left)>>left, int32(y>>w.Bit<<left)>>left)
					return false
				}
				return w.Word <= at
			})
			return where
		}
		switch pr.Kind {
		case hw.ScheduledProc:
			m := p.HW.ScheduledModule(pr.Layer)
			where := fmt.Sprintf("row %d of the schedule", (at-m.Beats)/m.RowWeights().Words)
			if at < m.Beats {
				where = fmt.Sprintf("place of word %d of the window", at)
			}
			return fmt.Sprintf("layer %s, %s: word %#x in the project, %#x by the design", l.ID, where, x, y)
		case hw.Collect:
			return fmt.Sprintf("layer %s, chain of output channel %d: %d in the project, %d by the design", l.ID, at, x, y)
		}
		j := p.Join(pr.Layer)
		what := "bias"
		switch own := at % j.WordsPerChannel(); {
		case j.Levels > 0:
			what = fmt.Sprintf("threshold %d", own/j.ValueWords())
		case own >= j.ValueWords() && j.OwnMul():
			what = "multiplier"
		case own >= j.ValueWords():
			what = "shift"
		}
		return fmt.Sprintf("layer %s, %s of output channel %d: word %d in the project, %d by the design", l.ID, what, at/j.WordsPerChannel(), int32(x), int32(y))
	}
	return fmt.Sprintf("end mark: %#x in the project, %#x by the design", x, y)
}

// wordDifference names the element of a port's golden words that contains byte at.
func wordDifference(p *project.Project, port project.Port, have, want []byte, at int) string {
	t := p.Net.Tensors[port.Tensor]
	size := port.AXIBits / 8
	word := at / size
	image, beat := word/port.Words, word%port.Words
	groups := t.C / port.Beat.Ch
	perRow := (t.W + port.Beat.Px - 1) / port.Beat.Px * groups
	y, x, c := beat/perRow, beat%perRow/groups*port.Beat.Px, beat%groups*port.Beat.Ch
	a, b := have[word*size:][:size], want[word*size:][:size]
	lane := func(bytes []byte, n int) (v int64) {
		for i := range port.Bits {
			bit := n*port.Bits + i
			v |= int64(bytes[bit/8]>>(bit%8)&1) << i
		}
		if port.Signed && v>>(port.Bits-1) != 0 {
			v -= 1 << port.Bits
		}
		return v
	}
	for px := range port.Beat.Px {
		for ch := range port.Beat.Ch {
			if n := px*port.Beat.Ch + ch; lane(a, n) != lane(b, n) {
				return fmt.Sprintf("%s, image %d, element (%d, %d, %d) of tensor %s (row, column, channel): %d in the project, %d by the design",
					port.Name, image, y, x+px, c+ch, t.ID, lane(a, n), lane(b, n))
			}
		}
	}
	return fmt.Sprintf("%s, image %d, word %d: unused bits", port.Name, image, beat)
}

// tensorDifference names the element of data/golden_tensors.bin that contains byte at.
func tensorDifference(p *project.Project, have, want []byte, at int) string {
	list, imageBytes := p.Checked()
	image, offset := at/imageBytes, at%imageBytes
	for _, c := range list {
		t := p.Net.Tensors[c.Tensor]
		if n := t.H * t.W * t.C * c.Bytes; offset >= c.Offset && offset < c.Offset+n {
			e := (offset - c.Offset) / c.Bytes
			start := image*imageBytes + c.Offset + e*c.Bytes
			return fmt.Sprintf("image %d, element (%d, %d, %d) of tensor %s (row, column, channel): %d in the project, %d by the design",
				image, e/(t.W*t.C), e/t.C%t.W, e%t.C, t.ID, element(t, have[start:][:c.Bytes]), element(t, want[start:][:c.Bytes]))
		}
	}
	return fmt.Sprintf("image %d", image)
}

// element decodes a value of a tensor from its bytes.
func element(t intnet.Tensor, b []byte) int64 {
	v := int64(b[0])
	if len(b) == 2 {
		v |= int64(b[1]) << 8
	}
	if shift := 64 - 8*len(b); t.Format.Signed {
		v = v << shift >> shift
	}
	return v
}
