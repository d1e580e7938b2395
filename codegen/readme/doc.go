// Package readme writes a project's README.md: prediction, layers, proofs, commands, ports, names.
//
// It takes a Project and a target and fills the page templates/glue/TARGET/README.md.
// Characters in names of the model and of the platform that Markdown or a shell could interpret
// become character references.
//
// It never computes an estimate: all figures come from the design.
package readme
