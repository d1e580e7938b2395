// Package lint reads emitted HLS C++ and reports constructs that Vitis HLS would
// reject or, worse, accept and turn into hardware that stalls, deadlocks or
// shares state.
//
// It takes the files of a project, path to text, and gives findings: file, line, rule,
// message. It knows the subset of C++ that package codegen emits, token by token. It is
// not a compiler: g++ checks types, and only Vitis decides scheduling. It judges
// synthesizable files only; files under a folder named tb or sim, and host code outside
// host/kernels, are ignored. It reads the text as under __SYNTHESIS__, with all other
// macros undefined; macros whose meaning the rules need (HASS_STREAM, HASS_SKIP_STREAM,
// HASS_WIDE_STREAM, HASS_PROCESS) are known by name. It never reads a file system and
// never changes a text.
package lint
