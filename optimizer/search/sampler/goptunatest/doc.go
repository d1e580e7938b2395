// Package goptunatest compares the sampler "tpe" with goptuna, an independent TPE.
// It is a separate module, so that hass does not depend on goptuna, and contains
// only tests:
//
//	cd optimizer/search/sampler/goptunatest && go test ./...
//
// With -update it writes ../testdata/parzen.json, goptuna's Parzen estimators, with
// which the tests of package sampler compare their own.
package goptunatest
