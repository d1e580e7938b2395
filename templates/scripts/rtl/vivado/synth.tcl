# Vivado: the SystemVerilog out of context, from synthesis to routing.
#
#   vivado -mode batch -source vivado/synth.tcl -tclargs ?out=DIR?
#
# Writes reports to DIR (vivado_out). hass calibrate reads utilization_hierarchical.rpt and timing.rpt.

set here [file dirname [file normalize [info script]]]
set root [file dirname $here]
source [file join $root design.tcl]

set out vivado_out
if {![info exists argv]} { set argv {} }
foreach word $argv {
  if {![regexp {^out=(.+)$} $word -> out]} {
    error "synth.tcl: unknown argument \"$word\"; the argument is out="
  }
}
file mkdir $out
create_project -in_memory -part $hass::part
read_verilog -sv [lsort [glob [file join $root rtl *.sv]]]
# Read the clock before synthesis, so that synthesis optimises for it.
read_xdc [file join $here ooc.xdc]
synth_design -top $hass::top -part $hass::part -mode out_of_context -flatten_hierarchy rebuilt
report_utilization -hierarchical -file [file join $out utilization_hierarchical.rpt]
opt_design
place_design
phys_opt_design
route_design
report_utilization -file [file join $out utilization.rpt]
report_timing_summary -file [file join $out timing.rpt]
