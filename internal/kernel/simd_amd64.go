//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// simd is set where the processor and the operating system support the assembly.
var simd = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// Enable switches the assembly on, where the processor has what it takes, or
// off, and tells what was before. It is for tests and must not run beside a kernel.
func Enable(on bool) (before bool) {
	before = simd
	simd = on && cpu.X86.HasAVX2 && cpu.X86.HasFMA
	return before
}
