package ops

import "fmt"

// Refusal is the error of a pass that understands a node and cannot lower it.
type Refusal struct{ Reason, Hint string }

// Error is the reason.
func (r Refusal) Error() string { return r.Reason }

// Refuse makes a refusal.
func Refuse(hint, format string, args ...any) error {
	return Refusal{fmt.Sprintf(format, args...), hint}
}

// Refusals are those of a model, by node; the first of a node wins.
type Refusals map[string]Refusal

// Add keeps a refusal, unless the node has one.
func (all Refusals) Add(node string, r Refusal) {
	if _, ok := all[node]; !ok {
		all[node] = r
	}
}
