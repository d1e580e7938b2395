package reduce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/hw/show"
)

// The files of a result's folder.
const (
	designName  = "design.json"
	projectName = "project"
	readmeName  = "README.md"
	scriptName  = "run.sh"
)

// CheckOutput is an error if a result cannot be written to the folder dir: it must not exist or must be empty.
func CheckOutput(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("output folder %s: %w", dir, err)
	case len(entries) > 0:
		return fmt.Errorf("output folder %s: it holds files, which stay; name a folder that does not exist", dir)
	}
	return nil
}

// Write writes the smallest case of r as a folder that reproduces the difference: design, project of the back end that
// differs, README.md and run.sh. from names the reduced design, edited lists library files that differ from hass's own. The
// folder appears as a whole.
func (b *Backend) Write(ctx context.Context, dir string, r *Result, from string, edited []string) error {
	if err := CheckOutput(dir); err != nil {
		return err
	}
	return artifact.WriteFolder(filepath.Clean(dir), func(tmp string) error {
		d, err := r.Case.Write(ctx, filepath.Join(tmp, designName))
		if err != nil {
			return err
		}
		if b.Name != HWSim {
			project := filepath.Join(tmp, projectName)
			if _, err := codegen.Generate(ctx, d, tmp, project, codegen.Options{Target: codegen.Target(b.Name), Images: len(r.Case.Images)}); err != nil {
				return err
			}
			if b.Edit != nil {
				if err := b.Edit(project); err != nil {
					return err
				}
			}
		}
		if err := os.WriteFile(filepath.Join(tmp, readmeName), b.readme(r, from, edited), 0o644); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(tmp, scriptName), b.script(r, edited), 0o755)
	})
}

// describe names a back end in a sentence.
func (b *Backend) describe() string {
	switch b.Name {
	case HWSim:
		return "the simulator"
	case HLS:
		return "the generated C++"
	case RTL:
		return "the generated SystemVerilog"
	}
	panic("reduce: no back end " + b.Name)
}

// readme describes the difference in a few lines. It contains no times, so that equal reductions give equal folders.
func (b *Backend) readme(r *Result, from string, edited []string) []byte {
	var t bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&t, format+"\n", args...) }
	line("# %s differs from the integer network", strings.ToUpper(b.describe()[:1])+b.describe()[1:])
	line("")
	line("`hass reduce` made this from %s, which is left as it was.", plain(from))
	line("- Difference (%s): %s", r.Difference.Kind, plain(r.Difference.Text))
	line("- Case: %s; %s.", r.Case, r.extent())
	for i, l := range r.Case.Net.Layers {
		in, out := r.Case.Net.Tensors[l.In[0]], r.Case.Net.Tensors[l.Out]
		line("- Layer `%s`: %dx%dx%d to %dx%dx%d (rows, columns, channels); %s", l.ID, in.H, in.W, in.C, out.H, out.W, out.C, show.Layer(&r.Case.Layers[i]))
	}
	line("- Run: `sh run.sh` with `hass` on the PATH, or `HASS=/path/to/hass sh run.sh`. Exit code 0: equal; 1: they differ.")
	line("- Files: `design.json` with weights and images%s.", map[bool]string{true: "", false: "; `project/` is what `hass generate` makes of it"}[b.Name == HWSim])
	if len(edited) > 0 {
		line("- Library files in `project/` that were edited, as they were in what was reduced: %s.", plain(strings.Join(edited, ", ")))
	}
	return t.Bytes()
}

// plain reduces untrusted text to one line without Markdown's code marks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' {
			return ' '
		}
		return r
	}, s)
}

// extent says how far the search went and why it ended.
func (r *Result) extent() string {
	if r.Stopped != "" {
		return fmt.Sprintf("the search ended early, after %s: a smaller one may exist", r.Stopped)
	}
	return fmt.Sprintf("nothing smaller that was tried differs, in %s", count(r.Trials, "trial"))
}

// script returns run.sh, which runs both back ends.
func (b *Backend) script(r *Result, edited []string) []byte {
	args := fmt.Sprintf("reduce %s --check --target %s --golden %d", designName, b.Name, len(r.Case.Images))
	if b.Run.Stall > 0 {
		args += fmt.Sprintf(" --stall %d", b.Run.Stall)
	}
	if t, err := codegen.Lookup(codegen.Target(b.Name)); err == nil && t.Stalls && b.Run.Seed != 0 {
		args += fmt.Sprintf(" --seed %d", b.Run.Seed)
	}
	if len(edited) > 0 {
		args += " --edits " + projectName
	}
	return []byte("#!/bin/sh\n# Exit code 0: the back ends are equal; 1: they differ, or could not be run; the last line says which.\n" +
		"cd \"$(dirname \"$0\")\" || exit 1\nexec \"${HASS:-hass}\" " + args + "\n")
}

// LibraryEdits returns the edited files of the module library in a generated project, and a function that copies
// them into another project of the target. Edited files that were generated for one design are an error: smaller
// networks do not have them.
func LibraryEdits(project string, target codegen.Target) (edit func(dir string) error, edited []string, err error) {
	m, err := artifact.ReadManifest(project)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", project, err)
	}
	t, err := codegen.Lookup(target)
	if err != nil {
		return nil, nil, err
	}
	if m.Target != string(target) {
		return nil, nil, fmt.Errorf("%s: is a project for %s, not %s", project, m.Target, target)
	}
	if edited, err = m.Edited(project); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", project, err)
	}
	texts := make([][]byte, len(edited))
	for i, path := range edited {
		if same, err := t.InLibrary(path); err != nil {
			return nil, nil, err
		} else if !same {
			return nil, nil, fmt.Errorf("%s: was edited, but it is made for one design; only edits of the library can reach smaller networks (generate it again, or undo the edit)", filepath.Join(project, path))
		}
		if texts[i], err = os.ReadFile(filepath.Join(project, filepath.FromSlash(path))); err != nil {
			return nil, nil, err
		}
	}
	return func(dir string) error {
		for i, path := range edited {
			file := filepath.Join(dir, filepath.FromSlash(path))
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				continue // a project without the file needs no edit
			} else if err != nil {
				return err
			}
			if err := os.WriteFile(file, texts[i], 0o644); err != nil {
				return err
			}
		}
		return nil
	}, edited, nil
}
