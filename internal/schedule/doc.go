// Package schedule computes the order in which a scheduled engine multiplies. It does so when the design is made: the zeros of
// a layer's weights are known then, so the hardware need not look for them.
//
// It takes a layer's weights as Filters x Words, where a word is one tap and one channel of the window, and gives
//
//   - the bank of every word (Assign), chosen by swaps that lower the largest number of weights that a filter has in one bank;
//   - rows of at most one weight per bank (New): a filter is a run of rows, as many as its fullest bank has weights, or more if
//     a row of packed products would overflow their field; each filter in turn goes to the least loaded chain.
//
// The cycles of a layer depend only on the number of rows, not on activations. A schedule is a function of its arguments and
// is the same on every machine. The package knows no networks, streams or modules; package hw does.
package schedule
