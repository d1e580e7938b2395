package project

import "strings"

// PlainByte reports whether c is a letter, a digit or _, which no tool that reads an emitted file
// interprets.
func PlainByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// maxName bounds a model's name in emitted text, in runes.
const maxName = 120

// CutName shortens a model's name that is too long to be read.
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
