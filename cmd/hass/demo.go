package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"hass/internal/artifact"
	"hass/internal/steps"
)

// demoCmd writes the embedded demo.
type demoCmd struct {
	Dir  string `arg:"" help:"Folder for the model and its images; it must not exist or must be empty." type:"path"`
	JSON bool   `help:"Print the names of the files as JSON."`
}

// demoAnswer is the JSON answer.
type demoAnswer struct {
	artifact.Header
	Folder string   `json:"folder"`
	Files  []string `json:"files"`
}

// Help is the example shown by --help.
func (demoCmd) Help() string {
	return "Example:\n  hass demo demo\n\nThe folder then holds a small trained network and labelled images to try every command with; no checkout is needed."
}

// Run writes the files and names the command that builds them.
func (c demoCmd) Run(e *env) error {
	files, err := steps.Demo(c.Dir)
	if err != nil {
		return err
	}
	if c.JSON {
		h, err := answer("hass.demo")
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, demoAnswer{h, c.Dir, files})
	}
	in := func(name string) string { return shellWord(filepath.Join(c.Dir, name)) }
	_, err = fmt.Fprintf(e.stdout, "%s: a model and its images. Next:\n\n    hass check %s\n    hass build %s --platform zcu104 \\\n      --calib %s --test %s -o %s\n",
		c.Dir, in("model.onnx"), in("model.onnx"), in("calib.toml"), in("test.toml"), in("run"))
	return err
}

// shellWord is a path as one word of a POSIX shell.
func shellWord(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
