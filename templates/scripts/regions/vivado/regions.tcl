# Before placement, in the implementation run of v++ --link: the modules of every layer go into the region (SLR) to which the design
# assigns the layer (regions of design.tcl). vivado/bitstream.sh passes this script as the property
# run.impl_1.STEPS.PLACE_DESIGN.TCL.PRE.
#
# A Vitis platform may have a pblock for the part of each region that kernels may use; where it has none, one is made here. A file of
# constraints (XDC) cannot ask which it is.

set here [file dirname [file normalize [info script]]]
source [file join [file dirname $here] design.tcl]

foreach region $hass::regions {
  lassign $region slr modules
  set pblock [get_pblocks -quiet pblock_dynamic_$slr]
  if {[llength $pblock] == 0} {
    set pblock [create_pblock pblock_hass_$slr]
    resize_pblock $pblock -add $slr
  }
  set count 0
  foreach module $modules {
    # Synthesis may have dissolved a module of a few gates.
    set cells [get_cells -quiet -hierarchical -filter "NAME =~ */accelerator/$module"]
    if {[llength $cells] == 0} { continue }
    add_cells_to_pblock $pblock $cells -clear_locs
    incr count
  }
  if {$count == 0} {
    error "regions.tcl: none of the [llength $modules] modules for $slr is in the netlist: it is of another design"
  }
  puts "regions.tcl: $count of [llength $modules] modules lie in $slr"
}
