package verify

// Result is the result of running a project of any target.
type Result interface {
	// OK reports whether the run ended and everything was equal.
	OK() bool
	// Problem describes the failure in one line; "" if there is none.
	Problem() string
	// Failure is the first failure of the run.
	Failure() Failure
	// Tally counts the comparisons of the run.
	Tally() Tally
	// Text describes in one line what was equal.
	Text() string
	// Report is the project's file with this result.
	Report() string
	// CompareCycles compares the run's counts with the simulator's and returns a line for each difference. If there is
	// none, the result records that.
	CompareCycles(Simulator) ([]string, error)
}

// FailureKind is the kind of a failure.
type FailureKind string

// The kinds of failures.
const (
	Values   FailureKind = "values"   // of outputs or, in C++, of any layer
	Deadlock FailureKind = "deadlock" // no process can proceed
	Fault    FailureKind = "fault"    // an assertion, or a wrong register value
)

// Failure is the first failure; the zero value means none.
type Failure struct {
	Kind FailureKind
	Text string
	// Tensor is the ID of the tensor with the wrong value, "" if unknown.
	Tensor string
}

// Tally counts the images and mismatches of a run.
type Tally struct{ Images, Mismatches int }

// Options of a run. The zero value runs every golden image without stalls. csim ignores them.
type Options struct {
	// Stall delays the ports and every FIFO at random in this percentage of cycles. Cycles
	// cannot be compared then.
	Stall int
	// Stallable compiles the stall logic even for a run without stalls, so that runs with and
	// without share one compilation. The cycles are the same, and a run without stalls has the report of one compiled without them.
	Stallable bool
	Seed      int64 // of the stalls and of the initial values of registers, 31 bits; 0 = 1
	// Images limits the golden images; 0 = all.
	Images int
	// Timeout is the number of cycles without an output word that counts as a deadlock; 0 = the design's.
	Timeout int
	Icarus  bool // use Icarus Verilog instead of Verilator: it starts at once, but is slow
	// Netlist simulates the netlist that yosys synthesises for xc7, in Icarus Verilog, without
	// statistics. It works only for designs without block RAM, for which yosys has no model, and
	// without Stall.
	Netlist bool
}

// Simulator gives the expected counts of a run.
type Simulator interface {
	// Cycles are the cycles of a call with these golden images in this order.
	Cycles(order []int) (*Cycles, error)
	// Beats are the beats of every engine by their cycles, over the first images: Beats[name][c] took c cycles.
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
	Starved, Blocked int64 // cycles in which it waited for a token, for room, until End
	End              int64 // the first cycle after its last iteration
	// Counted means that the process counts the images and stops after them (source, scheduled engine and
	// window); any other process waits for a token until the run ends.
	Counted bool
}

// FIFO is a FIFO in the order of the network.
type FIFO struct {
	Name string
	Most int
}
