// Package verify runs generated projects and compares folders with the files that they should contain.
//
// It takes a folder and gives the report of the project's own testbench: CSim compiles C++ with g++, RTL simulates
// SystemVerilog in Verilator or Icarus Verilog. Compare takes the files generated from a design and names each
// difference by layer, weight, element or line.
//
// It does not depend on how files are emitted, writes nothing into a folder except the results
// of the project's build, and never calls the simulator: package cosim compares cycles.
package verify
