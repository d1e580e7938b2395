// Package ops defines the meaning of ONNX operators: a table with one row for each
// (table.go), and functions that read a node, with its attributes and constant operands,
// as an operator of package graph.
//
// It takes a graph of graph.Foreign nodes with the shapes and constants known so far
// (Reading). It gives the shape of a node's output, its value if the operands are
// constant, or a Refusal with the reason and a hint for the user.
//
// It never changes a graph: package passes does. A node with an attribute that nobody read
// is refused, so that no meaning is silently lost.
package ops
