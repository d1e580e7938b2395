// Package rtl writes a project's SystemVerilog: the module library as it is, the top and the testbench's frame.
//
// It takes a Project and gives its files. The texts are templates/glue/rtl; this package fills them with
// FIFOs, processes and their connections. A module's parameters are the fields of its struct in
// package hw, printed by name, so that no module needs code here.
//
// It never derives a parameter, never writes a name of the model other than as an identifier of package ident, and
// simulates nothing: package verify does.
package rtl
