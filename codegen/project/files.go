package project

import (
	"io/fs"
	"path"

	"hass/internal/artifact"
)

// File is one emitted file.
type File = artifact.TreeFile

// Library copies the files of a tree into a project. place gives a file's path in the project. Scripts are executable.
func Library(tree fs.FS, place func(name string) string) ([]File, error) {
	var files []File
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		ext := path.Ext(name)
		files = append(files, File{Path: place(name), Data: data, Executable: ext == ".sh" || ext == ".py"})
		return nil
	})
	return files, err
}
