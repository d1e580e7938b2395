// Package ortbench compares the speed of the two executors with ONNX Runtime's
// on the trained networks, in one run on one machine. It holds a test only,
// which make bench-onnxruntime runs; nothing imports it.
package ortbench
