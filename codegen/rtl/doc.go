// Package rtl writes a project's SystemVerilog: the unchanged module library, the top and the frame of the
// testbench.
//
// It takes a Project and gives its files. The texts are templates/glue/rtl; this package fills in FIFOs,
// processes and their connections. A module's parameters are the fields of its struct in package hw,
// printed by name, so no module needs code here.
//
// It never derives a parameter, writes names of the model only as identifiers of package ident, and simulates
// nothing: package verify does.
package rtl
