// Package report draws a run: one HTML page with all known figures of an accelerator, complete by itself and readable without script,
// network or mouse.
//
// It takes runs as plain figures (Run). AddDesign derives the figures of a design; the caller adds the results of the stages.
// It gives one file (Write), the same bytes for the same runs, of at most MaxBytes. Two runs stand side by side. All figures that the
// page shows are in it as JSON, too (Data). A figure that is not there is said to be missing.
//
// It never computes what a stage decides, never reads a file and never shows text of a model unescaped.
package report
