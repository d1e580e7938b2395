// Package rundir holds the artefacts of a run folder: the types of simulation.json and summary.json, reading all artefacts of one or two
// runs, and their figures for a report.
//
// It takes paths of folders or files, or artefacts in memory, and gives artefacts that are checked to be of one run, figures for package
// report, and the files summary.json and report.html. Its errors name the file and a way out. It computes nothing that a stage
// decides, and it never overwrites a file that it has read.
package rundir
