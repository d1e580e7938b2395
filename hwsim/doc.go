// Package hwsim simulates the hardware of a design: values and time.
//
// It takes an expanded network of processes (package hw) and quantised NHWC
// images. It gives the output tensors, the cycle of every image's first and
// last word, the use of every process's cycles, the high-water mark of every
// FIFO and the share of zeros that the engines really skipped. A network
// that cannot proceed is a *live.Deadlock.
//
// Values and time are simulated in parallel. The order of a Kahn network's tokens does not depend on time,
// so the values (type values) move every token through every process image by image, each process as far as
// its inputs allow: the line buffers store the accepted beats, the engines multiply the emitted windows
// with their own slice of the weights and count the zeros. The time needs only the cycles of the engines'
// beats from the values (package hwsim/ledger). Time (type sim) follows docs/hardware.md: the instants of a
// process's reads and writes are max-plus recurrences over the instants of its neighbours in bounded FIFOs,
// so a cycle in which nothing happens costs nothing. Package hw defines the order of reads and writes
// (Network.NewSchedule). The results do not depend on how the two are interleaved.
//
// If no beat depends on data, the time is periodic from some image on. It is then simulated
// only up to there and at the end of the stream (type steady).
//
// The output values come from the tokens that were moved, never from the integer executor, and nothing is estimated. If
// only the time is wanted (Options.TimeOnly) no token is moved: the zeros of tensors, which determine the cycles of
// beats, then come from the integer network (type zeros).
package hwsim
