// Package floatexec evaluates a float network.
//
// It takes a verified graph without foreign operators and gives the values of its
// outputs, and on request every intermediate value. Exec runs whole networks in
// float32. Eval is the plain definition of one operator, in float32 or float64;
// Exec equals it bit for bit, and the integer executor is checked against it.
//
// Every sum has one fixed order. A float32 convolution is a chain of fused
// multiply-adds, each rounded once, in the order (c, kh, kw) from +0, and then the
// bias: package kernel computes it in assembly or, where the processor has no such
// instruction, exactly in Go. A pooling adds in the order (h, w); a reduction, a
// resize and a softmax compute in float64 and round once. No other operation uses
// a fused multiply-add, or a function of package math that uses one (math.Exp), so
// all processors give the same bytes. Weights must be finite: padding is
// multiplied like any zero.
//
// It never rewrites a graph, never quantises, and never reads a file.
package floatexec
