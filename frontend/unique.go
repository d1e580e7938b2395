package frontend

import (
	"fmt"
	"maps"
)

// unique gives names that nobody has. It remembers how far each has come, so that equal
// names do not count from the beginning.
type unique struct {
	used map[string]bool
	next map[string]int
}

func newUnique(used map[string]bool) *unique {
	u := &unique{used: map[string]bool{}, next: map[string]int{}}
	maps.Copy(u.used, used)
	return u
}

// take appends ~2, ~3, ... to a name until nobody has it.
func (u *unique) take(name string) string {
	out := u.free(name, func(s string) bool { return u.used[s] })
	u.used[out] = true
	return out
}

// free is take for names whose holder the caller knows.
func (u *unique) free(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for k := max(2, u.next[name]); ; k++ {
		if out := fmt.Sprintf("%s~%d", name, k); !taken(out) {
			u.next[name] = k + 1
			return out
		}
	}
}
