// Package schedule makes, at generation, the order in which a scheduled engine multiplies: the zeros of a layer's
// weights are known then, so the hardware never looks for them.
//
// It takes a layer's weights as Filters x Words, where a word is one tap and one channel of the window, and gives
//
//   - the bank of every word (Assign), chosen by swaps that lower the largest number of weights that a filter has in one bank;
//   - rows of at most one weight a bank (New): a filter is a run of rows, as many as its fullest bank has weights, more where
//     a row of packed products would pass their field; filters go to the least loaded chain, in order.
//
// The cycles of a layer follow from the number of rows alone, whatever the activations. A schedule is a function of its
// arguments, on every machine the same. The package knows no network, no stream and no module: package hw does.
package schedule
