package steps

import (
	"fmt"
	"time"

	"hass/optimizer/search"
)

// Task is a part of a step that takes long enough to report its progress.
type Task string

// The tasks.
const (
	TaskRun       Task = "run"
	TaskProfile   Task = "profile"
	TaskWidths    Task = "widths"    // of a profile: the widths of weights are being chosen
	TaskFloat     Task = "float"     // the float network on a data set
	TaskInteger   Task = "integer"   // the integer network and the float network on a data set
	TaskEval      Task = "eval"      // likewise, within Build
	TaskSimulate  Task = "simulate"  // in images
	TaskCalibrate Task = "calibrate" // of a search: setting up its problem
	TaskProbe     Task = "probe"     // of a search: single layers
	TaskPrune     Task = "prune"     // in passes over the images
	TaskTest      Task = "test"      // of a search: the front on the test set
)

// A Reporter receives events while a step runs. A nil function ignores its event. A step never
// calls two functions at the same time.
type Reporter struct {
	// Warn takes a warning about an input or a result.
	Warn func(text string)
	// Note receives a hint about a valid result that the user may want to act on.
	Note func(text string)
	// Stage receives the name of a stage of Build when it begins, and one line about it. A line
	// without a name belongs to the previous stage.
	Stage func(name, text string)
	// Track is called when a task begins. It returns the function that receives the task's
	// progress, which must not be nil.
	Track func(t Task) func(done, total int)
	// Trials is called when the trials of a search begin. It returns the function that receives
	// every finished trial, which must not be nil.
	Trials func() func(Trials)
}

// Trials is the progress of a search.
type Trials struct {
	search.Progress
	Base      *search.Outcome  // the unpruned network
	Objective search.Objective // of the search
	Left      time.Duration    // estimated time for the remaining trials
}

func (r Reporter) note(text string) {
	if r.Note != nil {
		r.Note(text)
	}
}

func (r Reporter) warn(text string) {
	if r.Warn != nil {
		r.Warn(text)
	}
}

// warnOf reports warnings about a file.
func (r Reporter) warnOf(path string, warnings []string) {
	for _, w := range warnings {
		r.warn(path + ": " + w)
	}
}

func (r Reporter) stage(name, format string, args ...any) {
	if r.Stage != nil {
		r.Stage(name, fmt.Sprintf(format, args...))
	}
}

func (r Reporter) track(t Task) func(done, total int) {
	if r.Track == nil {
		return func(int, int) {}
	}
	return r.Track(t)
}

// trials starts counting the trials of a search.
func (r Reporter) trials(base *search.Outcome, o search.Objective) func(search.Progress) {
	if r.Trials == nil {
		return func(search.Progress) {}
	}
	hear, start, before := r.Trials(), time.Now(), -1
	return func(s search.Progress) {
		if before < 0 {
			before = s.Done - 1 // earlier trials do not count for the time left
		}
		left := time.Duration(float64(time.Since(start)) / float64(max(1, s.Done-before)) * float64(s.Total-s.Done))
		hear(Trials{s, base, o, left})
	}
}

// An OptionError is an option that is invalid whatever the input. It names the option as the
// command line does.
type OptionError struct{ Message string }

// Error returns the message.
func (e *OptionError) Error() string { return e.Message }

func badOption(format string, args ...any) error { return &OptionError{fmt.Sprintf(format, args...)} }
