// Package edits tells whether an edited copy of a generated file still means the
// same: comments, blank lines, indentation, the order of JSON.
//
// It takes a file's name, the generated text and the edited text, and gives a
// verdict. It never says that an edit is neutral because it understands it, only
// because what is left without comments and spaces is equal; a place that it
// cannot read for certain (a raw string, a comment that continues a line, a
// comment that tools obey) makes the edit one that counts. It reads no files.
package edits
