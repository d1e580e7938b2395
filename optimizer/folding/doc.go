// Package folding holds what a user fixes of a design's hardware by hand: the folding file.
//
// It takes the text of a folding file and a network, or a design; it gives pins, which say of every choice of hardware that the optimizer
// enumerates whether the file allows it, or the folding file of that design. It lists no hardware itself: the values that an error offers
// are those that the optimizer tried. It does not price and does not choose.
package folding
