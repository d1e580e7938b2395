// Package artifact is how the tool's steps leave files behind: whole or not at
// all, labelled with schema, tool version and the hashes of what they were made
// from, and byte-identical for identical inputs.
//
// It takes a path and a function that writes, and gives a file or folder that
// appears by one rename after everything is on disk. It gives the common header
// of every JSON artefact and the reader that refuses another schema, and it
// checks side files (weights, golden images) against the hashes an artefact
// records. It never writes a time stamp, never follows a side file's path out of
// its folder, and never deletes a folder that it did not make.
package artifact

// Version is the tool's version, the one place that states it.
const Version = "0.1.0"

// Tool is what artefacts record in Header.Tool.
const Tool = "hass " + Version
