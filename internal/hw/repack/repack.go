// Package repack plans how a concat repacks the channels of its inputs into the beats that it writes.
//
// It takes the channels of the inputs and the widths of beats; it gives a program for each group of pixels: the beats that
// each iteration reads, their places, and whether it writes. The modules of both targets and the simulator run it.
package repack

// Width is the number of channels per beat of an input of c channels: the largest divisor of c up to most.
func Width(c, most int) int {
	for w := min(most, c); ; w-- {
		if c%w == 0 {
			return w
		}
	}
}

// Steps is the number of iterations for a group of pixels: the number of beats of the output, or of the input with the most
// beats if that is more.
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

// Plan is the program: the reads and writes of each iteration of a group of pixels, and the places of the
// channels that it reads. Each input is read in beats of its own width and the output is written in beats of
// another, so that no width has to divide all of them.
//
// The module keeps a row of lanes for each pixel of a beat, whose first Out lanes become the next beat written. An iteration reads at
// most one beat of each input that has channels which the next output beat still lacks, and stores it at its place in the row. When all
// channels of the output beat are present, the iteration writes them, and the remaining lanes move down by Out. After the last iteration
// the row is empty.
type Plan struct {
	Ports []Port
	Out   int // channels of a beat written
	Kept  int // largest number of occupied lanes of a pixel after an iteration
	Steps []Step
}

// Port is an input of a concat: the first channel of its beats goes to lane Base, Base+Unit, ... of the row.
type Port struct {
	Ch         int // channels of a beat read
	Parts      int // beats of a group of pixels
	Base, Unit int
	Places     int // number of lanes at which a beat may begin
}

// Step is an iteration.
type Step struct {
	Reads  uint64 // bit i: a beat of input i
	Places []int  // by input: its beat goes to lane Base + Places*Unit; without a read, the same as in the previous iteration
	Write  bool
}

// Span is the number of lanes of the row.
func (p *Plan) Span() int { return p.Out + p.Kept }

// walk runs the iterations of a group of pixels; step receives for each the reads, the number of beats of
// each input read before, whether it writes, and the current output beat.
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

// New is the program for inputs of the given channels, read in beats of up to in channels and written in beats of out.
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
			// Before the port's first beat, the place is that of the first beat.
			place := p.Steps[k].Places[i]
			for next := k; place < 0; next++ {
				place = p.Steps[next].Places[i]
			}
			p.Steps[k].Places[i] = (place - port.Base) / port.Unit
		}
	}
	return p
}
