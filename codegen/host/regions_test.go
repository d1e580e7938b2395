package host_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/design"
	"hass/internal/test/projecttest"
)

// onU250 generates the SystemVerilog of SmallNet for a U250. layers has the number of layers in each region.
func onU250(t *testing.T, layers ...int) string {
	t.Helper()
	dir := t.TempDir()
	d, _, _ := projecttest.Small(t, dir, "U250", "xcu250-figd2104-2L-e", 2)
	for i, n := range layers {
		d.Regions = append(d.Regions, design.Region{Name: "SLR" + string(rune('0'+i)), Layers: n})
	}
	out := filepath.Join(dir, "rtl")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
		t.Fatal(err)
	}
	return out
}

// regionFaults are faults in the constraints of a kernel that lies in several regions.
var regionFaults = []fault{
	{"a module of no region", "design.tcl", "{SLR0 {control ", "{SLR0 {", "control lies in no region"},
	{"a module of two regions", "design.tcl", "{SLR2 {", "{SLR2 {control ", "control lies in two pblocks"},
	{"a region that is not there", "design.tcl", "{SLR2 {", "{SLR7 {", "no region SLR7"},
	{"modules of another design", "vivado/regions.tcl", "*/accelerator/$module", "*/top/$module", "none of the"},
	{"a pblock without a range", "vivado/regions.tcl", "resize_pblock $pblock -add $slr", "", "pblock_hass_SLR"},
	{"an unknown option", "vivado/regions.tcl", "-clear_locs", "-clear", "unknown option -clear"},
}

// TestRegions: a kernel in one region has it in link.cfg, one in several has its modules in the pblocks of the platform, or of its own, and
// v++ runs the script before placement.
func TestRegions(t *testing.T) {
	const platform = "PLATFORM=xilinx_u250_gen3x16_xdma_4_1_202210_1"
	one := onU250(t, 0, 3, 0, 0)
	if text := string(projecttest.Read(t, one, "link.cfg")); !strings.Contains(text, "\nslr=hass_kernel_1:SLR1\n") {
		t.Errorf("a kernel in one region:\n%s", text)
	}
	record, msg, err := bitstream(t, one, []string{platform}, "vivado", "v++")
	if err != nil || strings.Contains(record, "--vivado.prop") {
		t.Errorf("a kernel in one region: %v\n%s%s", err, msg, record)
	}
	some := onU250(t, 1, 0, 2, 0)
	if text := string(projecttest.Read(t, some, "link.cfg")); strings.Contains(text, "slr=") {
		t.Errorf("a kernel in two regions is confined to one:\n%s", text)
	}
	if text := string(projecttest.Read(t, some, "README.md")); !strings.Contains(text, "the 2 regions (SLRs)") {
		t.Error("README.md does not name vivado/regions.tcl")
	}
	record, msg, err = bitstream(t, some, []string{platform}, "vivado", "v++")
	if err != nil || !strings.Contains(record, "--vivado.prop\n  run.impl_1.STEPS.PLACE_DESIGN.TCL.PRE=ROOT/vivado/regions.tcl\n") {
		t.Errorf("a kernel in two regions: %v\n%s%s", err, msg, record)
	}
	const bare = "HASS_FAKE_PBLOCKS="
	var all strings.Builder
	for _, env := range [][]string{nil, {bare}} {
		record, msg, ok := tcl(t, some, "vivado/regions.tcl", env)
		if !ok {
			t.Error(msg)
		}
		all.WriteString(record)
	}
	goldenFile(t, "regions_u250.txt", []byte(all.String()))
	for _, f := range regionFaults {
		plant(t, some, f, []string{"vivado/regions.tcl"}, []string{bare}, nil)
	}
}
