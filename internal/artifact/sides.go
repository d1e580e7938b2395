package artifact

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hass/internal/userfile"
)

// maxOld bounds the size of an existing artefact in bytes.
const maxOld = 1 << 30

// OwnSides fails if a side file of the artefact output already exists but does not belong to the artefact that is at
// output now: the user never named it for overwriting. files are the artefact and its side files.
func OwnSides(output string, files []string) error {
	known := map[string]bool{} // including side files that were changed since: writing them again repairs them
	var old struct {
		Schema string `json:"schema"`
		// Side files of a profile or of a design.
		Bitmaps, Golden, Weights SideFile
	}
	if data, err := userfile.Read(output, maxOld); err == nil && json.Unmarshal(data, &old) == nil && strings.HasPrefix(old.Schema, "hass.") {
		for _, s := range []SideFile{old.Bitmaps, old.Golden, old.Weights} {
			known[s.Beside(output)] = true
		}
	}
	for _, file := range files {
		if file == output {
			continue
		}
		if _, err := os.Lstat(file); err != nil {
			continue
		}
		if !known[filepath.Clean(file)] {
			return fmt.Errorf("%s: would be written beside %s, but a file is there that is not of an older one; name another output or move that file", file, output)
		}
	}
	return nil
}
