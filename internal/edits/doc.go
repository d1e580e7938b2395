// Package edits decides whether an edited copy of a generated file still has the
// same meaning: whether only comments, blank lines, indentation or the order of
// JSON changed.
//
// It takes a file's name, the generated text and the edited text, and gives a
// verdict. It never interprets an edit: an edit is neutral only if both texts
// are equal without comments and spaces. A place that it cannot read with
// certainty (a raw string, a comment that continues a line, a comment that tools
// interpret) makes the edit count. It reads no files.
package edits
