package acceptance

// A mutant is an error planted in the emitted library.
type mutant struct {
	name, file string
	old, new   string // old stands once in the file
}

var mutants = []mutant{
	{
		name: "an engine drops its last lane", file: "engine.hpp",
		old: "row[g * M + i].to_int() != 0;",
		new: "row[g * M + i].to_int() != 0 && i != M - 1;",
	},
	{
		name: "requantisation rounds down", file: "arith.hpp",
		old: "clamp<T>((halves + carry) >> 1, least, most)",
		new: "clamp<T>(halves >> 1, least, most)",
	},
}
