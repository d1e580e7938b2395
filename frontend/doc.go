// Package frontend turns an ONNX model into the small closed graph of package
// graph that the rest of the compiler works on.
//
// It takes a file or its bytes and gives a verified graph: shapes inferred,
// constants folded, BatchNormalization and Pad folded, fully connected layers
// turned into convolutions, quantisers of weights folded (the constant keeps its
// grid) and those of activations made quantize, tail operators marked for the
// host. Import is one step that only renames (every operator becomes
// graph.Foreign). Package ops says what an ONNX operator means, package passes
// what becomes of it.
//
// Export is the way back: it writes such a graph, pruned perhaps, as a standard
// ONNX model.
//
// It never changes what the network computes beyond float32 rounding, never
// guesses: what it cannot lower is reported, all of it at once, in an
// UnsupportedError. It never quantises and never looks at data.
package frontend
