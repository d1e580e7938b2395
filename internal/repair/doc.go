// Package repair makes zeros in the weights of a float network and changes the weights that are left so that the network
// computes as before as nearly as it can: pruning without training.
//
// It takes a graph, calibration images and a share or thresholds, and gives a graph of the same nodes with other weights and
// biases, and a report on every layer. Layers are repaired in the order of the graph, each from the inputs that the layers
// before it now give towards the output that it had. Zeros that the model has stay zeros.
//
// Both networks run side by side in the float executor, from layer to layer; values are held for all images where they are
// small, and computed again where they are not, so memory is bounded. The same inputs give the same network on every machine; a refit, whose
// linear systems gonum solves, on every machine of one architecture.
//
// It never quantises, never looks at labels and never reads or writes a file.
package repair
