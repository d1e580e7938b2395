// Package demo embeds the demo: a small residual network, its calibration and test images, and the description of both. It gives
// files and never reads any. make_demo.py made them.
package demo

import (
	"embed"
	"io/fs"
)

//go:embed README.md model.onnx *.toml *.npy classes.txt
var files embed.FS

// Files holds the demo's files, all in the root folder.
func Files() fs.FS { return files }
