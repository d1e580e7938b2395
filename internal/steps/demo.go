package steps

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hass/examples/demo"
	"hass/internal/artifact"
)

// Demo writes the embedded demo into the folder dir, which must not exist or must be empty: a model, its images and the data sets
// calib.toml and test.toml. It gives the names of the files, sorted.
func Demo(dir string) ([]string, error) {
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return nil, fmt.Errorf("folder %s is not empty\nhint: name a new one", dir)
	}
	entries, err := fs.ReadDir(demo.Files(), ".")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, artifact.WriteFolder(dir, func(fresh string) error {
		for _, name := range names {
			data, err := fs.ReadFile(demo.Files(), name)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(fresh, name), data, 0o666); err != nil {
				return err
			}
		}
		return nil
	})
}
