// Package passes lowers an imported graph to the small closed set of operators. It has a
// table of passes (passes.go) and one file per pass, with golden files in testdata. Passes
// edit the graph with the Rewriter of package rewrite.
//
// It takes an imported graph, all of whose operators are graph.Foreign, and changes it in
// place: constants folded, BatchNormalization and Pad folded, fully connected layers turned
// into convolutions, quantisers read, tail operators marked for the host. Package ops gives
// the meaning of an operator; the passes replace it.
//
// It never changes the result of the network beyond float32 rounding, and an operator
// never makes it fail: operators that no pass lowers stay Foreign.
package passes
