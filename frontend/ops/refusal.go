package ops

import "fmt"

// Refusal is the error of a pass that understands a node but cannot lower it.
type Refusal struct{ Reason, Hint string }

// Error returns the reason.
func (r Refusal) Error() string { return r.Reason }

// Refuse makes a refusal.
func Refuse(hint, format string, args ...any) error {
	return Refusal{fmt.Sprintf(format, args...), hint}
}

// Refusals are the refusals of a model, by node; the first refusal of a node counts.
type Refusals map[string]Refusal

// Add records a refusal, unless the node already has one.
func (all Refusals) Add(node string, r Refusal) {
	if _, ok := all[node]; !ok {
		all[node] = r
	}
}
