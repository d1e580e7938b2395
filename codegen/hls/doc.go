// Package hls writes a project's C++ for Vitis HLS: the unchanged module library, and thin glue.
//
// It takes a Project and gives its files: a pair of sources per layer with the parameters and memories of its
// modules, the ports, forks and converters, the token types, the top and the testbench. The surrounding text
// is templates/glue/hls. This package fills it and prints each module's parameters as a struct of constants,
// which the library's C++ templates read.
//
// It never derives a parameter that package hw has, writes names of the model only as
// identifiers of package ident, and knows nothing about boards and tools.
package hls
