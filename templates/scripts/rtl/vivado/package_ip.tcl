# Vivado 2020.2 and later: the SystemVerilog as an IP for the block design of vivado/bd.tcl.
#
#   vivado -mode batch -source vivado/package_ip.tcl -tclargs ?out=DIR?
#
# The IP is in DIR/ip (vivado_out/ip), where vivado/bd.tcl finds it.

set here [file dirname [file normalize [info script]]]
set root [file dirname $here]
source [file join $root design.tcl]

set out vivado_out
if {![info exists argv]} { set argv {} }
foreach word $argv {
  if {![regexp {^out=(.+)$} $word -> out]} {
    error "package_ip.tcl: unknown argument \"$word\"; the argument is out="
  }
}
set out [file normalize $out]
set ip [file join $out ip]
file mkdir $out

create_project -force package [file join $out package] -part $hass::part
add_files -norecurse [concat [lsort [glob [file join $root rtl *.sv]]] [list [file join $root board $hass::ip.v]]]
set_property top $hass::ip [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir $ip -vendor hass -library hass -taxonomy /UserIP -import_files -set_current true
set core [ipx::current_core]
set_property name $hass::ip $core
set_property display_name $hass::ip $core
set_property description {Accelerator of a convolutional network} $core
set_property core_revision 1 $core

# The attributes in the Verilog define the interfaces and their clock.
# The clocks of boards are not exact to the hertz.
set_property ipi_drc {ignore_freq_hz true} $core

# The registers, for readers of the hardware handoff.
set map [ipx::add_memory_map $hass::control $core]
set block [ipx::add_address_block reg0 $map]
set_property range $hass::range $block
foreach entry $hass::registers {
  lassign $entry name offset access
  set register [ipx::add_register $name $block]
  set_property address_offset $offset $register
  set_property size 32 $register
  set_property access $access $register
}
set_property slave_memory_map_ref $hass::control [ipx::get_bus_interfaces $hass::control -of $core]

# The clock constraint, for synthesis out of context.
file mkdir [file join $ip xdc]
file copy -force [file join $here ooc.xdc] [file join $ip xdc ${hass::ip}_ooc.xdc]
set constraints [ipx::add_file xdc/${hass::ip}_ooc.xdc [ipx::get_file_groups xilinx_anylanguagesynthesis -of $core]]
set_property type xdc $constraints
set_property used_in {synthesis implementation out_of_context} $constraints

set_property auto_family_support_level level_2 $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core
close_project
puts "package_ip.tcl: [file join $ip component.xml] is ready"
