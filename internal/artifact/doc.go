// Package artifact writes the files of the tool's steps: whole or not at all,
// labelled with schema, tool version and the hashes of their inputs, and
// byte-identical for identical inputs.
//
// It takes a path and a function that writes, and gives a file or folder that
// appears by one rename after everything is on disk. It has the common header of
// every JSON artefact and a reader that refuses other schemas, and it checks
// side files (weights, golden images) against the hashes in an artefact. It
// never writes a time stamp, never follows a side file's path out of its folder,
// and never deletes a folder that it did not create.
package artifact

// Version is the tool's version; it is stated nowhere else.
const Version = "0.1.0"

// Tool is the value of Header.Tool in artefacts.
const Tool = "hass " + Version
