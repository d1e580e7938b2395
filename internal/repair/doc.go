// Package repair sets weights of a float network to zero and adjusts the remaining weights so that the network's outputs
// change as little as possible: pruning without training.
//
// It takes a graph, calibration images and a share or thresholds, and gives a graph of the same nodes with other weights and
// biases, and a report on every layer. Layers are repaired in the order of the graph, each from its inputs in the repaired
// network towards its outputs in the original network. Zeros of the given model stay zeros.
//
// Both networks run in parallel in the float executor, layer by layer. Values are kept for all images where they are small, and computed
// again where they are large, so memory is bounded. The same inputs give the same network on every machine; a refit, whose linear systems
// gonum solves, gives the same on every machine of one architecture.
//
// It never quantises, never looks at labels and never reads or writes a file.
package repair
