package main

import "fmt"

// warn prints a warning to stderr, so that stdout stays what was asked for.
func (e *env) warn(text string) {
	fmt.Fprintln(e.stderr, "hass: warning:", text)
}
