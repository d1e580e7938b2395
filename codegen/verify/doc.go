// Package verify runs generated projects and compares folders with the files that they should hold.
//
// It takes a folder and gives what its own testbench reported: CSim compiles C++ with g++, RTL
// simulates SystemVerilog in Verilator or Icarus Verilog. Compare takes the files that a design gives and names each
// difference by layer, weight, element or line.
//
// It knows nothing of how files are emitted, never writes into a folder but what a build of the
// project leaves there, and never calls the simulator: package cosim compares cycles.
package verify
