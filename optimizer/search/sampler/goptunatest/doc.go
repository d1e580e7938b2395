// Package goptunatest compares the sampler "tpe" with goptuna, an independent TPE.
// It is a module of its own so that goptuna is no dependency of hass, and holds
// tests only:
//
//	cd optimizer/search/sampler/goptunatest && go test ./...
//
// With -update it writes ../testdata/parzen.json, goptuna's Parzen estimators, with
// which the tests of package sampler compare their own.
package goptunatest
