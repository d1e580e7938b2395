// Package acceptance holds the claims that the project makes on real trained
// networks, as tests: accuracy, bit-exactness of C++ and simulator, predicted
// against simulated cycles, FIFO minima, mutants, clean compilation,
// reproducibility. They use the command line as a user would. They run with
// HASS_ACCEPTANCE=1 ("make acceptance"), need HASS_DATA, and print the figures that
// docs/measurements.md records.
package acceptance
