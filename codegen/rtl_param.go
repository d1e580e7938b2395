package codegen

import (
	"fmt"
	"math/big"
)

// param is a parameter of a SystemVerilog module instance; value is SystemVerilog text.
type param struct{ name, value string }

// num is an integer parameter.
func num(name string, v int) param { return param{name, fmt.Sprint(v)} }

// flagParam is a parameter that is 0 or 1.
func flagParam(name string, v bool) param {
	if v {
		return num(name, 1)
	}
	return num(name, 0)
}

// vector is a table as one flat vector of fields of the given bits, the first lowest; negative
// values stand in two's complement.
func vector(name string, bits int, v []int64) param {
	sum := new(big.Int)
	mask := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1))
	for i := len(v) - 1; i >= 0; i-- {
		field := new(big.Int).And(big.NewInt(v[i]), mask)
		sum.Lsh(sum, uint(bits)).Or(sum, field)
	}
	return param{name, fmt.Sprintf("%d'h%x", bits*len(v), sum)}
}
