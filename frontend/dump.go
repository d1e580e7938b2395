package frontend

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"hass/internal/artifact"
)

// summaryName is the file that lists all passes.
const summaryName = "passes.txt"

// DumpFiles are NN-pass.txt for each pass that changed the graph, the summary and the manifest. NN is the number of
// the pass among all passes, so that dumps of two models can be compared. model is the SHA-256 of the model file.
func DumpFiles(dumps []PassDump, model string) ([]artifact.TreeFile, error) {
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
