// Package acceptance tests the project's claims on real trained networks: accuracy,
// bit-exactness of C++ and simulator, predicted against simulated cycles, FIFO
// minima, mutants, clean compilation, reproducibility. The tests use the command
// line like a user. They run with HASS_ACCEPTANCE=1 ("make acceptance"), need
// HASS_DATA, and print the figures that docs/measurements.md records.
package acceptance
