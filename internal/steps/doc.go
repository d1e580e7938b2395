// Package steps holds the steps of hass as functions: check, load, run, profile, eval, optimize,
// generate, verify, simulate, search, calibrate, and build, which does them all.
//
// A step takes a context, plain options with paths of files, and a Reporter. It reads and checks
// every input, calls the stages, writes its files whole or not at all, and gives typed values.
// What it writes is what the next step reads. An OptionError is an option that makes no sense
// whatever the input is; any other error names the file, the node and a way out. A step that
// finds a difference gives its result along with the error.
//
// It never prints, never parses a command line, never handles a signal, never overwrites one of
// its inputs, and decides nothing that a stage decides. Only cmd and tests import it.
package steps
