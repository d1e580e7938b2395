// Package frontend turns an ONNX model into the small closed graph of package
// graph that the rest of the compiler works on.
//
// It takes a file or its bytes and gives a verified graph: shapes inferred,
// constants folded, BatchNormalization and Pad folded, and fully connected
// layers turned into convolutions. Quantisers of weights are folded into
// constants that keep their grid; quantisers of activations become quantize.
// Tail operators are marked for the host. Import is one step that only renames:
// every operator becomes graph.Foreign. Package ops gives the meaning of an ONNX
// operator, package passes lowers it.
//
// Export writes such a graph, for instance a pruned one, as a standard ONNX
// model.
//
// It never changes the result of the network beyond float32 rounding and
// never guesses: one UnsupportedError reports everything that cannot be
// lowered. It never quantises and never looks at data.
package frontend
