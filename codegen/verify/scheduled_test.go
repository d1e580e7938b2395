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
	mutants := []struct {
		name string
		do   func(r *schedule.Row)
	}{
		{"two addresses have changed places", func(r *schedule.Row) { r.At[0], r.At[1] = r.At[1], r.At[0] }},
		{"a row is lost", func(r *schedule.Row) { clear(r.Weight) }},
	}
	for _, target := range []struct {
		name codegen.Target
		ok   func(project string) (bool, error)
	}{
		{codegen.HLS, func(project string) (bool, error) {
			r, err := verify.CSim(context.Background(), project)
			return err == nil && r.OK(), err
		}},
		{codegen.RTL, func(project string) (bool, error) {
			r, err := verify.RTL(context.Background(), project, verify.Options{})
			return err == nil && r.OK(), err
		}},
	} {
		// The mutants are in the data alone: the project is compiled once.
		out := filepath.Join(t.TempDir(), "project")
		if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: target.name}); err != nil {
			t.Fatal(err)
		}
		weights := filepath.Join(out, "data", "weights.bin")
		for _, mutant := range mutants {
			wrong := *plan
			wrong.Chains = slices.Clone(plan.Chains)
			rows := slices.Clone(plan.Chains[0])
			wrong.Chains[0] = rows
			at := slices.IndexFunc(rows, func(r schedule.Row) bool { return r.Weight[0] != 0 && r.Weight[1] != 0 && r.At[0] != r.At[1] })
			rows[at].Weight, rows[at].At = slices.Clone(rows[at].Weight), slices.Clone(rows[at].At)
			mutant.do(&rows[at])
			plant(t, weights, &m, plan, &wrong)
			ok, err := target.ok(out)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				t.Errorf("%v: %s: not found", target.name, mutant.name)
			}
			plant(t, weights, &m, &wrong, plan)
		}
		if ok, err := target.ok(out); err != nil || !ok {
			t.Errorf("%v: without a mutant it fails, too: %v", target.name, err)
		}
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
