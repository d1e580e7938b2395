// Package rewrite edits a graph in place. Its Rewriter adds, removes and rewires nodes, keeps
// an index of the producer and the readers of each value, and records why a node is refused.
// Package passes decides on the edits.
package rewrite
