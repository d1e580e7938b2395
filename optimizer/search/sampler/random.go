package sampler

// random draws uniformly (Bergstra and Bengio, "Random Search for Hyper-Parameter
// Optimization", JMLR 2012): no parameters; the baseline for the others.
type random struct {
	dims int
	seed uint64
}

// Propose implements Sampler.
func (s *random) Propose(number int, _ []Trial) []float64 {
	return uniform(newRand(s.seed, uint64(number)), s.dims)
}
