//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// simd is true if the processor and the operating system support the assembly.
var simd = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// Enable switches the assembly on, if the processor supports it, or off, and
// returns the previous state. It is for tests and must not run at the same time
// as a kernel.
func Enable(on bool) (before bool) {
	before = simd
	simd = on && cpu.X86.HasAVX2 && cpu.X86.HasFMA
	return before
}
