package frontend

import "fmt"

// refusal is the error of a pass that understands a node and cannot lower it.
type refusal struct{ reason, hint string }

// Error is the reason.
func (r refusal) Error() string { return r.reason }

// refuse makes a refusal.
func refuse(hint, format string, args ...any) error {
	return refusal{fmt.Sprintf(format, args...), hint}
}

// refusals are those of a model, by node; the first of a node wins.
type refusals map[string]refusal

// add keeps a refusal, unless the node has one.
func (all refusals) add(node string, r refusal) {
	if _, ok := all[node]; !ok {
		all[node] = r
	}
}
