// Package host writes the files that AMD's tools and a host need around a project's C++ or SystemVerilog: a wrapper in Verilog,
// constraints, configurations and scripts of Vitis and Vivado, the PYNQ driver, the XRT program with its data movers, and the design's
// constants that they read.
//
// It takes a Project and the names of its C++ files and gives files; for a design without a part it gives
// none. Scripts and drivers are the same in every project (templates/scripts, templates/host);
// constants fill templates/glue/host.
//
// It never runs a tool. Names of the model go into design.json alone, as plain ASCII.
package host
