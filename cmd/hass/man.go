package main

import (
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"

	"hass/internal/artifact"
)

// manCmd prints the man page.
type manCmd struct{}

// Help is the example shown by --help.
func (manCmd) Help() string {
	return "Example:\n  hass man > hass.1\n  man ./hass.1"
}

// Run prints the page of all commands.
func (manCmd) Run(e *env, ctx *kong.Context) error {
	text := mangokong.NewManPage(1, ctx.Model).Build(page{roff.NewDocument()})
	_, err := io.WriteString(e.stdout, strings.Replace(text, noDay, artifact.Tool, 1)+"\n")
	return err
}

// noDay is how roff writes the zero time.
const noDay = "0001-01-01"

// page is a document without the day on which it is printed: equal binaries print equal pages.
type page struct{ *roff.Document }

// Heading begins the page with no day.
func (p page) Heading(section uint, title, description string, _ time.Time) {
	p.Document.Heading(section, title, description, time.Time{})
}
