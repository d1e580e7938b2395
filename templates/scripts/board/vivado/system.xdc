# Constraints of the whole device, in context. vivado/bd.tcl reads them before synthesis. The processing system and the
# clock manager define their clocks, so none is defined here.
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
