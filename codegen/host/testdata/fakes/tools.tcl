# Stand-ins for the commands of Vitis HLS and Vivado: each call is recorded, those that are not here
# fail as unknown. The block design is kept, so that a connection to a pin that the IP
# does not have, a pin connected twice and a pin left open are errors.
#
#   tclsh tools.tcl RECORD ROOT SCRIPT ?argument ...?
#
# The environment sets HASS_FAKE_WNS (default 0.25), HASS_FAKE_BOARDS (default installed)
# and HASS_FAKE_STREAMS, the names of the IP's streams in the RTL.

namespace eval fake {}
lassign $argv fake::record fake::root fake::script
set argv [lrange $argv 3 end]
set fake::out [open $fake::record w]

proc note {args} {
  puts $fake::out [string map [list $fake::root ROOT [pwd] CWD] $args]
}
proc setting {name default} {
  global env
  if {[info exists env($name)]} { return $env($name) }
  return $default
}
rename exit real_exit
proc exit {{code 0}} {
  note exit $code
  close $fake::out
  real_exit $code
}
proc recorded {names} {
  foreach name $names {
    proc $name {args} [format {note %s {*}$args} $name]
  }
}

recorded {open_project set_top add_files open_solution set_part create_clock set_clock_uncertainty csim_design csynth_design
  cosim_design export_design close_project}
recorded {create_project set_property update_ip_catalog create_bd_design apply_bd_automation assign_bd_address save_bd_design
  update_compile_order wait_on_run open_run report_utilization report_timing_summary}

proc current_project {} { return PROJECT }
proc current_fileset {} { return FILESET }
proc get_board_parts {quiet name} { return [expr {[setting HASS_FAKE_BOARDS installed] eq "installed" ? $name : ""}] }
proc get_ipdefs {all pattern} { return xilinx.com:hls:hass_top:1.0 }
proc get_files {name} { return FILE:$name }
proc get_runs {name} { return $name }
proc make_wrapper {args} { note make_wrapper {*}$args; return wrapper.v }
proc get_property {name object} {
  switch -- $name {
    PROGRESS { return 100% }
    STATS.WNS { return [setting HASS_FAKE_WNS 0.25] }
  }
  error "unknown property $name"
}
proc launch_runs {args} {
  note launch_runs {*}$args
  set at [file join [pwd] vivado_out project]
  file mkdir [file join $at hass.runs impl_1] [file join $at hass.gen sources_1 bd system hw_handoff]
  close [open [file join $at hass.runs impl_1 system_wrapper.bit] w]
  close [open [file join $at hass.gen sources_1 bd system hw_handoff system.hwh] w]
}

# Pins that must be connected, by IP: interfaces, then clocks and resets.
set fake::pins(processing_system7) {{M_AXI_GP0 S_AXI_HP0} {M_AXI_GP0_ACLK S_AXI_HP0_ACLK}}
set fake::pins(zynq_ultra_ps_e) {{M_AXI_HPM0_FPD S_AXI_HP0_FPD} {maxihpm0_fpd_aclk saxihp0_fpd_aclk}}
set fake::pins(proc_sys_reset) {{} {slowest_sync_clk ext_reset_in}}
set fake::pins(hass_top) [list [concat {s_axi_control m_axi_gmem} [setting HASS_FAKE_STREAMS {input_r output0}]] {ap_clk ap_rst_n}]
set fake::sources {FCLK_CLK0 FCLK_RESET0_N pl_clk0 pl_resetn0 peripheral_aresetn}
array set fake::open_pins {}
array set fake::cell_ip {}

proc create_bd_cell {type ip vlnv what name} {
  note create_bd_cell $type $ip $vlnv $what $name
  set ip [lindex [split $what :] 2]
  if {[info exists fake::cell_ip($name)]} { error "cell $name exists" }
  set fake::cell_ip($name) $ip
  if {[info exists fake::pins($ip)]} {
    foreach group $fake::pins($ip) { foreach pin $group { set fake::open_pins($name/$pin) 1 } }
  } elseif {$ip ne "axi_dma" && $ip ne "smartconnect"} {
    error "no IP $ip"
  }
  return $name
}
proc get_bd_cells {name} {
  if {![info exists fake::cell_ip($name)]} { error "no cell $name" }
  return $name
}
# The pins of these two depend on their properties.
rename set_property real_set_property
proc set_property {args} {
  real_set_property {*}$args
  set cell [lindex $args end]
  if {[lindex $args 0] ne "-dict" || ![info exists fake::cell_ip($cell)]} return
  set p [dict create {*}[lindex $args 1]]
  dict for {key value} $p {
    if {![string match CONFIG.* $key] || ![string is double -strict $value]} { error "property $key of $cell is {$value}" }
  }
  switch -- $fake::cell_ip($cell) {
    axi_dma {
      foreach pin {S_AXI_LITE s_axi_lite_aclk axi_resetn} { set fake::open_pins($cell/$pin) 1 }
      if {[dict get $p CONFIG.c_include_mm2s]} { foreach pin {M_AXI_MM2S M_AXIS_MM2S m_axi_mm2s_aclk} { set fake::open_pins($cell/$pin) 1 } }
      if {[dict get $p CONFIG.c_include_s2mm]} { foreach pin {M_AXI_S2MM S_AXIS_S2MM m_axi_s2mm_aclk} { set fake::open_pins($cell/$pin) 1 } }
    }
    smartconnect {
      foreach pin {aclk aresetn} { set fake::open_pins($cell/$pin) 1 }
      for {set i 0} {$i < [dict get $p CONFIG.NUM_SI]} {incr i} { set fake::open_pins($cell/[format S%02d_AXI $i]) 1 }
      for {set i 0} {$i < [dict get $p CONFIG.NUM_MI]} {incr i} { set fake::open_pins($cell/[format M%02d_AXI $i]) 1 }
    }
  }
}
proc pin_of {args} {
  set pin [lindex $args end]
  set known [expr {[info exists fake::open_pins($pin)] || [lsearch -exact $fake::sources [file tail $pin]] >= 0}]
  if {!$known && [lindex $args 0] eq "-quiet"} { return {} }
  if {!$known} { error "no pin $pin" }
  return $pin
}
proc get_bd_intf_pins {args} { return [pin_of {*}$args] }
proc get_bd_pins {args} { return [pin_of {*}$args] }
proc connect {both a b} {
  foreach pin [expr {$both ? [list $a $b] : [list $b]}] {
    if {!$fake::open_pins($pin)} { error "pin $pin is connected twice" }
    set fake::open_pins($pin) 0
  }
}
proc connect_bd_intf_net {a b} { note connect_bd_intf_net $a $b; connect 1 $a $b }
proc connect_bd_net {a b} { note connect_bd_net $a $b; connect 0 $a $b }
proc validate_bd_design {} {
  note validate_bd_design
  foreach pin [lsort [array names fake::open_pins]] {
    if {$fake::open_pins($pin)} { error "pin $pin is open" }
  }
}

set argv0 $fake::script
if {[catch {uplevel #0 [list source $fake::script]} message]} {
  puts stderr $message
  note error $message
  close $fake::out
  real_exit 1
}
close $fake::out
