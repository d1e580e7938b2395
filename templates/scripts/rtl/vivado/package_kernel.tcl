# Vivado 2020.2 and later: the SystemVerilog as a kernel (.xo) for v++ --link.
#
#   vivado -mode batch -source vivado/package_kernel.tcl -tclargs ?out=DIR?
#
# The kernel is DIR/hass_kernel.xo (vivado_out).

set here [file dirname [file normalize [info script]]]
set root [file dirname $here]
source [file join $root design.tcl]

set out vivado_out
if {![info exists argv]} { set argv {} }
foreach word $argv {
  if {![regexp {^out=(.+)$} $word -> out]} {
    error "package_kernel.tcl: unknown argument \"$word\"; the argument is out="
  }
}
set out [file normalize $out]
set ip [file join $out kernel]
file mkdir $out

create_project -force package_kernel [file join $out package_kernel] -part $hass::part
add_files -norecurse [concat [lsort [glob [file join $root rtl *.sv] [file join $root board *.sv]]] \
  [list [file join $root board $hass::kernel.v]]]
set_property top $hass::kernel [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir $ip -vendor hass -library kernel -taxonomy /KernelIP -import_files -set_current true
set core [ipx::current_core]
set_property name $hass::kernel $core
set_property core_revision 1 $core

# The registers, at the addresses where XRT finds them.
set map [ipx::add_memory_map $hass::control $core]
set block [ipx::add_address_block reg0 $map]
set_property range $hass::range $block
foreach entry $hass::kernel_registers {
  lassign $entry name offset bits access master
  set register [ipx::add_register $name $block]
  set_property address_offset $offset $register
  set_property size $bits $register
  set_property access $access $register
  if {$master ne ""} {
    set parameter [ipx::add_register_parameter ASSOCIATED_BUSIF $register]
    set_property value $master $parameter
  }
}
set_property slave_memory_map_ref $hass::control [ipx::get_bus_interfaces $hass::control -of $core]

set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property supported_families {} $core
set_property auto_family_support_level level_2 $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity -kernel $core
ipx::save_core $core
close_project

set xo [file join $out $hass::kernel.xo]
file delete -force $xo
package_xo -xo_path $xo -kernel_name $hass::kernel -ip_directory $ip -kernel_xml [file join $root board kernel.xml]
puts "package_kernel.tcl: $xo is ready"
