package verify_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/hw"
	"hass/internal/schedule"
	"hass/internal/test/designtest"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

// TestScheduleMutants: a schedule in which two addresses have changed places, or a row is lost, gives other values in both targets.
func TestScheduleMutants(t *testing.T) {
	testenv.Long(t)
	projecttest.NeedCompiler(t)
	testenv.Tools(t, "verilator", "verilator")
	dir := t.TempDir()
	d := designtest.Scheduled(t, dir)
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	const layer = 0
	m, plan := n.ScheduledModule(layer), n.Plans[layer]
	for _, mutant := range []struct {
		name string
		do   func(r *schedule.Row)
	}{
		{"two addresses have changed places", func(r *schedule.Row) { r.At[0], r.At[1] = r.At[1], r.At[0] }},
		{"a row is lost", func(r *schedule.Row) { clear(r.Weight) }},
	} {
		t.Run(mutant.name, func(t *testing.T) {
			wrong := *plan
			wrong.Chains = slices.Clone(plan.Chains)
			rows := slices.Clone(plan.Chains[0])
			wrong.Chains[0] = rows
			at := slices.IndexFunc(rows, func(r schedule.Row) bool { return r.Weight[0] != 0 && r.Weight[1] != 0 && r.At[0] != r.At[1] })
			rows[at].Weight, rows[at].At = slices.Clone(rows[at].Weight), slices.Clone(rows[at].At)
			mutant.do(&rows[at])
			for _, target := range []codegen.Target{codegen.HLS, codegen.RTL} {
				out := filepath.Join(t.TempDir(), "project")
				if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: target}); err != nil {
					t.Fatal(err)
				}
				plant(t, filepath.Join(out, "data", "weights.bin"), &m, plan, &wrong)
				var ok bool
				if target == codegen.HLS {
					r, err := verify.CSim(context.Background(), out)
					if err != nil {
						t.Fatal(err)
					}
					ok = r.OK()
				} else {
					r, err := verify.RTL(context.Background(), out, verify.Options{})
					if err != nil {
						t.Fatal(err)
					}
					ok = r.OK()
				}
				if ok {
					t.Errorf("%v: not found", target)
				}
			}
		})
	}
}

// plant replaces the words of the right plan by those of a wrong one.
func plant(t *testing.T, file string, m *hw.ScheduledParams, right, wrong *schedule.Plan) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(p *schedule.Plan) (b []byte) {
		for _, w := range m.AppendWords(nil, p) {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	old, now := encode(right), encode(wrong)
	if bytes.Count(data, old) != 1 || bytes.Equal(old, now) {
		t.Fatal("the schedule's words do not stand once in the weights")
	}
	if err := os.WriteFile(file, bytes.Replace(data, old, now, 1), 0o600); err != nil {
		t.Fatal(err)
	}
}
