package steps

import (
	"fmt"
	"time"

	"hass/optimizer/search"
)

// Task is work of a step that takes long enough to say how far it is.
type Task string

// The tasks.
const (
	TaskRun       Task = "run"
	TaskProfile   Task = "profile"
	TaskWidths    Task = "widths"    // of a profile: those of weights are chosen
	TaskFloat     Task = "float"     // the float network on a data set
	TaskInteger   Task = "integer"   // the integer network and the float network on a data set
	TaskEval      Task = "eval"      // likewise, within Build
	TaskSimulate  Task = "simulate"  // by images
	TaskCalibrate Task = "calibrate" // of a search: its problem
	TaskProbe     Task = "probe"     // of a search: single layers
	TaskPrune     Task = "prune"     // by passes of images
	TaskTest      Task = "test"      // of a search: the front on the test set
)

// A Reporter hears what happens while a step runs. A nil function hears nothing. A step calls one function at a time.
type Reporter struct {
	// Warn takes a warning about an input or a result.
	Warn func(text string)
	// Note takes what a user may want to do about a result that is in order.
	Note func(text string)
	// Stage takes the beginning of a stage of Build and one line about it. A line without a name
	// belongs to the stage before.
	Stage func(name, text string)
	// Track is called when a task begins. It gives what takes the task's progress, which is not nil.
	Track func(t Task) func(done, total int)
	// Trials is called when the trials of a search begin. It gives what hears of every finished one, which is not nil.
	Trials func() func(Trials)
}

// Trials is how far a search is.
type Trials struct {
	search.Progress
	Base      *search.Outcome  // the unpruned network
	Objective search.Objective // of the search
	Left      time.Duration    // estimate of the time that the other trials take
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

// warnOf passes warnings about a file on.
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

// trials counts from now on.
func (r Reporter) trials(base *search.Outcome, o search.Objective) func(search.Progress) {
	if r.Trials == nil {
		return func(search.Progress) {}
	}
	hear, start, before := r.Trials(), time.Now(), -1
	return func(s search.Progress) {
		if before < 0 {
			before = s.Done - 1 // trials from before do not count for the time left
		}
		left := time.Duration(float64(time.Since(start)) / float64(max(1, s.Done-before)) * float64(s.Total-s.Done))
		hear(Trials{s, base, o, left})
	}
}

// An OptionError is an option that makes no sense, whatever the input. It names the option as the command line does.
type OptionError struct{ Message string }

// Error is the message.
func (e *OptionError) Error() string { return e.Message }

func badOption(format string, args ...any) error { return &OptionError{fmt.Sprintf(format, args...)} }
