package steps

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"hass/frontend"
	"hass/internal/artifact"
)

// summaryName is the file that lists all passes.
const summaryName = "passes.txt"

// DumpOptions are the options of CheckAndDump.
type DumpOptions struct {
	Model  string
	Shapes frontend.Shapes // of inputs whose dimensions the model leaves open
	Dir    string          // folder for the dumps; an existing dump is updated, and files that hass did not write stay
	Edits  artifact.Mode   // of edited dump files
}

// CheckAndDump is Check and also writes the graph after import and after each pass that changed it. The folder is
// updated like a project's.
func CheckAndDump(ctx context.Context, o DumpOptions, rep Reporter) (*CheckResult, *artifact.Kept, error) {
	if err := artifact.CheckDir(o.Dir); err != nil {
		return nil, nil, err
	}
	hash, err := artifact.HashFile(o.Model)
	if err != nil {
		return nil, nil, err
	}
	r, dumps, err := frontend.CheckPasses(o.Model, o.Shapes)
	if err != nil {
		return nil, nil, err
	}
	files, err := dumpFiles(dumps, hash)
	if err != nil {
		return nil, nil, err
	}
	kept, err := artifact.WriteProject(ctx, o.Dir, files, o.Edits)
	if err != nil {
		return nil, nil, err
	}
	c, err := judged(o.Model, r, rep)
	return c, kept, err
}

// dumpFiles are NN-pass.txt for each pass that changed the graph, the summary and the manifest. NN is the number of
// the pass among all passes, so that dumps of two models can be compared.
func dumpFiles(dumps []frontend.PassDump, model string) ([]artifact.TreeFile, error) {
	var files []artifact.TreeFile
	var summary strings.Builder
	for i, d := range dumps {
		if d.Text == "" {
			fmt.Fprintf(&summary, "%02d %s: no change\n", i, d.Pass)
			continue
		}
		name := fmt.Sprintf("%02d-%s.txt", i, d.Pass)
		fmt.Fprintf(&summary, "%02d %s: %s\n", i, d.Pass, name)
		files = append(files, artifact.TreeFile{Path: name, Data: []byte(d.Text)})
	}
	files = append(files, artifact.TreeFile{Path: summaryName, Data: []byte(summary.String())})
	slices.SortFunc(files, func(a, b artifact.TreeFile) int { return strings.Compare(a.Path, b.Path) })
	m := artifact.Manifest{
		Header: artifact.NewHeader(artifact.ManifestSchema, artifact.ManifestVersion, map[string]string{"model": model}),
		Target: artifact.Passes,
	}
	for _, f := range files {
		m.Files = append(m.Files, artifact.SideFile{Path: f.Path, SHA256: artifact.HashBytes(f.Data), Bytes: int64(len(f.Data))})
	}
	var b bytes.Buffer
	if err := artifact.Encode(&b, m); err != nil {
		return nil, err
	}
	return append(files, artifact.TreeFile{Path: artifact.ManifestName, Data: b.Bytes()}), nil
}
