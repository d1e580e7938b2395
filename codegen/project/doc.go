// Package project is a design in the form that all targets need: the expanded network with its ports, its weight
// chain and its board, and the files that a project has in every language.
//
// It takes a design, its weights and its golden images, and gives a Project, which targets read and never
// change; the data files (weights in the order of the chain, golden vectors), the reports, the copy of the
// design and the manifest. A Board holds checked words only, so that they are safe in scripts.
//
// It writes neither a programming language nor a folder: package artifact writes
// folders. It never runs a program and never decides anything about the hardware.
package project
