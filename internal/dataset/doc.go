// Package dataset reads labelled images described by a data-set TOML file.
//
// It takes a TOML file that names images (.npy uint8, a tar, or a folder of JPEG
// and PNG), labels (.npy or CSV), optional class names, and the conversion of a
// pixel to an input value: x = (u8 / divisor - mean) / std per channel. It gives
// pixels as stored (HWC) and as a network's input (CHW float32). Data sets may
// also hold numbers (.npy float32 or CSV). Paths are relative to the TOML. Images
// of a tar or folder are decoded on request, by any number of goroutines. It
// never resizes or crops: images of another size than the model's are an error,
// and so is every unknown key.
package dataset
