// Package repack says how a concat packs the channels of its inputs anew into the beats that it writes.
//
// It takes the channels of the inputs and the widths of beats; it gives a program: what each iteration of a group of pixels
// reads, where that goes and whether it writes. The modules of both targets and the simulator run it.
package repack

// Width is the number of channels of a beat of an input of c channels that is read in beats of up to most: the largest
// divisor.
func Width(c, most int) int {
	for w := min(most, c); ; w-- {
		if c%w == 0 {
			return w
		}
	}
}

// Steps is the number of iterations that a group of pixels takes: as many as the output has beats, or more where an input has
// more beats than that.
func Steps(channels []int, in, out int) int {
	n := 0
	walk(ports(channels, in), out, func(uint64, []int, bool, int) { n++ })
	return n
}

// ports are the inputs' beats.
func ports(channels []int, in int) []Port {
	list := make([]Port, len(channels))
	for i, c := range channels {
		ch := Width(c, in)
		list[i] = Port{Ch: ch, Parts: c / ch}
	}
	return list
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Plan is the program: what each iteration of a group of pixels reads and writes, and where
// the channels it reads go. The inputs are read in beats of their own widths and the output is written in beats
// of another, so that no width has to divide all of them.
//
// The module keeps a row of lanes for each pixel of a beat, whose first Out lanes become the next beat written. An
// iteration reads at most one beat of each input, namely of those with channels that this beat still lacks, and puts it into its place in
// the row. When the beat's channels are all there it writes them, and what is left moves Out lanes down.
// After the last iteration nothing is left.
type Plan struct {
	Ports []Port
	Out   int // channels of a beat written
	Kept  int // lanes of a pixel that are occupied after an iteration, at most
	Steps []Step
}

// Port is an input of a concat: its beats' first channels go to lanes Base, Base+Unit, ... of the row.
type Port struct {
	Ch         int // channels of a beat read
	Parts      int // beats of a group of pixels
	Base, Unit int
	Places     int // how many lanes there are where a beat may begin
}

// Step is an iteration.
type Step struct {
	Reads  uint64 // bit i: a beat of input i
	Places []int  // by input: its beat goes to lane Base + Places*Unit; where none is read, as with the beat before
	Write  bool
}

// Span is the number of lanes of the row.
func (p *Plan) Span() int { return p.Out + p.Kept }

// walk runs the iterations of a group of pixels; step gets what each reads, how many beats of each input were
// read before it, whether it writes, and which beat it works at.
func walk(ports []Port, out int, step func(reads uint64, before []int, write bool, beat int)) {
	total := 0
	first := make([]int, len(ports)) // of the input's channels in the output
	for i, p := range ports {
		first[i] = total
		total += p.Ch * p.Parts
	}
	read, before := make([]int, len(ports)), make([]int, len(ports))
	for beat := 0; beat < total/out; {
		lacks := func(i int) bool {
			return read[i] < ports[i].Parts && first[i]+read[i]*ports[i].Ch < (beat+1)*out
		}
		copy(before, read)
		reads, write := uint64(0), true
		for i := range ports {
			if lacks(i) {
				reads |= 1 << i
				read[i]++
				write = write && !lacks(i)
			}
		}
		step(reads, before, write, beat)
		if write {
			beat++
		}
	}
}

// New is the program for inputs of so many channels, read in beats of up to in channels and written in beats of out.
func New(channels []int, in, out int) Plan {
	p := Plan{Ports: ports(channels, in), Out: out}
	n := len(p.Ports)
	first := make([]int, n)
	for i := 1; i < n; i++ {
		first[i] = first[i-1] + p.Ports[i-1].Ch*p.Ports[i-1].Parts
	}
	at := make([]int, n) // the place of the port's last beat, -1 before any
	for i := range at {
		at[i] = -1
	}
	most := make([]int, n)
	walk(p.Ports, out, func(reads uint64, before []int, write bool, beat int) {
		s := Step{Reads: reads, Places: make([]int, n), Write: write}
		for i := range p.Ports {
			port := &p.Ports[i]
			if reads>>i&1 == 1 {
				place := first[i] + before[i]*port.Ch - beat*out
				if at[i] < 0 {
					port.Base, most[i] = place, place
				} else {
					port.Unit = gcd(port.Unit, max(place-at[i], at[i]-place))
					port.Base, most[i] = min(port.Base, place), max(most[i], place)
				}
				at[i] = place
				end := place + port.Ch
				if write {
					end -= out
				}
				p.Kept = max(p.Kept, end)
			}
			s.Places[i] = at[i]
		}
		p.Steps = append(p.Steps, s)
	})
	for i := range p.Ports {
		port := &p.Ports[i]
		if port.Unit == 0 {
			port.Unit = 1 // a single place
		}
		port.Places = (most[i]-port.Base)/port.Unit + 1
		for k := range p.Steps {
			// Before the port's first beat, as with that.
			place := p.Steps[k].Places[i]
			for next := k; place < 0; next++ {
				place = p.Steps[next].Places[i]
			}
			p.Steps[k].Places[i] = (place - port.Base) / port.Unit
		}
	}
	return p
}
