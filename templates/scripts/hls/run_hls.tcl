# Vitis HLS 2020.2 and later, the Tcl flow:
#
#   vitis_hls -f run_hls.tcl -tclargs flow=vivado steps=csim,csynth,cosim,export
#   vitis-run --mode hls --tcl run_hls.tcl          (HASS_FLOW and HASS_STEPS in the environment)
#
#   flow   vivado: an IP for the block design of vivado/bd.tcl (the default)
#          vitis: a kernel (.xo) for v++ --link
#   steps  any of csim, csynth, cosim, export, in that order; default csim,csynth. The project is created again each time, so
#          cosim and export also run csynth
#
# Results are in hass_<flow>/solution. `make csim` runs csim faster.

set here [file dirname [file normalize [info script]]]
source [file join $here design.tcl]

# arguments gives the words after -tclargs or, if the tool strips it, all words except
# the tool's own -f SCRIPT.
proc arguments {} {
  global argv
  if {![info exists argv]} { return {} }
  set at [lsearch -exact $argv -tclargs]
  if {$at >= 0} { return [lrange $argv [expr {$at + 1}] end] }
  set at [lsearch -exact $argv -f]
  if {$at >= 0} { return [lreplace $argv $at [expr {$at + 1}]] }
  return $argv
}

set flow vivado
set steps {csim csynth}
if {[info exists env(HASS_FLOW)]} { set flow $env(HASS_FLOW) }
if {[info exists env(HASS_STEPS)]} { set steps [split $env(HASS_STEPS) ,] }
foreach word [arguments] {
  switch -glob -- $word {
    flow=* { set flow [string range $word 5 end] }
    steps=* { set steps [split [string range $word 6 end] ,] }
    default { error "run_hls.tcl: unknown argument \"$word\"; the arguments are flow=vivado|vitis and steps=csim,csynth,cosim,export" }
  }
}
if {$flow ne "vivado" && $flow ne "vitis"} {
  error "run_hls.tcl: flow is \"$flow\"; it is vivado or vitis"
}
foreach step $steps {
  if {[lsearch -exact {csim csynth cosim export} $step] < 0} {
    error "run_hls.tcl: unknown step \"$step\"; the steps are csim, csynth, cosim and export"
  }
}

if {[lsearch -exact $steps cosim] >= 0 || [lsearch -exact $steps export] >= 0} { lappend steps csynth }

set cflags "-std=c++14 -I[file join $here include] -I[file join $here src]"
set tbflags "$cflags -I[file join $here tb] -Wno-unknown-pragmas"

open_project -reset hass_$flow
set_top $hass::top
foreach file $hass::sources {
  add_files [list [file join $here $file]] -cflags $cflags
}
foreach file $hass::testbench {
  add_files -tb [list [file join $here $file]] -cflags $tbflags
}
add_files -tb [list [file join $here data]]

open_solution -reset -flow_target $flow solution
set_part $hass::part
create_clock -period $hass::clock_ns -name default
set_clock_uncertainty $hass::clock_uncertainty default

foreach step {csim csynth cosim export} {
  if {[lsearch -exact $steps $step] < 0} { continue }
  switch -- $step {
    csim { csim_design -argv [file join $here data] }
    csynth { csynth_design }
    cosim { cosim_design -argv [file join $here data] }
    export {
      if {$flow eq "vivado"} {
        export_design -format ip_catalog
      } else {
        export_design -format xo -output [file join [pwd] $hass::top.xo]
      }
    }
  }
}
close_project
exit 0
