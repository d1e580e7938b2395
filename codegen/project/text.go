package project

import "strings"

// PlainByte reports letters, digits and _: what no tool that reads an emitted file takes for more than text.
func PlainByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// maxName bounds a model's name in emitted text, in runes.
const maxName = 120

// CutName shortens a name of the model that no reader would read to its end.
func CutName(s string) string {
	n := 0
	for i := range s {
		if n == maxName {
			return s[:i] + "..."
		}
		n++
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
