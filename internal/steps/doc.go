// Package steps holds the steps of hass as functions: check, load, run, profile, eval, optimize,
// generate, verify, simulate, search, calibrate, and build, which runs them all.
//
// A step takes a context, plain options with file paths, and a Reporter. It reads and checks
// every input, calls the stages, writes each file whole or not at all, and returns typed values.
// Its files are the inputs of the next step. An OptionError is an option that is invalid
// whatever the input; any other error names the file, the node and a remedy. A step that finds a
// difference returns its result along with the error.
//
// It never prints, never parses a command line, never handles a signal, never overwrites one of
// its inputs, and leaves all decisions to the stages. Only cmd and tests import it.
package steps
