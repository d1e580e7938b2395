package host_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

// library is the list of the modules, which is not this test's business.
var library = regexp.MustCompile(`ROOT/rtl/\w+\.sv( ROOT/rtl/\w+\.sv)*`)

// TestRTLToBoard runs the SystemVerilog's scripts, from packaging to the bitstream, and synthesis on its own.
func TestRTLToBoard(t *testing.T) {
	for _, tt := range zynqs {
		t.Run(tt.name, func(t *testing.T) {
			_, out := projecttest.SmallRTL(t, t.TempDir(), tt.name, tt.part, 2)
			dir := t.TempDir()
			if _, msg, ok := tclIn(t, dir, out, "vivado/bd.tcl", nil); ok || !strings.Contains(msg, "0 packaged IPs found") {
				t.Errorf("without an IP: ok %v, %q", ok, msg)
			}
			var all bytes.Buffer
			for _, script := range []string{"vivado/package_ip.tcl", "vivado/bd.tcl", "vivado/synth.tcl", "vivado/package_kernel.tcl"} {
				record, msg, ok := tclIn(t, dir, out, script, nil)
				if !ok {
					t.Fatalf("%s: %s", script, msg)
				}
				all.WriteString("==> " + script + "\n" + library.ReplaceAllString(record, "ROOT/rtl/*.sv"))
			}
			goldenFile(t, "rtl_"+strings.ToLower(tt.name)+".txt", all.Bytes())
		})
	}
}

// TestWrapper compiles the wrappers around the SystemVerilog with all warnings.
func TestWrapper(t *testing.T) {
	testenv.Tools(t, "verilator", "verilator")
	_, out := projecttest.SmallRTL(t, t.TempDir(), "U250", "xcu250-figd2104-2L-e", 2)
	files, err := filepath.Glob(filepath.Join(out, "rtl", "*.sv"))
	if err != nil {
		t.Fatal(err)
	}
	movers, err := filepath.Glob(filepath.Join(out, "board", "*.sv"))
	if err != nil || len(movers) == 0 {
		t.Fatal("no movers", err)
	}
	for _, top := range []string{"hass_ip", "hass_kernel"} {
		goldenFile(t, top+".v", projecttest.Read(t, out, "board", top+".v"))
		args := append([]string{"--lint-only", "-Wall", "--top-module", top, filepath.Join(out, "board", top+".v")}, files...)
		if msg, err := exec.Command("verilator", append(args, movers...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", top, err, msg)
		}
	}
	goldenFile(t, "kernel.xml", projecttest.Read(t, out, "board", "kernel.xml"))
	goldenFile(t, "u250_link.cfg", projecttest.Read(t, out, "link.cfg"))
}

// TestOptions checks that the table of options names a public script and a commit for each option, and that our scripts use every option
// of the table.
func TestOptions(t *testing.T) {
	commits := map[string]bool{}
	form := regexp.MustCompile(`^[0-9a-f]{40}$`)
	list := bufio.NewScanner(bytes.NewReader(projecttest.Read(t, "testdata", "fakes", "options.txt")))
	var scripts strings.Builder
	for _, name := range []string{"hls/run_hls.tcl", "rtl/vivado/package_ip.tcl", "rtl/vivado/synth.tcl", "rtl/vivado/package_kernel.tcl", "board/vivado/bd.tcl", "board/vivado/system.xdc", "board/vivado/bitstream.sh", "regions/vivado/regions.tcl"} {
		scripts.Write(projecttest.Read(t, "..", "..", "templates", "scripts", name))
	}
	for _, name := range []string{"glue/board/ooc.xdc.tmpl", "glue/board/link.cfg.tmpl", "glue/host/link.cfg.tmpl", "host/hls/build_alveo.sh"} {
		scripts.Write(projecttest.Read(t, "..", "..", "templates", name))
	}
	text := scripts.String()
	seen := map[string]bool{}
	for list.Scan() {
		line := list.Text()
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case f[0] == "commit" || f[0] == "doc":
			if len(f) != 3 || f[0] == "commit" != form.MatchString(f[2]) || f[0] == "doc" != strings.HasPrefix(f[2], "https://docs.amd.com/") {
				t.Errorf("%q: want a repository and its commit, or a manual and its address", line)
			}
			commits[f[1]] = true
		case len(f) != 4 || !commits[f[2]] || seen[f[0]+" "+f[1]]:
			t.Errorf("%q: want command, option, repository with a commit and file, once", line)
		default:
			seen[f[0]+" "+f[1]] = true
			if !strings.Contains(text, f[1]) {
				t.Errorf("%q: no script uses it", line)
			}
		}
	}
}

// fault is an edit of a generated script that the stand-ins must detect.
type fault struct {
	name, file, from, to string
	want                 string // in the error
}

// boardFaults are faults in the scripts for both targets.
var boardFaults = []fault{
	{"unknown option of a command", "vivado/bd.tcl", "launch_runs impl_1 -to_step", "launch_runs impl_1 -until", "launch_runs: unknown option -until"},
	{"unknown property of the processor", "vivado/bd.tcl", "PSU__USE__IRQ0 1", "PSU__USE_IRQ0 1", "zynq_ultra_ps_e: unknown option CONFIG.PSU__USE_IRQ0"},
	{"unknown property of a DMA", "vivado/bd.tcl", "CONFIG.c_s2mm_burst_size 16", "CONFIG.c_s2mm_burst_sizes 16", "axi_dma: unknown option CONFIG.c_s2mm_burst_sizes"},
	{"unknown command", "vivado/bd.tcl", "save_bd_design\n", "store_bd_design\n", `invalid command name "store_bd_design"`},
	{"no validate_bd_design", "vivado/bd.tcl", "\nvalidate_bd_design\n", "\n", "make_wrapper before validate_bd_design"},
	{"a change behind validate_bd_design", "vivado/bd.tcl", "\nsave_bd_design\n", "\nset_property -dict {CONFIG.C_IRQ_CONNECTION 1} intc\n", "launch_runs without validate_bd_design"},
	{"no assign_bd_address", "vivado/bd.tcl", "\nassign_bd_address\n", "\n", "what the DMAs see of the memory has no addresses"},
	{"constraints after synthesis", "vivado/bd.tcl", "wait_on_run impl_1\n", "wait_on_run impl_1\nadd_files -fileset constrs_1 -norecurse [list [file join $here system.xdc]]\n", "constraints after synthesis"},
	{"no constraints", "vivado/bd.tcl", "add_files -fileset constrs_1", "#", "launch_runs without constraints"},
	{"an open clock", "vivado/bd.tcl", "{control/aclk memory/aclk", "{control/aclk", "clock memory/aclk is open"},
	{"an open reset", "vivado/bd.tcl", "$resets {control/aresetn memory/aresetn}", "{control/aresetn memory/aresetn}", "is open"},
	{"an open interrupt of the processor", "vivado/bd.tcl", "connect_bd_net [get_bd_pins intc/irq]", "#", "interrupt intc/irq goes nowhere"},
	{"an interrupt of a DMA that goes nowhere", "vivado/bd.tcl", "    lappend interrupts $dma/s2mm_introut\n", "", "interrupt dma_output0/s2mm_introut goes nowhere"},
	{"an interrupt as a clock", "vivado/bd.tcl", "[get_bd_pins intc/irq] [get_bd_pins $irq]", "[get_bd_pins intc/irq] [get_bd_pins ps/maxihpm0_fpd_aclk]", "is no clock"},
	{"two clocks", "vivado/bd.tcl", "foreach pin [concat $port_clocks $clocks", "foreach pin $port_clocks { connect_bd_net [get_bd_pins $ps_clock] [get_bd_pins $pin] }\nforeach pin [concat $clocks", "is clocked by"},
	{"a clock manager that is not locked", "vivado/bd.tcl", "connect_bd_net [get_bd_pins clock/locked]", "#", "signal sync_reset/dcm_locked is open"},
	{"overlapping addresses", "design.tcl", "dma_input/S_AXI_LITE 0xa00", "dma_input/S_AXI_LITE 0xa0000000 0x00010000}\n    {x 0xa00", "overlap"},
	{"an address outside of the master's", "design.tcl", "accelerator/s_axi_control 0xa0000000", "accelerator/s_axi_control 0x40000000", "outside of the master's"},
	{"an address that is no multiple", "design.tcl", "accelerator/s_axi_control 0xa0000000", "accelerator/s_axi_control 0xa0001000", "no multiple of its range"},
	{"a range less than the registers", "design.tcl", "accelerator/s_axi_control 0xa0000000 0x00010000", "accelerator/s_axi_control 0xa0000000 0x00001000", "less than its 65536 bytes"},
	{"an interface without an address", "vivado/bd.tcl", "foreach entry $hass::addresses", "foreach entry [lrange $hass::addresses 1 end]", "accelerator/s_axi_control has no address"},
	{"a DMA narrower than its stream", "vivado/bd.tcl", "c_m_axis_mm2s_tdata_width $bits", "c_m_axis_mm2s_tdata_width 8", "dma_input/M_AXIS_MM2S"},
	{"a memory port narrower than the stream", "vivado/bd.tcl", "c_m_axi_s2mm_data_width $width", "c_m_axi_s2mm_data_width 32", "takes 32 bits, the stream of"},
	{"a memory port narrower than its stream of images", "vivado/bd.tcl", "c_m_axi_mm2s_data_width $width", "c_m_axi_mm2s_data_width 32", "the stream is wider than the memory"},
	{"streams crossed", "vivado/bd.tcl", "[get_bd_intf_pins $dma/M_AXIS_MM2S] [stream_pin $pin]", "[get_bd_intf_pins $dma/M_AXIS_MM2S] [get_bd_intf_pins accelerator/$hass::control]", "are no pair of interfaces"},
	{"a DMA that is not there", "vivado/bd.tcl", "CONFIG.c_include_mm2s 0 CONFIG.c_include_s2mm 1", "CONFIG.c_include_mm2s 1 CONFIG.c_include_s2mm 0", "no pin dma_output0/S_AXIS_S2MM"},
	{"no memory slave", "vivado/bd.tcl", "CONFIG.PSU__USE__S_AXI_GP2 1", "CONFIG.PSU__USE__S_AXI_GP2 0", "no pin ps/S_AXI_HP0_FPD"},
	{"no clock of the processor", "vivado/bd.tcl", "CONFIG.PSU__FPGA_PL0_ENABLE 1", "CONFIG.PSU__FPGA_PL0_ENABLE 0", "no pin ps/pl_clk0"},
	{"a clock manager beside its range", "design.tcl", "clock_divide {1}", "clock_divide {4}", "an oscillator of"},
	{"another clock than the design's", "design.tcl", "variable clock_out {", "variable clock_out {1", "are asked for"},
	{"another clock of the processor", "vivado/bd.tcl", "PL0_REF_CTRL__FREQMHZ $hass::ps_mhz", "PL0_REF_CTRL__FREQMHZ 125", "the clock manager makes"},
	{"no wrapper", "vivado/bd.tcl", "add_files -norecurse [list $wrapper]", "#", "is no module of the project"},
	{"a platform before the bitstream", "vivado/bd.tcl", "launch_runs impl_1", "write_hw_platform -fixed -force -file x.xsa\nlaunch_runs impl_1", "write_hw_platform before the bitstream"},
	{"a run that nobody waits for", "vivado/bd.tcl", "wait_on_run impl_1\n", "", "open_run before the run has ended"},
	{"an IP of another name", "design.tcl", "variable ip {hass_", "variable ip {has_", "has_"},
	{"a board part that is none", "design.tcl", "variable part {xc", "variable part {", "no part"},
}

// hlsFaults are faults in the scripts for C++ only.
var hlsFaults = []fault{
	{"no clock", "run_hls.tcl", "create_clock -period $hass::clock_ns -name default", "", "without create_clock"},
	{"cosim before csynth", "run_hls.tcl", "foreach step {csim csynth cosim export}", "foreach step {csim cosim csynth export}", "cosim_design before csynth_design"},
	{"export before csynth", "run_hls.tcl", "{ lappend steps csynth }", "{ set steps export }", "export_design before csynth_design"},
	{"unknown flow", "run_hls.tcl", "open_solution -reset -flow_target $flow", "open_solution -reset -flow_target vitis_hls", "flow_target vitis_hls"},
	{"unknown option", "run_hls.tcl", "export_design -format ip_catalog", "export_design -fmt ip_catalog", "unknown option -fmt"},
	{"unknown format", "run_hls.tcl", "export_design -format ip_catalog", "export_design -format ipcatalog", "format ipcatalog"},
	{"a file that is missing", "design.tcl", "src/hass_top.cpp", "src/top.cpp", "no file"},
}

// rtlFaults are faults in the scripts for SystemVerilog only.
var rtlFaults = []fault{
	{"constraints after synthesis", "vivado/synth.tcl", "opt_design\n", "read_xdc [file join $here ooc.xdc]\nopt_design\n", "constraints after synthesis"},
	{"synthesis without constraints", "vivado/synth.tcl", "read_xdc", "#", "synth_design without a clock"},
	{"a clock of no port", "vivado/ooc.xdc", "get_ports aclk", "get_ports clk", "no port clk of"},
	{"a clock without a period", "vivado/ooc.xdc", "-period 5", "-period 0", "period 0"},
	{"another top", "vivado/synth.tcl", "-top $hass::top", "-top hass_core", "no module hass_core"},
	{"not routed", "vivado/synth.tcl", "route_design\n", "", "report_timing_summary before route_design"},
	{"routed before placed", "vivado/synth.tcl", "place_design\nphys_opt_design\nroute_design", "route_design\nplace_design\nphys_opt_design", "route_design before place_design"},
	{"no wrapper among the sources", "vivado/package_ip.tcl", "[list [file join $root board $hass::ip.v]]", "{}", "is no module of the sources"},
	{"an interface without a clock", "board/hass_ip.v", ":m_axis_output0,", ",", "interface m_axis_output0 has no clock"},
	{"a bus that does not exist", "board/hass_ip.v", ":m_axis_output0,", ":m_axis_output7,", "names m_axis_output7, which is no interface"},
	{"a port without an interface", "board/hass_ip.v", `    (* X_INTERFACE_INFO = "xilinx.com:interface:axis:1.0 m_axis_output0 TLAST" *)` + "\n", "", "has no TLAST"},
	{"a port narrower than the stream", "board/hass_ip.v", "wire [127:0] s_axis_input_tdata", "wire [63:0] s_axis_input_tdata", "dma_input/M_AXIS_MM2S has 128 bits, accelerator/s_axis_input has 64"},
	{"a register of another offset", "design.tcl", "{IMAGES 0x004 ", "{IMAGES 0x024 ", "register IMAGES stands at 0x24, where the Verilog has none"},
	{"two registers of one offset", "design.tcl", "{IMAGES 0x004 ", "{IMAGES 0x000 ", "registers overlap"},
	{"registers behind their block", "design.tcl", "range {0x10000}", "range {0x10}", "lies behind the address block"},
	{"a memory map of no interface", "vivado/package_ip.tcl", "set_property slave_memory_map_ref", "#", "the memory map belongs to no interface"},
	{"an IP that nobody checked", "vivado/package_ip.tcl", "ipx::check_integrity $core", "", "without ipx::check_integrity"},
	{"an IP that nobody saved", "vivado/package_ip.tcl", "ipx::save_core $core", "", "0 packaged IPs found"},
	{"constraints that are missing", "vivado/package_ip.tcl", "file copy -force [file join $here ooc.xdc]", "#", "no file"},
	{"unknown option of the packager", "vivado/package_ip.tcl", "-root_dir", "-root", "unknown option -root"},
}

// kernelFaults are faults in the SystemVerilog's kernel.
var kernelFaults = []fault{
	{"an argument of another offset", "board/kernel.xml", `offset="0x02c"`, `offset="0x030"`, "argument input at 0x030, register at 0x02c"},
	{"an argument of another size", "board/kernel.xml", `size="0x8" offset="0x020"`, `size="0x4" offset="0x020"`, "argument weights has 0x4 bytes, its register 64 bits"},
	{"an argument of another number", "board/kernel.xml", `id="3"`, `id="4"`, "argument input has id 4, not 3"},
	{"an argument that no register has", "board/kernel.xml", `<arg name="images"`, `<arg name="pictures"`, "no register pictures"},
	{"a pointer of another master", "board/kernel.xml", `id="3" port="m_axi_input"`, `id="3" port="m_axi_weights"`, "pointer input is of m_axi_weights"},
	{"a port of another width", "board/kernel.xml", `dataWidth="128"`, `dataWidth="64"`, "m_axi_input has 64 bits, 128 in the IP"},
	{"a port that is missing", "board/kernel.xml", `<port name="m_axi_output0"`, `<!-- port name="m_axi_output0"`, "port m_axi_output0 is missing"},
	{"another protocol", "board/kernel.xml", "ap_ctrl_hs", "ap_ctrl_none", "protocol ap_ctrl_none"},
	{"another kernel", "board/kernel.xml", `<kernel name="hass_kernel"`, `<kernel name="hass_top"`, "kernel hass_top is not the IP's"},
	{"a register of another offset", "design.tcl", "{mode 0x010 ", "{mode 0x04c ", "register mode stands at 0x4c, where the Verilog has none"},
	{"registers that overlap", "design.tcl", "{images 0x018 ", "{images 0x010 ", "registers overlap"},
	{"a pointer without a master", "design.tcl", "{m_axi_output0}", "{}", "the register's ASSOCIATED_BUSIF is not"},
	{"no kernel", "vivado/package_kernel.tcl", "set_property sdx_kernel true $core", "", "the IP is no kernel"},
	{"a kernel that nobody saved", "vivado/package_kernel.tcl", "ipx::save_core $core", "", "package_xo before ipx::save_core"},
	{"a kernel that nobody checked", "vivado/package_kernel.tcl", "ipx::check_integrity -kernel $core", "", "package_xo before ipx::save_core"},
	{"a kernel of an earlier run", "vivado/package_kernel.tcl", "file delete -force $xo", "close [open $xo w]", "exists"},
	{"unknown option", "vivado/package_kernel.tcl", "-xo_path", "-path", "unknown option -path"},
	{"a kernel without its movers", "vivado/package_kernel.tcl", "[file join $root board *.sv]", "", "where the Verilog has none"},
	{"a signal without an interface", "board/hass_kernel.v", `    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_input RLAST" *)` + "\n", `    (* mark *)` + "\n", "ports without an interface: m_axi_input_rlast"},
	{"a master without a clock", "board/hass_kernel.v", ":m_axi_output0,", ",", "interface m_axi_output0 has no clock"},
}

// linkFaults are faults in link.cfg, for kernels on a U250.
var linkFaults = []fault{
	{"an absent region", "link.cfg", ":SLR0", ":SLR4", "the card has no SLR4"},
	{"a region of no unit", "link.cfg", "slr=hass_kernel_1", "slr=hass_1", "slr of no unit"},
	{"an absent memory", "link.cfg", "m_axi_output0:DDR[0]", "m_axi_output0:DDR[4]", "no memory DDR[4]"},
	{"an absent port", "link.cfg", ".m_axi_output0:", ".m_axi_output1:", "no port m_axi_output1"},
	{"a port without memory", "link.cfg", "sp=hass_kernel_1.m_axi_input:DDR[0]\n", "", "m_axi_input has no memory"},
	{"an absent kernel", "link.cfg", "nk=hass_kernel:", "nk=hass_top:", "nk of no kernel"},
	{"unknown key", "link.cfg", "nk=", "kernels=", "unknown key kernels"},
	{"a clock behind a section", "link.cfg", "freqhz=200000000\n\n[connectivity]\n", "[connectivity]\nfreqhz=200000000\n", "freqhz in section"},
	{"a broken clock", "link.cfg", "freqhz=200000000", "freqhz=200000000.5", "freqhz 200000000.5"},
	{"unknown option of the linker", "vivado/bitstream.sh", "v++ -l -t hw --platform", "v++ -l -t hw --target-platform", "unknown option --target-platform"},
	{"the kernel is not given to the linker", "vivado/bitstream.sh", ` "$out/hass_kernel.xo"`, "", "nk of no kernel"},
}

// hlsLinkFaults are faults in the C++'s link.cfg, on a U50.
var hlsLinkFaults = []fault{
	{"an absent region", "link.cfg", ":SLR0", ":SLR2", "the card has no SLR2"},
	{"an absent memory", "link.cfg", "hass_top_1.weights:HBM[0]", "hass_top_1.weights:HBM[32]", "no memory HBM[32]"},
	{"a stream of no unit", "link.cfg", "stream_connect=mm2s_input_1", "stream_connect=mm2s_1", "stream of no unit"},
	{"a kernel that is not compiled", "design.sh", "HASS_S2MM='s2mm_output0'", "HASS_S2MM=''", "nk of no kernel: s2mm_output0"},
	{"a kernel without a unit", "link.cfg", "nk=s2mm_output0:1:s2mm_output0_1\n", "", "of no unit"},
	{"unknown option of the compiler", "host/build_alveo.sh", `--temp_dir "$out/$kernel"`, `--tmp "$out/$kernel"`, "unknown option --tmp"},
}

// plant copies a project, plants a fault in it and runs scripts until one fails.
func plant(t *testing.T, project string, f fault, scripts []string, env []string, prepare func(dir string)) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(out, os.DirFS(project)); err != nil {
		t.Fatal(err)
	}
	projecttest.Edit(t, filepath.Join(out, filepath.FromSlash(f.file)), f.from, f.to)
	dir := t.TempDir()
	if prepare != nil {
		prepare(out)
	}
	for _, script := range scripts {
		args := []string{}
		if script == "run_hls.tcl" {
			args = []string{"steps=csim,csynth,cosim,export"}
		}
		if _, msg, ok := tclIn(t, dir, out, script, env, args...); !ok {
			if !strings.Contains(msg, f.want) {
				t.Errorf("%s: %s fails with %q, want %q", f.name, script, msg, f.want)
			}
			return
		}
	}
	if f.want != "" {
		t.Errorf("%s: nobody found it", f.name)
	}
}

// TestFaults plants faults in the scripts of both targets. The stand-ins must detect each of them.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: runs tclsh a hundred times (-short)")
	}
	dir := t.TempDir()
	_, hls, _ := projecttest.Small(t, dir, "ZCU104", "xczu7ev-ffvc1156-2-e", 2)
	_, rtl := projecttest.SmallRTL(t, t.TempDir(), "ZCU104", "xczu7ev-ffvc1156-2-e", 2)
	exported := func(out string) {
		ip := filepath.Join(out, "w_vivado", "hls", "impl", "ip")
		if err := os.MkdirAll(ip, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(ip, "component.xml"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range boardFaults {
		plant(t, hls, f, []string{"vivado/bd.tcl"}, []string{smallStreams}, exported)
		plant(t, rtl, f, []string{"vivado/package_ip.tcl", "vivado/bd.tcl"}, nil, nil)
	}
	for _, f := range hlsFaults {
		plant(t, hls, f, []string{"run_hls.tcl"}, nil, nil)
	}
	for _, f := range kernelFaults {
		plant(t, rtl, f, []string{"vivado/package_kernel.tcl"}, nil, nil)
	}
	_, u250 := projecttest.SmallRTL(t, t.TempDir(), "U250", "xcu250-figd2104-2L-e", 2)
	_, u50, _ := projecttest.Small(t, t.TempDir(), "U50", "xcu50-fsvh2104-2-e", 2)
	for _, tt := range []struct {
		project, platform string
		faults            []fault
	}{
		{u250, "xilinx_u250_gen3x16_xdma_4_1_202210_1", linkFaults},
		{u50, "xilinx_u50_gen3x16_xdma_5_202210_1", hlsLinkFaults},
	} {
		for _, f := range tt.faults {
			out := filepath.Join(t.TempDir(), "project")
			if err := os.CopyFS(out, os.DirFS(tt.project)); err != nil {
				t.Fatal(err)
			}
			projecttest.Edit(t, filepath.Join(out, filepath.FromSlash(f.file)), f.from, f.to)
			if _, msg, err := bitstream(t, out, []string{"PLATFORM=" + tt.platform}, "vivado", "v++", "vitis-run"); err == nil || !strings.Contains(msg, f.want) {
				t.Errorf("%s: %v, %s; want %q", f.name, err, msg, f.want)
			}
		}
	}
	for _, f := range rtlFaults {
		plant(t, rtl, f, []string{"vivado/package_ip.tcl", "vivado/bd.tcl", "vivado/synth.tcl"}, nil, nil)
	}
}
