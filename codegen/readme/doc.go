// Package readme writes a project's README.md: prediction, layers, proofs, commands, ports, names.
//
// It takes a Project and a target and gives the page of templates/glue/TARGET/README.md filled.
// Names of the model and of the platform become character references where Markdown or a
// shell could take them for more than text.
//
// It never computes an estimate: all figures are the design's.
package readme
