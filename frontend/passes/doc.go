// Package passes turns a graph as the ONNX file has it into one of the small closed set of
// operators: a table of passes (passes.go) and each pass in a file of its own, with its
// golden files in testdata. Passes edit the graph with the Rewriter of package rewrite.
//
// It takes an imported graph, all of whose operators are graph.Foreign, and changes it in
// place: constants folded, BatchNormalization and Pad folded, fully connected layers turned
// into convolutions, quantisers read, tail operators marked for the host. What an operator
// means is package ops's; passes say what becomes of it.
//
// It never changes what the network computes beyond float32 rounding, and never fails
// because of an operator: what no pass lowers stays Foreign.
package passes
