package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"hass/internal/test/pagetest"
)

// cmdFigures reads the data in a page and compares its numbers with the artefacts in a folder.
func cmdFigures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: figures PAGE DIR")
	}
	data, err := pagetest.Data([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	_, err = pagetest.Compare(data, ts.MkAbs(args[1]))
	ts.Check(err)
}
