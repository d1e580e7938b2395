// Package rewrite edits a graph in place: the Rewriter adds, removes and rewires nodes,
// knows who makes and who reads a value, and takes down why a node is refused. Package passes
// says what is rewritten.
package rewrite
