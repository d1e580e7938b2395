package verify

// Result is what a run of a project of any target found.
type Result interface {
	// OK reports whether the run ended and everything was equal.
	OK() bool
	// Problem says in a line what is wrong, or "".
	Problem() string
	// Failure is how the run went wrong.
	Failure() Failure
	// Tally is what the run compared.
	Tally() Tally
	// Text says in a line what is equal.
	Text() string
	// Report is the file in the project that says all this.
	Report() string
	// CompareCycles compares what the run counted with the simulator's and gives a line for each difference. The result
	// remembers that nothing differed.
	CompareCycles(Simulator) ([]string, error)
}

// FailureKind is how a run goes wrong.
type FailureKind string

// The kinds of failures.
const (
	Values   FailureKind = "values"   // of outputs or, in C++, of any layer
	Deadlock FailureKind = "deadlock" // nothing moves any more
	Fault    FailureKind = "fault"    // an assertion, a register that is wrong
)

// Failure is what went wrong first; the zero value is nothing.
type Failure struct {
	Kind FailureKind
	Text string
	// Tensor is the ID of the tensor in which a value was wrong, "" if the run cannot tell.
	Tensor string
}

// Tally is what a run compared.
type Tally struct{ Images, Mismatches int }

// Options of a run. The zero value is every golden image and no stalls. csim has none of them.
type Options struct {
	// Stall makes the ports and every FIFO late at random, this often in percent. Cycles are not
	// comparable then.
	Stall int
	// Stallable compiles what can be made late even without stalls, so that runs with and without
	// take one compilation. Cycles are the same.
	Stallable bool
	Seed      int64 // of the stalls and of the initial values of registers, 31 bits of it; 0 = 1
	// Images limits the golden images; 0 = all.
	Images int
	// Timeout is the number of cycles without an output word that are a deadlock; 0 = the design's.
	Timeout int
	Icarus  bool // in Icarus Verilog instead of Verilator: starts at once, but is slow
	// Netlist simulates what yosys synthesises for xc7, in Icarus Verilog: without statistics, and for
	// designs without block RAM only, of which yosys has no model. Without Stall.
	Netlist bool
}

// Simulator gives what a run should count.
type Simulator interface {
	// Cycles are those of a call with these golden images in this order.
	Cycles(order []int) (*Cycles, error)
	// Beats are those of every engine by the cycles they took, over the first images: Beats[name][c] took c cycles.
	Beats(images int) (map[string][]int64, error)
}

// Cycles are the expected cycles of a call, from a simulation of the same images in
// the same order. The simulation ends with these images. A nil slice is not compared.
type Cycles struct {
	FirstIn, FirstOut, LastOut []int64 // by image
	Processes                  []Process
	FIFOs                      []FIFO
}

// Process is a process in the order of the network.
type Process struct {
	Name             string
	Starved, Blocked int64 // cycles in which it waited for a token, for room, until
	End              int64 // the first cycle after its last iteration
	// Counted tells that it knows how many images there are and stops after them (source, scheduled engine and
	// window); any other goes on waiting for a token until the run ends.
	Counted bool
}

// FIFO is a FIFO in the order of the network.
type FIFO struct {
	Name string
	Most int
}
