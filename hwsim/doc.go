// Package hwsim simulates the hardware of a design: values and time.
//
// It takes an expanded network of processes (package hw) and quantised NHWC
// images, and gives the output tensors, the cycle of every image's first and
// last word, what every process did with its cycles, the high-water mark of
// every FIFO and how much of the zeros the engines really skipped. A network
// that cannot move is a *live.Deadlock.
//
// Values and time are found side by side. The order of a Kahn network's tokens does not depend
// on time, so the values (type values) move every token through every process image by
// image, each process as far as its inputs allow: the line buffers store what was
// accepted, the engines multiply the windows they are shown with their own slice of the weights
// and count the zeros they meet. What this leaves for the time is the cycles of the engines'
// beats (package hwsim/ledger). Time (type sim) follows docs/hardware.md: the instants of a process's reads
// and writes are max-plus recurrences over the instants of its neighbours in bounded FIFOs, so
// a cycle in which nothing happens costs nothing. The order of reads and writes is package hw's
// (Network.NewSchedule). Neither result depends on how the two are interleaved.
//
// Without beats that depend on data the time repeats from some image on, and is simulated up to
// there and at the end of the stream only (type steady).
//
// The values that it gives come from the tokens that it moved, never from the integer executor, and it never
// estimates. Where only the time is wanted (Options.TimeOnly) no token is moved: what the cycles of beats depend on, the
// zeros of tensors, is then taken from the integer network (type zeros).
package hwsim
