// Package dataset reads labelled images as a data-set TOML file describes them.
//
// It takes a TOML file that names images (.npy uint8, a tar, or a folder of JPEG
// and PNG), labels (.npy or CSV), optional class names, and how a pixel becomes
// an input value: x = (u8 / divisor - mean) / std per channel. It gives pixels as
// stored (HWC) and as a network's input (CHW float32). Paths are relative to the
// TOML. Images of a tar or folder are decoded when asked for, by any number of
// goroutines. It never resizes or crops: images of another size than the model's
// are an error, and so is every key it does not know.
package dataset
