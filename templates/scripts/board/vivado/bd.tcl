# Vivado 2020.2 and later: from the packaged IP to a bitstream for Zynq-7000 and Zynq UltraScale+.
#
#   vivado -mode batch -source vivado/bd.tcl -tclargs ?ip=DIR? ?board=PART? ?jobs=N? ?out=DIR? ?timing=ignore? ?stop=bd?
#
#   ip      folder with the IP (component.xml); by default the folder in which the project's scripts package it
#   board   Vivado board part; "none" for a bare device. The preset of the board sets the
#           processor's DDR and clocks; on PYNQ the boot image has set them already
#   out     folder for hass.bit, hass.hwh, hass.xsa and reports, default vivado_out
#   timing  ignore: write the bitstream even if the clock is not met
#   stop    bd: only make and validate the block design
#
# The block design: the processing system; a clock manager for the design's clock; one AXI DMA per stream (simple mode), whose
# interrupts go through a controller to the processor's first interrupt line, as PYNQ expects; the accelerator; AXI-Lite
# control of all of them at the addresses of design.tcl.

set here [file dirname [file normalize [info script]]]
set root [file dirname $here]
source [file join $root design.tcl]

set options [dict create ip "" board $hass::board jobs 4 out vivado_out timing check stop ""]
if {![info exists argv]} { set argv {} }
foreach word $argv {
  if {![regexp {^([a-z]+)=(.*)$} $word -> key value] || ![dict exists $options $key]} {
    error "bd.tcl: unknown argument \"$word\"; the arguments are ip=, board=, jobs=, out=, timing=ignore and stop=bd"
  }
  dict set options $key $value
}

if {$hass::family eq "none"} {
  error "bd.tcl: $hass::part has no processing system; build for Vitis with make bitstream PLATFORM=..."
}
if {$hass::family eq "versal"} {
  error "bd.tcl: $hass::part is a Versal device, for which only the IP is packaged"
}

# The IP.
set ip [dict get $options ip]
if {$ip eq ""} {
  set found {}
  foreach dir [concat [list [file join [dict get $options out] ip]] $hass::exports] {
    foreach base [list [pwd] $root] {
      set at [file normalize [file join $base $dir]]
      if {[file exists [file join $at component.xml]] && [lsearch -exact $found $at] < 0} { lappend found $at }
    }
  }
  if {[llength $found] != 1} {
    error "bd.tcl: [llength $found] packaged IPs found; package one (see README.md), or name its folder with ip=DIR"
  }
  set ip [lindex $found 0]
}
if {![file exists [file join $ip component.xml]]} {
  error "bd.tcl: $ip holds no component.xml: it is no packaged IP"
}

set out [file normalize [dict get $options out]]
file mkdir $out
create_project -force hass [file join $out project] -part $hass::part
set board [dict get $options board]
if {$board eq "none"} { set board "" }
if {$board ne ""} {
  if {[llength [get_board_parts -quiet $board]] == 0} {
    puts "WARNING: board part $board is not installed; the processing system keeps its defaults"
    set board ""
  } else {
    set_property board_part $board [current_project]
  }
}
set preset [expr {$board ne "" ? 1 : 0}]
set_property ip_repo_paths [list [file normalize $ip]] [current_project]
update_ip_catalog

create_bd_design system

# The processing system: a clock, a reset, a control master, a memory slave and an interrupt.
if {$hass::family eq "zynq"} {
  set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps]
  apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 \
    -config [list make_external "FIXED_IO, DDR" apply_board_preset $preset Master Disable Slave Disable] $ps
  set_property -dict [list \
    CONFIG.PCW_USE_M_AXI_GP0 1 \
    CONFIG.PCW_USE_S_AXI_HP0 1 \
    CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64 \
    CONFIG.PCW_USE_FABRIC_INTERRUPT 1 \
    CONFIG.PCW_IRQ_F2P_INTR 1 \
    CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $hass::ps_mhz \
  ] $ps
  set ps_clock ps/FCLK_CLK0
  set reset ps/FCLK_RESET0_N
  set port_clocks {ps/M_AXI_GP0_ACLK ps/S_AXI_HP0_ACLK}
  set master ps/M_AXI_GP0
  set memory ps/S_AXI_HP0
  set irq ps/IRQ_F2P
} else {
  set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps]
  apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config [list apply_board_preset $preset] $ps
  # S_AXI_GP2 is the port called S_AXI_HP0_FPD.
  set_property -dict [list \
    CONFIG.PSU__USE__M_AXI_GP0 1 \
    CONFIG.PSU__USE__M_AXI_GP1 0 \
    CONFIG.PSU__USE__M_AXI_GP2 0 \
    CONFIG.PSU__USE__S_AXI_GP2 1 \
    CONFIG.PSU__SAXIGP2__DATA_WIDTH 128 \
    CONFIG.PSU__USE__IRQ0 1 \
    CONFIG.PSU__FPGA_PL0_ENABLE 1 \
    CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $hass::ps_mhz \
  ] $ps
  set ps_clock ps/pl_clk0
  set reset ps/pl_resetn0
  set port_clocks {ps/maxihpm0_fpd_aclk ps/saxihp0_fpd_aclk}
  set master ps/M_AXI_HPM0_FPD
  set memory ps/S_AXI_HP0_FPD
  set irq ps/pl_ps_irq0
}

# The design's clock. The dividers of the processing system may not be able to make it.
create_bd_cell -type ip -vlnv xilinx.com:ip:clk_wiz clock
set_property -dict [list \
  CONFIG.PRIM_SOURCE Global_buffer \
  CONFIG.PRIM_IN_FREQ $hass::ps_mhz \
  CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $hass::clock_mhz \
  CONFIG.MMCM_CLKFBOUT_MULT_F $hass::clock_mult \
  CONFIG.MMCM_DIVCLK_DIVIDE $hass::clock_divide \
  CONFIG.MMCM_CLKOUT0_DIVIDE_F $hass::clock_out \
  CONFIG.RESET_TYPE ACTIVE_LOW \
  CONFIG.RESET_PORT resetn \
] [get_bd_cells clock]
set clock clock/clk_out1

# The accelerator.
set vlnv [get_ipdefs -all "*:*:$hass::ip:*"]
if {[llength $vlnv] != 1} {
  error "bd.tcl: [llength $vlnv] IPs called $hass::ip in $ip"
}
create_bd_cell -type ip -vlnv [lindex $vlnv 0] accelerator

# HLS renames ports whose names are Verilog keywords: input becomes input_r.
proc stream_pin {name} {
  foreach pin [list $name ${name}_r] {
    if {[llength [get_bd_intf_pins -quiet accelerator/$pin]] == 1} { return [get_bd_intf_pins accelerator/$pin] }
  }
  error "bd.tcl: the IP has no stream $name"
}

# One DMA per stream. TLAST ends a transfer from the accelerator, so each image is one transfer.
set controls [list accelerator/$hass::control]
set masters {}
foreach pin $hass::memories { lappend masters accelerator/$pin }
set clocks [list accelerator/$hass::clock_pin]
set resets [list accelerator/$hass::reset_pin]
set interrupts {}
if {$hass::interrupt ne ""} { lappend interrupts accelerator/$hass::interrupt }
foreach stream $hass::streams {
  lassign $stream name direction bits pin
  set dma dma_$name
  create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma $dma
  set width [expr {$bits < 32 ? 32 : $bits}]
  if {$direction eq "in"} {
    set_property -dict [list \
      CONFIG.c_include_sg 0 CONFIG.c_sg_include_stscntrl_strm 0 CONFIG.c_sg_length_width 26 \
      CONFIG.c_include_mm2s 1 CONFIG.c_include_s2mm 0 \
      CONFIG.c_m_axi_mm2s_data_width $width CONFIG.c_m_axis_mm2s_tdata_width $bits CONFIG.c_mm2s_burst_size 16 \
    ] [get_bd_cells $dma]
    connect_bd_intf_net [get_bd_intf_pins $dma/M_AXIS_MM2S] [stream_pin $pin]
    lappend masters $dma/M_AXI_MM2S
    lappend clocks $dma/m_axi_mm2s_aclk
    lappend interrupts $dma/mm2s_introut
  } else {
    set_property -dict [list \
      CONFIG.c_include_sg 0 CONFIG.c_sg_include_stscntrl_strm 0 CONFIG.c_sg_length_width 26 \
      CONFIG.c_include_mm2s 0 CONFIG.c_include_s2mm 1 \
      CONFIG.c_m_axi_s2mm_data_width $width CONFIG.c_s2mm_burst_size 16 \
    ] [get_bd_cells $dma]
    connect_bd_intf_net [stream_pin $pin] [get_bd_intf_pins $dma/S_AXIS_S2MM]
    lappend masters $dma/M_AXI_S2MM
    lappend clocks $dma/m_axi_s2mm_aclk
    lappend interrupts $dma/s2mm_introut
  }
  lappend controls $dma/S_AXI_LITE
  lappend clocks $dma/s_axi_lite_aclk
  lappend resets $dma/axi_resetn
}

# The interrupt controller.
create_bd_cell -type ip -vlnv xilinx.com:ip:xlconcat interrupts
set_property -dict [list CONFIG.NUM_PORTS [llength $interrupts]] [get_bd_cells interrupts]
for {set i 0} {$i < [llength $interrupts]} {incr i} {
  connect_bd_net [get_bd_pins [lindex $interrupts $i]] [get_bd_pins interrupts/In$i]
}
create_bd_cell -type ip -vlnv xilinx.com:ip:axi_intc intc
set_property -dict [list CONFIG.C_IRQ_CONNECTION 1] [get_bd_cells intc]
connect_bd_net [get_bd_pins interrupts/dout] [get_bd_pins intc/intr]
connect_bd_net [get_bd_pins intc/irq] [get_bd_pins $irq]
lappend controls intc/s_axi
lappend clocks intc/s_axi_aclk
lappend resets intc/s_axi_aresetn

if {[llength $controls] > 16} {
  error "bd.tcl: [llength $hass::streams] streams; a SmartConnect joins at most 14 of them"
}

# Control and memory networks, clock and reset.
create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect control
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI [llength $controls]] [get_bd_cells control]
connect_bd_intf_net [get_bd_intf_pins $master] [get_bd_intf_pins control/S00_AXI]
for {set i 0} {$i < [llength $controls]} {incr i} {
  connect_bd_intf_net [get_bd_intf_pins [format control/M%02d_AXI $i]] [get_bd_intf_pins [lindex $controls $i]]
}
create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect memory
set_property -dict [list CONFIG.NUM_SI [llength $masters] CONFIG.NUM_MI 1] [get_bd_cells memory]
for {set i 0} {$i < [llength $masters]} {incr i} {
  connect_bd_intf_net [get_bd_intf_pins [lindex $masters $i]] [get_bd_intf_pins [format memory/S%02d_AXI $i]]
}
connect_bd_intf_net [get_bd_intf_pins memory/M00_AXI] [get_bd_intf_pins $memory]

create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset sync_reset
connect_bd_net [get_bd_pins $ps_clock] [get_bd_pins clock/clk_in1]
connect_bd_net [get_bd_pins $reset] [get_bd_pins clock/resetn]
connect_bd_net [get_bd_pins clock/locked] [get_bd_pins sync_reset/dcm_locked]
foreach pin [concat $port_clocks $clocks {control/aclk memory/aclk sync_reset/slowest_sync_clk}] {
  connect_bd_net [get_bd_pins $clock] [get_bd_pins $pin]
}
connect_bd_net [get_bd_pins $reset] [get_bd_pins sync_reset/ext_reset_in]
foreach pin [concat $resets {control/aresetn memory/aresetn}] {
  connect_bd_net [get_bd_pins sync_reset/peripheral_aresetn] [get_bd_pins $pin]
}

# The addresses of the control are those of design.tcl. Vivado chooses the memory range of the DMAs.
foreach entry $hass::addresses {
  lassign $entry interface offset range
  assign_bd_address -offset $offset -range $range -target_address_space [get_bd_addr_spaces ps/Data] [get_bd_addr_segs $interface/*]
}
assign_bd_address
validate_bd_design
save_bd_design

# The resulting clock, including the effect of the processing system's own dividers.
set hertz [get_property CONFIG.FREQ_HZ [get_bd_pins $clock]]
if {$hertz > 1.0001 * $hass::clock_hz || $hertz < 0.99 * $hass::clock_hz} {
  error "bd.tcl: the clock manager makes $hertz Hz, not the design's $hass::clock_hz Hz"
}
puts "bd.tcl: clock of $hertz Hz"
if {[dict get $options stop] eq "bd"} {
  puts "bd.tcl: the block design is valid"
  exit 0
}

# Bitstream.
set wrapper [make_wrapper -files [get_files system.bd] -top]
add_files -norecurse [list $wrapper]
set_property top system_wrapper [current_fileset]
add_files -fileset constrs_1 -norecurse [list [file join $here system.xdc]]
update_compile_order -fileset sources_1
launch_runs impl_1 -to_step write_bitstream -jobs [dict get $options jobs]
wait_on_run impl_1
if {[get_property PROGRESS [get_runs impl_1]] ne "100%"} {
  error "bd.tcl: implementation failed: see [file join $out project hass.runs impl_1 runme.log]"
}
open_run impl_1
report_utilization -file [file join $out utilization.rpt]
report_utilization -hierarchical -file [file join $out utilization_hierarchical.rpt]
report_timing_summary -file [file join $out timing.rpt]
set slack [get_property STATS.WNS [get_runs impl_1]]
puts "bd.tcl: worst slack $slack ns at [expr {$hertz / 1e6}] MHz"
if {$slack < 0 && [dict get $options timing] ne "ignore"} {
  error "bd.tcl: the clock of [expr {$hertz / 1e6}] MHz is not met by [expr {-$slack}] ns; generate for a slower clock, or pass timing=ignore to write the files all the same"
}

# PYNQ expects both under the same name. The hardware handoff is in project.gen from 2020.2 on.
file copy -force [file join $out project hass.runs impl_1 system_wrapper.bit] [file join $out hass.bit]
set handoff [glob -nocomplain [file join $out project hass.gen sources_1 bd system hw_handoff system.hwh] \
  [file join $out project hass.srcs sources_1 bd system hw_handoff system.hwh]]
if {[llength $handoff] == 0} {
  error "bd.tcl: Vivado has written no system.hwh"
}
file copy -force [lindex $handoff 0] [file join $out hass.hwh]
write_hw_platform -fixed -include_bit -force -file [file join $out hass.xsa]
puts "bd.tcl: [file join $out hass.bit], hass.hwh and hass.xsa are ready"
exit 0
