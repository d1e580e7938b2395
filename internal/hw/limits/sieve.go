package limits

// Sieve drops demands that break the limits of a target and remembers the one nearest to keeping them.
type Sieve struct {
	Nearest *Breach // of what was dropped; nil: nothing was

	target Target
	limits Limits
}

// NewSieve is a sieve that has dropped nothing.
func NewSieve(t Target) *Sieve { return &Sieve{target: t, limits: t.Limits()} }

// Keeps reports whether a demand keeps the limits.
func (s *Sieve) Keeps(d Demand) bool {
	if d.Within(&s.limits) {
		return true
	}
	if b := d.Breach(s.target, ""); s.Nearest == nil || b.Excess() < s.Nearest.Excess() {
		s.Nearest = b
	}
	return false
}
