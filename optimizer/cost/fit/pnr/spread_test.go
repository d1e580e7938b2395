package pnr

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/testenv"
)

// spread has the extremes of a netlist: the most cells in a row between two registers, and the most loads of a signal.
type spread struct {
	depth, fanout int
	busiest       string // the signal with the most loads
}

// sequential tells the cells in which paths begin and end.
func sequential(kind string) bool {
	for _, p := range []string{"FD", "RAM", "SRL", "DSP", "BUFG"} {
		if strings.HasPrefix(kind, p) {
			return true
		}
	}
	return false
}

// clockPort tells the ports to which only the clock goes.
func clockPort(port string) bool {
	return port == "C" || port == "CLK" || strings.HasPrefix(port, "CLK") || port == "WCLK" || port == "I" // of BUFG
}

// spreadOf measures a flat netlist. Reset is left out: it is no path of a run, since it is held for many cycles.
func spreadOf(t *testing.T, data []byte) spread {
	t.Helper()
	n, err := readNetlist(data)
	if err != nil {
		t.Fatal(err)
	}
	loads := map[int]int{}
	driver := map[int]string{}
	for name, c := range n.cells {
		for port, bits := range c.Connections {
			for _, b := range bits {
				bit, ok := bitOf(b)
				switch {
				case !ok:
				case c.Directions[port] == "output":
					driver[bit] = name
				case !sequential(c.Type) || !clockPort(port):
					loads[bit]++
				}
			}
		}
	}
	depth := map[string]int{}
	var of func(cell string) int
	of = func(cell string) int {
		c, ok := n.cells[cell]
		if !ok || sequential(c.Type) {
			return 0
		}
		if d, ok := depth[cell]; ok {
			return d
		}
		depth[cell] = 1 << 20 // a loop would show
		most := 0
		for port, bits := range c.Connections {
			if c.Directions[port] == "output" {
				continue
			}
			for _, b := range bits {
				if bit, ok := bitOf(b); ok {
					most = max(most, of(driver[bit]))
				}
			}
		}
		depth[cell] = most + 1
		return most + 1
	}
	var s spread
	for cell := range n.cells {
		s.depth = max(s.depth, of(cell))
	}
	names := map[int]string{}
	for at, name := range n.nets {
		names[at.bit] = name
	}
	for bit, l := range loads {
		if name := names[bit]; name != instance+".rst" && (l > s.fanout || l == s.fanout && name < s.busiest) {
			s.fanout, s.busiest = l, name
		}
	}
	return s
}

// flatNetlist maps a module in its wrapper, all hierarchy dissolved.
func flatNetlist(t *testing.T, m hw.Module) []byte {
	t.Helper()
	l, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	tools := Tools{Dir: t.TempDir()}
	ctx := context.Background()
	if _, err := tools.Netlist(ctx, &Source{l, m.ModuleName(), hw.Params(m), false}); err != nil {
		t.Fatal(err)
	}
	if err := tools.yosys(ctx, "read_json netlist.json\nsetattr -mod -unset keep_hierarchy *\nsetattr -unset keep_hierarchy c:*\nflatten\nwrite_json flat.json\n"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(tools.Dir, "flat.json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSpread: neither the depth nor the fan-out of any path of an engine grows with its gang and pixels by more than a constant: one level,
// and the loads for which gangs of more than four lanes get copies.
func TestSpread(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_RTL") == "" {
		t.Skip("skipped: takes minutes; make acceptance-rtl runs it (HASS_ACCEPTANCE_RTL)")
	}
	testenv.Tools(t, "yosys", "yosys")
	const moreLevels, mostLoads = 1, 180
	for _, e := range []struct {
		kind hw.LaneKind
		m, n int
	}{{hw.DenseLane, 4, 4}, {hw.BankedLane, 4, 2}, {hw.CrossbarLane, 4, 2}} {
		t.Run(fmt.Sprintf("%s %d->%d", e.kind, e.m, e.n), func(t *testing.T) {
			t.Parallel()
			var few spread
			for i, size := range [][2]int{{4, 1}, {16, 1}, {4, 4}} {
				p := engine(e.kind, e.m, e.n, size[0], 64, memory.LUTRAM)
				p.Px = size[1]
				s := spreadOf(t, flatNetlist(t, p))
				t.Logf("gang of %d, %d pixels: %d levels, %d loads of %s", size[0], size[1], s.depth, s.fanout, s.busiest)
				if i == 0 {
					few = s
				}
				if s.depth > few.depth+moreLevels || s.fanout > mostLoads {
					t.Errorf("gang of %d, %d pixels: %d levels, %d loads of %s; a gang of 4 has %d levels, and %d loads are the most", size[0], size[1], s.depth, s.fanout, s.busiest, few.depth, mostLoads)
				}
			}
		})
	}
}
