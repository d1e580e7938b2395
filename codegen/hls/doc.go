// Package hls writes a project's C++ for Vitis HLS: the module library as it is, and thin glue.
//
// It takes a Project and gives its files: a pair of sources per layer with the parameters and memories of its
// modules, the ports, forks and converters, the token types, the top and the testbench. The text that
// surrounds them is templates/glue/hls; this package fills it and prints each module's parameters as a
// struct of constants, which the library's templates read.
//
// It never derives a parameter that package hw has, never writes a name of the model other than
// as an identifier of package ident, and knows nothing of boards and tools.
package hls
