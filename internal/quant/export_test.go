package quant

// For the tests of this package that import frontend, which imports this package.
var (
	NewExec     = newExec
	CheckLayers = checkLayers
)
