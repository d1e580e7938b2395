// Package ops says what ONNX operators mean: one row of a table for each (table.go), and
// functions that read a node, with its attributes and constant operands, as an operator of
// package graph.
//
// It takes a graph of graph.Foreign nodes as far as its shapes and constants are known
// (Reading) and gives the shape of a node's output, its value where the operands are
// constant, or a Refusal that says what is not understood and what the user can do.
//
// It never changes a graph: package passes does. An attribute that nobody read refuses the
// node, so that no meaning is lost in silence.
package ops
