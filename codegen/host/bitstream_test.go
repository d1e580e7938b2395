package host_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

// fakeTools are programs that record their arguments and create the same files as the real ones. The fake Vivado runs its scripts with the
// stand-ins.
var fakeTools = map[string]string{
	"vivado": `
while [ $# -gt 0 ]; do
  case $1 in
  -source) script=$2; shift 2 ;;
  -tclargs) shift; break ;;
  -mode) shift 2 ;;
  *) shift ;;
  esac
done
exec tclsh "$FAKE_TOOLS" "$FAKE_RECORD.tcl" "$FAKE_ROOT" "$script" "$@"`,
	"v++":       `exec tclsh "${FAKE_TOOLS%tools.tcl}vpp.tcl" "$@"`,
	"vitis-run": "",
	"vitis_hls": `mkdir -p hass_vivado/solution/impl/ip; : >hass_vivado/solution/impl/ip/component.xml`,
	"hass":      "",
	// The options that boards/Makefile of AMD's kria-apps-firmware has; the bitstream that the image names must be there.
	"bootgen": `
[ "$1 $3 $4 $5 $7" = "-image -arch zynqmp -o -w" ] && grep -q "\\[destination_device = pl\\] hass.bit" "$2" && [ -f hass.bit ] && : >"$6"`,
	"dtc": `
[ "$1 $2 $3 $4 $5 $6" = "-@ -I dts -O dtb -o" ] && grep -q 'firmware-name = "hass.bit.bin"' "$8" && : >"$7"`,
}

// bitstream runs make bitstream with some of the tools on the PATH and gives their records.
func bitstream(t *testing.T, out string, env []string, tools ...string) (record, msg string, err error) {
	t.Helper()
	testenv.Tools(t, "tcl make", "tclsh", "make")
	bin := t.TempDir()
	for _, name := range tools {
		text := "#!/bin/sh\n{ echo " + name + "; for a in \"$@\"; do echo \"  $a\"; done; } >>\"$FAKE_RECORD\"\n" + fakeTools[name] + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	// The system's own programs, and no tool of AMD's.
	for _, name := range []string{"sh", "make", "mkdir", "dirname", "tail", "grep", "date", "tclsh", "test", "rm", "cat"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	fakes, err := filepath.Abs("testdata/fakes/tools.tcl")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", "-s", "-C", out, "bitstream")
	cmd.Env = append([]string{"PATH=" + bin, "FAKE_RECORD=" + filepath.Join(bin, "record"), "FAKE_TOOLS=" + fakes, "FAKE_ROOT=" + out, smallStreams}, env...)
	got, err := cmd.CombinedOutput()
	data, readErr := os.ReadFile(filepath.Join(bin, "record"))
	if readErr != nil && !os.IsNotExist(readErr) {
		t.Fatal(readErr)
	}
	return strings.ReplaceAll(string(data), out, "ROOT"), string(got), err
}

// TestBitstream runs make bitstream of both targets. It checks the calls of the tools, the files that stay and the sentence about a
// missing tool.
func TestBitstream(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder with blanks")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, hls, _ := projecttest.Small(t, dir, "ZCU104", "xczu7ev-ffvc1156-2-e", 2)
	_, rtl := projecttest.SmallRTL(t, t.TempDir(), "ZCU104", "xczu7ev-ffvc1156-2-e", 2)
	_, kria := projecttest.SmallRTL(t, t.TempDir(), "KV260", "xck26-sfvc784-2LV-c", 2)
	cards := t.TempDir()
	_, card, _ := projecttest.Small(t, cards, "U50", "xcu50-fsvh2104-2-e", 2)
	_, kernel := projecttest.SmallRTL(t, t.TempDir(), "U250", "xcu250-figd2104-2L-e", 2)
	for _, tt := range []struct {
		name, project string
		env, tools    []string
		want          []string // in the printed text, or in the records of the tools
		fails         bool
	}{
		{"C++ with vitis-run", hls, nil, []string{"vivado", "v++", "vitis-run", "hass"}, []string{"hass.xsa are ready", "vitis-run\n  --mode\n  hls\n  --package", "ip=ROOT/vivado_out/w_vivado/hls/impl/ip"}, false},
		{"C++ with vitis_hls", hls, []string{"JOBS=2"}, []string{"vivado", "vitis_hls"}, []string{"hass.xsa are ready", "flow=vivado\n  steps=csynth,export", "jobs=2"}, false},
		{"C++ without HLS", hls, nil, []string{"vivado"}, []string{"bitstream.sh: vitis_hls is not on the PATH: source settings64.sh of Vitis (2020.2 or later), then run make bitstream again\n"}, true},
		{"C++ without Vivado", hls, nil, []string{"v++", "vitis-run"}, []string{"bitstream.sh: vivado is not on the PATH"}, true},
		{"SystemVerilog", rtl, nil, []string{"vivado", "hass"}, []string{"bd.tcl: clock of", "hass.xsa are ready", "hass\n  calibrate\n  reports/design.json\n  ROOT/vivado_out/utilization_hierarchical.rpt\n  ROOT/vivado_out/timing.rpt\n  --date"}, false},
		{"SystemVerilog elsewhere", rtl, []string{"OUT=" + t.TempDir(), "DESIGN=d.json"}, []string{"vivado", "hass"}, []string{"hass.xsa are ready", "calibrate\n  d.json"}, false},
		{"SystemVerilog without hass", rtl, nil, []string{"vivado"}, []string{"hass is not on the PATH; hass calibrate reads"}, false},
		{"SystemVerilog without Vivado", rtl, nil, nil, []string{"bitstream.sh: vivado is not on the PATH: source settings64.sh of Vivado (2020.2 or later), then run make bitstream again\n"}, true},
		{"Kria", kria, nil, []string{"vivado", "hass", "bootgen", "dtc"}, []string{"hass.xsa are ready", "vivado_out/kria is ready", "bootgen\n  -image\n  ROOT/kria/hass.bif", "-o\n  kria/hass.dtbo\n  ROOT/kria/hass.dtsi"}, false},
		{"Kria without bootgen", kria, nil, []string{"vivado", "hass", "dtc"}, []string{"hass.xsa are ready", "no application for xmutil was made"}, false},
		{"a missed clock", rtl, []string{"HASS_FAKE_WNS=-0.5"}, []string{"vivado", "hass"}, []string{"is not met by 0.5 ns", "bitstream failed: see"}, true},
		{"the project as the tools' folder", rtl, []string{"OUT=."}, []string{"vivado"}, []string{"name a folder of its own"}, true},
		{"a card", card, []string{"PLATFORM=xilinx_u50_gen3x16_xdma_5_202210_1"}, []string{"v++", "vitis-run"}, []string{"hass.xclbin is ready", "--platform\n  xilinx_u50"}, false},
		{"a card, SystemVerilog", kernel, []string{"PLATFORM=xilinx_u250_gen3x16_xdma_4_1_202210_1"}, []string{"vivado", "v++"}, []string{"hass.xclbin is ready", "-l\n", "hass_kernel.xo"}, false},
		{"a card, SystemVerilog, without Vivado", kernel, []string{"PLATFORM=xilinx_u250_gen3x16_xdma_4_1_202210_1"}, []string{"v++"}, []string{"vivado is not on the PATH"}, true},
		{"a card of another kind", kernel, []string{"PLATFORM=xilinx_u50_gen3x16_xdma_5_202210_1"}, []string{"vivado", "v++"}, []string{"the card has no memory DDR[0]"}, true},
		{"a card without a platform", card, nil, []string{"v++", "vitis-run"}, []string{"has no processing system: name the card's Vitis platform"}, true},
		{"a card without Vitis", card, []string{"PLATFORM=p"}, nil, []string{"v++ is not on the PATH"}, true},
	} {
		record, msg, err := bitstream(t, tt.project, tt.env, tt.tools...)
		if (err != nil) != tt.fails {
			t.Errorf("%s: %v\n%s", tt.name, err, msg)
		}
		for _, w := range tt.want {
			if !strings.Contains(record+msg, w) {
				t.Errorf("%s: no %q in\n%s%s", tt.name, w, msg, record)
			}
		}
	}
	// The tools write only into one folder. Generated files, and the folders that builds read, do not change.
	for _, name := range []string{"hass.bit.bin", "hass.dtbo", "shell.json"} {
		if _, err := os.Stat(filepath.Join(kria, "vivado_out", "kria", name)); err != nil {
			t.Error(err)
		}
	}
	for _, project := range []string{hls, rtl} {
		for _, name := range []string{"vivado_out/hass.bit", "vivado_out/hass.hwh", "vivado_out/hass.xsa", "vivado_out/log/bitstream.log"} {
			if _, err := os.Stat(filepath.Join(project, filepath.FromSlash(name))); err != nil {
				t.Error(err)
			}
		}
	}
}
