package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"hass/codegen/verify"
	"hass/internal/artifact"
	"hass/internal/critical"
	"hass/internal/design"
	"hass/internal/fidelity"
	"hass/internal/judge"
	"hass/internal/mixed"
	"hass/internal/report"
	"hass/internal/steps"
	"hass/internal/steps/projects"
	"hass/internal/steps/rundir"
	"hass/internal/steps/stages"
	"hass/internal/test/testenv"
	"hass/internal/waterfall"
	"hass/optimizer/ask"
	"hass/optimizer/search"
	"hass/sparsity"
)

// TestFormatsDocumented: docs/formats.md names every field of the artefacts that it
// describes field by field, and states their schemas and versions.
func TestFormatsDocumented(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	// The text of one section.
	section := func(title string) string {
		_, s, ok := strings.Cut(string(data), "\n## "+title+"\n")
		if !ok {
			t.Fatalf("docs/formats.md has no section %q", title)
		}
		s, _, _ = strings.Cut(s, "\n## ")
		return s
	}
	rules := section("Rules for all JSON artefacts")
	for _, c := range []struct {
		section string
		value   any
		schema  string
	}{
		{"profile.json", sparsity.Profile{}, fmt.Sprintf("Schema `%s`, version %d;", sparsity.ProfileSchema, sparsity.ProfileVersion)},
		{"profile.json", sparsity.Layer{}, ""},
		{"profile.json", mixed.Report{}, ""},
		{"profile.json", mixed.Layer{}, ""},
		{"profile.json", mixed.Judgement{}, ""},
		{"profile.json", mixed.Next{}, ""},
		{"profile.json", fidelity.Report{}, ""},
		{"profile.json", fidelity.Layer{}, ""},
		{"profile.json", fidelity.Loss{}, ""},
		{"profile.json", judge.Fidelity{}, ""},
		{"summary.json", rundir.Accuracy{}, ""},
		{"design.json", design.Design{}, fmt.Sprintf("Schema `%s`, version %d;", design.Schema, design.Version)},
		{"design.json", design.Prediction{}, ""},
		{"design.json", design.FIFO{}, ""},
		{"design.json", design.Resources{}, ""},
		{"design.json", design.Asked{}, ""},
		{"design.json", design.Dense{}, ""},
		{"Answers of `--json`", steps.SweepResult{}, "`hass.sweep`"},
		{"Answers of `--json`", ask.Point{}, ""},
		{"manifest.json", artifact.Manifest{}, fmt.Sprintf("Schema `%s`, version %d.", artifact.ManifestSchema, artifact.ManifestVersion)},
		{"simulation.json", rundir.Simulation{}, "Schema `hass.simulation`, version 1"},
		{"simulation.json", waterfall.Frame{}, ""},
		{"simulation.json", waterfall.Layer{}, ""},
		{"simulation.json", waterfall.Wait{}, ""},
		{"simulation.json", critical.Cycle{}, ""},
		{"simulation.json", critical.Process{}, ""},
		{"simulation.json", critical.Stream{}, ""},
		{"summary.json", rundir.Summary{}, "Schema `hass.summary`, version 2"},
		{"build.json", stages.Log{}, fmt.Sprintf("Schema `%s`, version %d;", stages.Schema, stages.Version)},
		{"build.json", stages.Record{}, ""},
		{"Study", search.Result{}, "schema `hass.search`, version 1"},
		{"Study", search.Outcome{}, ""},
		{"Study", search.Test{}, ""},
		{"Study", search.Variable{}, ""},
		{"Study", search.Curves{}, ""},
		{"Goal", search.Objective{}, ""},
		{"report.html", report.Data{}, fmt.Sprintf("schema `%s`, version %d;", report.Schema, report.Version)},
		{"report.html", report.Difference{}, ""},
		{"report.html", report.Source{}, ""},
		{"report.html", report.Run{}, ""},
		{"report.html", report.Summary{}, ""},
		{"report.html", report.Check{}, ""},
		{"report.html", report.Simulation{}, ""},
		{"report.html", report.Resource{}, ""},
		{"report.html", report.CostModel{}, ""},
		{"report.html", report.Layer{}, ""},
		{"report.html", report.Time{}, ""},
		{"report.html", report.Wait{}, ""},
		{"report.html", report.Skip{}, ""},
		{"report.html", report.Zeros{}, ""},
		{"report.html", report.Edge{}, ""},
		{"report.html", report.Live{}, ""},
		{"report.html", report.FIFO{}, ""},
		{"report.html", report.Module{}, ""},
		{"report.html", report.Fidelity{}, ""},
		{"report.html", report.Search{}, ""},
		{"report.html", report.SearchTrial{}, ""},
		{"report.html", report.SearchLayer{}, ""},
		{"csim_report.json", verify.CSimResult{}, ""},
		{"csim_report.json", projects.Against{}, ""},
		{"csim_report.json", verify.StreamUse{}, ""},
		{"csim_report.json", verify.EngineUse{}, ""},
	} {
		text := section(c.section)
		if !strings.Contains(text, c.schema) {
			t.Errorf("section %q does not say %q", c.section, c.schema)
		}
		for _, f := range fields(reflect.TypeOf(c.value)) {
			word := regexp.MustCompile(`(^|[^a-z_])(\.\.\.)?` + regexp.QuoteMeta(f) + `($|[^a-z_])`)
			short := f
			for _, p := range []string{"weight_density", "activation_density", "pair_density"} {
				if rest, ok := strings.CutPrefix(f, p+"_per"); ok {
					short = "..._per" + rest // as the text abbreviates them
				}
			}
			if !word.MatchString(text) && !word.MatchString(rules) && !strings.Contains(text, short) {
				t.Errorf("section %q of docs/formats.md does not mention %q", c.section, f)
			}
		}
	}
}

// fields are the JSON names of a struct's fields, embedded ones included.
func fields(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			e := f.Type
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			names = append(names, fields(e)...)
		case name != "" && name != "-":
			names = append(names, name)
			if f.Type.Kind() == reflect.Struct && f.Type.Name() == "" {
				names = append(names, fields(f.Type)...)
			}
		}
	}
	return names
}
