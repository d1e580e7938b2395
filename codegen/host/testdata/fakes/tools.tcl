# Stand-ins for the commands of Vitis HLS and Vivado. Each call is recorded. Unknown commands, and options and
# properties that are not in options.txt, are errors. The results of calls are modelled: files, constraints, the packaged
# IP with its interfaces and registers, the block design with its nets and addresses. So errors that the tools would find
# late, or not at all, are errors here.
#
#   tclsh tools.tcl RECORD ROOT SCRIPT ?argument ...?
#
# The environment sets HASS_FAKE_WNS (default 0.25), HASS_FAKE_BOARDS (default installed) and, of an IP from Vitis HLS,
# HASS_FAKE_STREAMS: names and bits of its streams in the RTL.

namespace eval fake {
  variable here [file dirname [file normalize [info script]]]
  variable order {}        ;# what was done, by step
  variable part ""
  variable text ""         ;# of all design sources
  variable files {}
  variable top ""
  variable ports {}        ;# that constraints name
  variable clocked 0       ;# a constraint has made a clock
  variable repos {}        ;# of IPs
  variable core 0
  variable options
  variable interfaces      ;# of the IP: name -> {kind bits}
  variable pins            ;# of the block design: cell/pin -> dict
  variable cell            ;# -> IP
  variable config          ;# cell -> dict
  variable net             ;# pin -> driver
  variable link            ;# interface pin -> its partner
  variable space {}        ;# of addresses: {low high interface}
  variable changed 0       ;# since the block design was validated
  variable automatic 0     ;# addresses were assigned without any given
}
array set ::fake::interfaces {}
array set ::fake::pins {}
array set ::fake::cell {}
array set ::fake::config {}
array set ::fake::net {}
array set ::fake::link {}
array set ::fake::bus {}
array set ::fake::registers {}
lassign $argv ::fake::record ::fake::root ::fake::script
set argv [lrange $argv 3 end]
set ::fake::out [open $::fake::record w]

proc note {args} {
  puts $::fake::out [string map [list $::fake::root ROOT [pwd] CWD] $args]
}
proc setting {name default} {
  global env
  if {[info exists env($name)]} { return $env($name) }
  return $default
}
proc slurp {file} {
  set f [open $file]
  set text [read $f]
  close $f
  return $text
}
foreach line [split [slurp [file join $::fake::here options.txt]] \n] {
  if {[llength $line] == 4 && [string index $line 0] ne "#"} { set ::fake::options([lindex $line 0],[lindex $line 1]) 1 }
}
proc known {command option} {
  if {![info exists ::fake::options($command,$option)]} { error "$command: unknown option $option" }
}
rename exit real_exit
proc exit {{code 0}} {
  note exit $code
  if {$code == 0} { finish }
  close $::fake::out
  real_exit $code
}
# finish checks the state at the end of a script that succeeded.
proc finish {} {
  regions
  if {$::fake::core == 1} { error "the IP was not saved" }
  if {$::fake::core == 2} { error "the IP was saved without ipx::check_integrity" }
  if {[done synth_design] && ![done route_design] && [done place_design]} { error "the design was placed and not routed" }
}
proc do {step} { lappend ::fake::order $step }
proc done {step} { return [expr {[lsearch -exact $::fake::order $step] >= 0}] }
proc need {step why} {
  if {![done $step]} { error $why }
}

# stand NAME VALUED FLAGS BODY defines a stand-in: its words are split into options with a value, options without and the rest,
# which BODY finds in opt and rest.
proc stand {name valued body} {
  set full [expr {[string match ::* $name] ? $name : "::$name"}]
  regexp {^(.*)::[^:]*$} $full -> space
  if {$space ne ""} { namespace eval $space {} }
  proc $full {args} [format {
    set name {%s}
    set valued {%s}
    note $name {*}$args
    set opt [dict create]
    set rest {}
    for {set i 0} {$i < [llength $args]} {incr i} {
      set word [lindex $args $i]
      if {[string match -* $word] && ![string is double $word]} {
        known $name $word
        if {[lsearch -exact $valued $word] >= 0} {
          incr i
          if {$i >= [llength $args]} { error "$name: $word has no value" }
          dict set opt $word [lindex $args $i]
        } else {
          dict set opt $word 1
        }
      } else {
        lappend rest $word
      }
    }
    %s
  } $name $valued $body]
}
proc value {opt key {default ""}} { return [expr {[dict exists $opt $key] ? [dict get $opt $key] : $default}] }

# Vitis HLS.
stand open_project {} { do project }
stand set_top {} { set ::fake::top [lindex $rest 0] }
stand open_solution {-flow_target} {
  if {[lsearch -exact {vivado vitis} [value $opt -flow_target]] < 0} { error "open_solution: flow_target [value $opt -flow_target]" }
}
stand set_part {} { set ::fake::part [lindex $rest 0] }
stand set_clock_uncertainty {} {
  if {![regexp {^[0-9.]+%$} [lindex $rest 0]]} { error "set_clock_uncertainty: [lindex $rest 0]" }
}
stand csim_design {-argv} { need clock "csim_design without create_clock" }
stand csynth_design {} {
  need clock "csynth_design without create_clock"
  if {$::fake::part eq ""} { error "csynth_design without set_part" }
  do csynth
}
stand cosim_design {-argv} { need csynth "cosim_design before csynth_design" }
stand export_design {-format -output} {
  need csynth "export_design before csynth_design"
  if {[lsearch -exact {ip_catalog xo} [value $opt -format]] < 0} { error "export_design: format [value $opt -format]" }
}
stand close_project {} {}

# Projects, sources, constraints.
stand create_project {-part} {
  set ::fake::part [value $opt -part]
  if {![regexp {^xc[a-z0-9]+(-[A-Za-z0-9]+)+$} $::fake::part] && ![regexp {^xc7[a-z0-9]+-[0-9][a-zA-Z]*$} $::fake::part]} { error "create_project: no part [value $opt -part]" }
  set ::fake::project [lindex $rest 1]
  do project
}
proc current_project {} { return PROJECT }
proc current_fileset {} { return FILESET }
proc source_files {list} {
  need project "sources without a project"
  foreach file $list {
    if {![file exists $file]} { error "no file $file" }
    if {[file isdirectory $file]} { continue }
    if {[lsearch -exact $::fake::files $file] >= 0} { error "file $file is read twice" }
    lappend ::fake::files $file
    if {[regexp {\.(v|sv)$} $file]} { append ::fake::text [slurp $file] \n }
  }
}
stand add_files {-fileset -cflags} {
  set list [concat {*}$rest]
  if {[value $opt -fileset] eq "constrs_1"} {
    if {[done launch_runs]} { error "constraints after synthesis" }
    foreach file $list { constraints $file }
  } else {
    source_files $list
  }
}
stand read_verilog {} { source_files [concat {*}$rest] }
stand read_xdc {} {
  if {[done synth_design]} { error "constraints after synthesis" }
  foreach file $rest { constraints $file }
}
# constraints runs a file of constraints.
proc constraints {file} {
  if {![file exists $file]} { error "no file $file" }
  set safe [interp create -safe]
  foreach c {create_clock get_ports set_property current_design} { interp alias $safe $c {} xdc_$c }
  set failed [catch {interp eval $safe [slurp $file]} message]
  interp delete $safe
  if {$failed} { error "[file tail $file]: $message" }
  do constraints
}
# Ports are checked once the top is known.
proc xdc_get_ports {name} {
  lappend ::fake::ports $name
  return PORT
}
proc ports_of {top} {
  if {![regexp "\\mmodule\\s+$top\\M.*?\\n\\);" $::fake::text header]} { error "no module $top" }
  foreach name $::fake::ports {
    if {![regexp "\\m(?:input|output)\\M\[^\n;]*\\m$name\\M" $header]} { error "no port $name of $top" }
  }
}
proc xdc_create_clock {args} {
  foreach {o v} [lrange $args 0 end-1] { known create_clock $o }
  set period [lindex $args [expr {[lsearch -exact $args -period] + 1}]]
  if {![string is double -strict $period] || $period <= 0} { error "create_clock: period $period" }
  set ::fake::clocked 1
}
proc xdc_current_design {} { return DESIGN }
proc xdc_set_property {name value what} { known property $name }
stand create_clock {-period -name} {
  if {[done synth_design]} { error "constraints after synthesis" }
  do clock
}
stand update_compile_order {-fileset} {}
stand synth_design {-top -part -mode -flatten_hierarchy} {
  if {![regexp "\\mmodule\\s+[value $opt -top]\\M" $::fake::text]} { error "synth_design: no module [value $opt -top]" }
  if {[value $opt -part] ne $::fake::part} { error "synth_design: part [value $opt -part] is not the project's" }
  if {!$::fake::clocked} { error "synth_design without a clock: no constraints were read" }
  ports_of [value $opt -top]
  do synth_design
}
foreach {step before} {opt_design synth_design place_design opt_design phys_opt_design place_design route_design place_design} {
  stand $step {} [format {
    need %s "$name before %s"
    do $name
  } $before $before]
}
stand report_utilization {-file} {
  if {![done synth_design] && ![done open_run]} { error "report_utilization without a design" }
}
stand report_timing_summary {-file} {
  if {![done route_design] && ![done open_run]} { error "report_timing_summary before route_design" }
}

# The packager. Its interfaces come from the attributes of the top's text.
namespace eval ipx {}
stand ipx::package_project {-root_dir -vendor -library -taxonomy -set_current} {
  if {$::fake::top eq "" || ![regexp "\\mmodule\\s+$::fake::top\\M" $::fake::text]} { error "ipx::package_project: the top $::fake::top is no module of the sources" }
  set ::fake::ip [value $opt -root_dir]
  file mkdir $::fake::ip
  set ::fake::core 1
  verilog_interfaces
}
# verilog_interfaces reads ports and their attributes.
proc verilog_interfaces {} {
  regexp "module\\s+$::fake::top\\M.*?\\n\\);" $::fake::text header
  foreach {all dir width port} [regexp -all -inline {\*\)\s+(input|output)\s+wire\s+(\[[0-9]+:0\]\s+)?(\w+)} $header] { set ports($port) [list $dir [expr {$width eq "" ? 1 : [string range $width 1 [expr {[string first : $width] - 1}]] + 1}]] }
  foreach {all vlnv name logical tail} [regexp -all -inline {X_INTERFACE_INFO = "([a-z0-9.:_]+) (\w+) (\w+)" \*\)((?:\s+\(\*[^\n]*\*\))*\s+(?:input|output)\s+wire\s+(?:\[[0-9]+:0\]\s+)?\w+)} $header] {
    regexp {\w+$} $tail port
    lassign $ports($port) dir bits
    set kind [lindex [split $vlnv :] 2]
    switch -- $kind {
      clock { set ::fake::interfaces($name) {clock 1} }
      reset { set ::fake::interfaces($name) {reset 1} }
      axis {
        if {$logical eq "TDATA"} { set ::fake::interfaces($name) [list [expr {$dir eq "input" ? "axis_in" : "axis_out"}] $bits] }
        set has($name,$logical) 1
      }
      aximm {
        if {$logical eq "AWVALID" || $logical eq "ARVALID"} { set ::fake::interfaces($name) [list [expr {$dir eq "input" ? "aximm_slave" : "aximm_master"}] [expr {[info exists data($name)] ? $data($name) : 32}]] }
        if {$logical eq "RDATA" || $logical eq "WDATA"} { set data($name) $bits; if {[info exists ::fake::interfaces($name)]} { lset ::fake::interfaces($name) 1 $bits } }
        set has($name,$logical) 1
      }
      interrupt { set ::fake::interfaces($name) {interrupt 1} }
      default { error "interface $vlnv" }
    }
    unset ports($port)
  }
  if {[array size ports]} { error "ports without an interface: [lsort [array names ports]]" }
  foreach name [array names ::fake::interfaces] {
    switch -- [lindex $::fake::interfaces($name) 0] {
      axis_in - axis_out { foreach s {TDATA TVALID TREADY TLAST} { if {![info exists has($name,$s)]} { error "stream $name has no $s" } } }
    }
  }
  if {[regexp {ASSOCIATED_BUSIF ([\w:]+)} $header -> list]} {
    foreach name [split $list :] {
      if {![info exists ::fake::interfaces($name)]} { error "ASSOCIATED_BUSIF names $name, which is no interface" }
      set ::fake::bus($name) 1
    }
  }
}
proc ipx::current_core {} { return CORE }
stand ipx::associate_bus_interfaces {-busif -clock} {
  if {![info exists ::fake::interfaces([value $opt -busif])]} { error "no interface [value $opt -busif]" }
  if {![info exists ::fake::interfaces([value $opt -clock])] || [lindex $::fake::interfaces([value $opt -clock]) 0] ne "clock"} { error "no clock [value $opt -clock]" }
  set ::fake::bus([value $opt -busif]) 1
}
stand ipx::infer_bus_interface {} {}
stand ipx::add_memory_map {} { set ::fake::map [lindex $rest 0]; return MAP }
stand ipx::add_address_block {} { return BLOCK }
stand ipx::add_register {} {
  if {[info exists ::fake::registers([lindex $rest 0])]} { error "two registers [lindex $rest 0]" }
  set ::fake::registers([lindex $rest 0]) {}
  return REGISTER:[lindex $rest 0]
}
stand ipx::add_register_parameter {} {
  if {[lindex $rest 0] ne "ASSOCIATED_BUSIF"} { error "unknown parameter [lindex $rest 0] of a register" }
  return PARAMETER:[lindex $rest 1]
}
stand ipx::get_bus_interfaces {-of} {
  if {![info exists ::fake::interfaces([lindex $rest 0])]} { error "no interface [lindex $rest 0]" }
  return INTERFACE:[lindex $rest 0]
}
stand ipx::get_file_groups {-of} { return GROUP }
stand ipx::add_file {} {
  set file [file join $::fake::ip [lindex $rest 0]]
  if {![file exists $file]} { error "no file $file" }
  if {[file extension $file] eq ".xdc"} { constraints $file }
  return IPFILE:[lindex $rest 0]
}
stand ipx::create_xgui_files {} {}
stand ipx::update_checksums {} {}
stand ipx::check_integrity {} {
  foreach name [lsort [array names ::fake::interfaces]] {
    if {[lindex $::fake::interfaces($name) 0] in {axis_in axis_out aximm_slave aximm_master} && ![info exists ::fake::bus($name)]} { error "interface $name has no clock" }
  }
  set at {}
  foreach name [array names ::fake::registers] {
    set r $::fake::registers($name)
    if {![dict exists $r address_offset] || ![dict exists $r size]} { error "register $name has no address_offset or size" }
    lappend at [list [expr {[dict get $r address_offset]}] [expr {[dict get $r size] / 8}] $name]
  }
  set end 0
  foreach r [lsort -integer -index 0 $at] {
    lassign $r low size name
    if {$low < $end} { error "registers overlap at $name" }
    set end [expr {$low + $size}]
  }
  if {[info exists ::fake::span] && $end > $::fake::span} { error "register $name lies behind the address block" }
  documented $at
  ports_of $::fake::top
  if {![info exists ::fake::mapped]} { error "the memory map belongs to no interface" }
  set ::fake::core 3
}
# documented compares the registers' offsets with the table in the Verilog: lines "//   0x10  NAME ...", or, of
# hass_control.sv, "//   0x004  text".
proc documented {at} {
  set table {}
  foreach {all offset} [regexp -all -inline {\n//   (0x[0-9A-Fa-f]+)  } $::fake::text] { lappend table [expr {$offset}] }
  # "0x044  output1, and so on, 12 bytes each"
  if {[regexp {\n//   (0x[0-9A-F]+)  \w+, and so on, (\d+) bytes each} $::fake::text -> offset each]} {
    for {set i 0} {$i < 16} {incr i} { lappend table [expr {$offset + $each * $i}] }
  }
  foreach r $at {
    if {[lsearch -exact $table [lindex $r 0]] < 0} { error "register [lindex $r 2] stands at [format 0x%x [lindex $r 0]], where the Verilog has none" }
  }
}
stand ipx::save_core {} {
  if {$::fake::core != 3} { set ::fake::core 2; return }
  set f [open [file join $::fake::ip component.xml] w]
  puts $f [list name $::fake::top interfaces [array get ::fake::interfaces] span [expr {[info exists ::fake::span] ? $::fake::span : 0}]]
  close $f
  set ::fake::core 4
}
stand package_xo {-xo_path -kernel_name -ip_directory -kernel_xml -ctrl_protocol} {
  if {$::fake::core != 4} { error "package_xo before ipx::save_core" }
  if {[value $opt -kernel_name] ne $::fake::top} { error "package_xo: the kernel [value $opt -kernel_name] is not the IP's top $::fake::top" }
  if {![info exists ::fake::kernel(sdx_kernel)] || ![info exists ::fake::kernel(sdx_kernel_type)]} { error "package_xo: the IP is no kernel" }
  if {[file exists [value $opt -xo_path]]} { error "package_xo: [value $opt -xo_path] exists" }
  if {![file exists [file join [value $opt -ip_directory] component.xml]]} { error "package_xo: no IP in [value $opt -ip_directory]" }
  kernel_xml [value $opt -kernel_xml]
  file copy [value $opt -kernel_xml] [value $opt -xo_path]
}
# kernel_xml compares the kernel's description with interfaces and registers of the IP.
proc kernel_xml {file} {
  set text [slurp $file]
  if {![regexp {<kernel name="(\w+)"[^>]*hwControlProtocol="(\w+)"} $text -> name protocol]} { error "kernel.xml: no kernel" }
  if {$name ne $::fake::top} { error "kernel.xml: kernel $name is not the IP's $::fake::top" }
  if {$protocol ni {ap_ctrl_hs ap_ctrl_chain}} { error "kernel.xml: protocol $protocol" }
  foreach {all port mode width} [regexp -all -inline {<port name="(\w+)" mode="(\w+)"[^>]*dataWidth="(\d+)"} $text] {
    if {![info exists ::fake::interfaces($port)]} { error "kernel.xml: the IP has no interface $port" }
    lassign $::fake::interfaces($port) kind bits
    if {$kind ne "aximm_$mode"} { error "kernel.xml: $port is no $mode" }
    if {$bits != $width} { error "kernel.xml: $port has $width bits, $bits in the IP" }
    set named($port) 1
  }
  foreach port [lsort [array names ::fake::interfaces]] {
    if {[string match aximm_* [lindex $::fake::interfaces($port) 0]] && ![info exists named($port)]} { error "kernel.xml: port $port is missing" }
  }
  set next 0
  foreach {all arg qualifier id port size offset} [regexp -all -inline {<arg name="(\w+)" addressQualifier="(\d)" id="(\d+)" port="(\w+)" size="(0x[0-9a-fA-F]+)" offset="(0x[0-9a-fA-F]+)"} $text] {
    if {$id != $next} { error "kernel.xml: argument $arg has id $id, not $next" }
    incr next
    if {![info exists ::fake::registers($arg)]} { error "kernel.xml: the IP has no register $arg" }
    set r $::fake::registers($arg)
    if {[expr {[dict get $r address_offset]}] != [expr {$offset}]} { error "kernel.xml: argument $arg at $offset, register at [dict get $r address_offset]" }
    if {[dict get $r size] != 8 * [expr {$size}]} { error "kernel.xml: argument $arg has $size bytes, its register [dict get $r size] bits" }
    if {$qualifier == 1} {
      if {![info exists named($port)] || [lindex $::fake::interfaces($port) 0] ne "aximm_master"} { error "kernel.xml: pointer $arg belongs to no master" }
      if {![dict exists $r busif] || [dict get $r busif] ne $port} { error "kernel.xml: pointer $arg is of $port, the register's ASSOCIATED_BUSIF is not" }
    }
  }
  foreach name [array names ::fake::registers] {
    if {$name ni {CTRL GIER IP_IER IP_ISR} && ![regexp "<arg name=\"$name\"" $text]} { error "kernel.xml: register $name is no argument" }
  }
}

# The block design.
proc get_board_parts {quiet name} { return [expr {[setting HASS_FAKE_BOARDS installed] eq "installed" ? $name : ""}] }
stand update_ip_catalog {} {
  foreach dir $::fake::repos {
    if {![file exists [file join $dir component.xml]]} { error "no IP in $dir" }
  }
}
proc get_ipdefs {all pattern} {
  set wanted [lindex [split $pattern :] 2]
  set text [slurp [file join [lindex $::fake::repos 0] component.xml]]
  if {[string trim $text] ne ""} {
    if {[dict get $text name] ne $wanted} { return {} }
    set ::fake::ip_interfaces [dict get $text interfaces]
    set ::fake::ip_span [dict get $text span]
    return hass:hass:$wanted:1.0
  }
  # An IP of Vitis HLS.
  if {$wanted ne "hass_top"} { return {} }
  set ::fake::ip_interfaces {ap_clk {clock 1} ap_rst_n {reset 1} s_axi_control {aximm_slave 32} m_axi_gmem {aximm_master 32} interrupt {interrupt 1}}
  foreach {name bits} [setting HASS_FAKE_STREAMS {}] {
    lappend ::fake::ip_interfaces $name [list [expr {[string match output* $name] ? "axis_out" : "axis_in"}] $bits]
  }
  set ::fake::ip_span 65536
  return xilinx.com:hls:$wanted:1.0
}
stand create_bd_design {} { do create_bd_design }
stand apply_bd_automation {-rule -config} {
  if {![info exists ::fake::cell([lindex $rest 0])]} { error "no cell [lindex $rest 0]" }
}

# pin adds a pin: kind is clock, clock_out, reset, reset_out, interrupt, interrupt_out, signal, signal_out, or an interface: aximm_slave,
# aximm_master, axis_in, axis_out. Interfaces name the pin of their clock.
proc pin {name kind {bits 1} {clock ""}} {
  set ::fake::pins($name) [dict create kind $kind bits $bits clock $clock]
}
proc is_interface {kind} { return [expr {[string match aximm_* $kind] || [string match axis_* $kind]}] }
stand create_bd_cell {-type -vlnv} {
  need create_bd_design "create_bd_cell without a design"
  set c [lindex $rest 0]
  if {[info exists ::fake::cell($c)]} { error "cell $c exists" }
  set ip [lindex [split [value $opt -vlnv] :] 2]
  set ::fake::cell($c) $ip
  set ::fake::config($c) {}
  set ::fake::changed 1
  switch -- $ip {
    processing_system7 - zynq_ultra_ps_e - axi_dma - smartconnect - xlconcat {}
    proc_sys_reset {
      pin $c/slowest_sync_clk clock; pin $c/ext_reset_in reset; pin $c/dcm_locked signal; pin $c/peripheral_aresetn reset_out
    }
    clk_wiz { pin $c/clk_in1 clock; pin $c/resetn reset; pin $c/clk_out1 clock_out; pin $c/locked signal_out }
    axi_intc {
      pin $c/s_axi_aclk clock; pin $c/s_axi_aresetn reset; pin $c/s_axi aximm_slave 32 $c/s_axi_aclk
      pin $c/intr interrupt; pin $c/irq interrupt_out
    }
    default {
      if {![info exists ::fake::ip_interfaces] || $ip ne [lindex [split [value $opt -vlnv] :] 2]} { error "no IP $ip" }
      foreach {name what} $::fake::ip_interfaces { if {[lindex $what 0] eq "clock"} { set clock $c/$name } }
      foreach {name what} $::fake::ip_interfaces {
        lassign $what kind bits
        pin $c/$name [expr {$kind eq "interrupt" ? "interrupt_out" : $kind}] $bits [expr {[is_interface $kind] ? $clock : ""}]
      }
    }
  }
  return $c
}
proc get_bd_cells {name} {
  if {![info exists ::fake::cell($name)]} { error "no cell $name" }
  return $name
}
stand set_property {} {
  if {[dict exists $opt -dict]} {
    set c [lindex $rest 1]
    foreach {key v} [lindex $rest 0] { property $c $key $v }
  } else {
    property [lindex $rest 2] [lindex $rest 0] [lindex $rest 1]
  }
}
proc property {what key v} {
  if {[info exists ::fake::cell($what)]} {
    set ip $::fake::cell($what)
    known $ip $key
    dict set ::fake::config($what) $key $v
    configured $what
    set ::fake::changed 1
    return
  }
  known property $key
  if {$key eq "top"} { set ::fake::top $v }
  if {$key eq "ip_repo_paths"} { set ::fake::repos $v }
  if {[string match REGISTER:* $what]} { dict set ::fake::registers([string range $what 9 end]) $key $v }
  if {[string match PARAMETER:* $what] && $key eq "value"} { dict set ::fake::registers([string range $what [string length PARAMETER:REGISTER:] end]) busif $v }
  if {$key eq "range" && $what eq "BLOCK"} { set ::fake::span [expr {$v}] }
  if {$key eq "slave_memory_map_ref"} {
    if {![info exists ::fake::map] || $v ne $::fake::map} { error "no memory map $v" }
    if {$what ne "INTERFACE:$v"} { error "the memory map $v does not belong to $what" }
    set ::fake::mapped 1
  }
  if {$key in {sdx_kernel sdx_kernel_type}} { set ::fake::kernel($key) $v }
}
# configured gives a cell the pins that follow from its properties.
proc configured {c} {
  set p $::fake::config($c)
  switch -- $::fake::cell($c) {
    processing_system7 {
      if {[value $p CONFIG.PCW_USE_M_AXI_GP0] == 1} { pin $c/M_AXI_GP0_ACLK clock; pin $c/M_AXI_GP0 aximm_master 32 $c/M_AXI_GP0_ACLK }
      if {[value $p CONFIG.PCW_USE_S_AXI_HP0] == 1} { pin $c/S_AXI_HP0_ACLK clock; pin $c/S_AXI_HP0 aximm_slave [value $p CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64] $c/S_AXI_HP0_ACLK }
      if {[value $p CONFIG.PCW_USE_FABRIC_INTERRUPT] == 1 && [value $p CONFIG.PCW_IRQ_F2P_INTR] == 1} { pin $c/IRQ_F2P interrupt }
      pin $c/FCLK_CLK0 clock_out; pin $c/FCLK_RESET0_N reset_out
    }
    zynq_ultra_ps_e {
      if {[value $p CONFIG.PSU__USE__M_AXI_GP0] == 1} { pin $c/maxihpm0_fpd_aclk clock; pin $c/M_AXI_HPM0_FPD aximm_master 128 $c/maxihpm0_fpd_aclk }
      if {[value $p CONFIG.PSU__USE__S_AXI_GP2] == 1} { pin $c/saxihp0_fpd_aclk clock; pin $c/S_AXI_HP0_FPD aximm_slave [value $p CONFIG.PSU__SAXIGP2__DATA_WIDTH 128] $c/saxihp0_fpd_aclk }
      if {[value $p CONFIG.PSU__USE__IRQ0] == 1} { pin $c/pl_ps_irq0 interrupt }
      if {[value $p CONFIG.PSU__FPGA_PL0_ENABLE] == 1} { pin $c/pl_clk0 clock_out }
      pin $c/pl_resetn0 reset_out
    }
    axi_dma {
      pin $c/s_axi_lite_aclk clock; pin $c/axi_resetn reset; pin $c/S_AXI_LITE aximm_slave 32 $c/s_axi_lite_aclk
      if {[value $p CONFIG.c_include_mm2s 0] == 1} {
        set bits [value $p CONFIG.c_m_axis_mm2s_tdata_width 32]
        set wide [value $p CONFIG.c_m_axi_mm2s_data_width 32]
        pin $c/m_axi_mm2s_aclk clock; pin $c/M_AXI_MM2S aximm_master $wide $c/m_axi_mm2s_aclk
        pin $c/M_AXIS_MM2S axis_out $bits $c/m_axi_mm2s_aclk; pin $c/mm2s_introut interrupt_out
      }
      if {[value $p CONFIG.c_include_s2mm 0] == 1} {
        pin $c/m_axi_s2mm_aclk clock; pin $c/M_AXI_S2MM aximm_master [value $p CONFIG.c_m_axi_s2mm_data_width 32] $c/m_axi_s2mm_aclk
        # The connection decides the width of the stream, which is at most the width of the memory.
        pin $c/S_AXIS_S2MM axis_in 0 $c/m_axi_s2mm_aclk; pin $c/s2mm_introut interrupt_out
      }
    }
    smartconnect {
      pin $c/aclk clock; pin $c/aresetn reset
      for {set i 0} {$i < [value $p CONFIG.NUM_SI 0]} {incr i} { pin $c/[format S%02d_AXI $i] aximm_slave 0 $c/aclk }
      for {set i 0} {$i < [value $p CONFIG.NUM_MI 0]} {incr i} { pin $c/[format M%02d_AXI $i] aximm_master 0 $c/aclk }
      if {[value $p CONFIG.NUM_SI 0] > 16 || [value $p CONFIG.NUM_MI 0] > 16} { error "smartconnect $c joins more than 16" }
    }
    xlconcat {
      pin $c/dout interrupt_out
      for {set i 0} {$i < [value $p CONFIG.NUM_PORTS 0]} {incr i} { pin $c/In$i interrupt }
    }
    axi_intc {
      if {[value $p CONFIG.C_IRQ_CONNECTION 0] != 1} { error "axi_intc $c: its interrupt is a bus" }
    }
  }
}
proc pin_of {interface args} {
  set name [lindex $args end]
  set found [expr {[info exists ::fake::pins($name)] && [is_interface [dict get $::fake::pins($name) kind]] == $interface}]
  if {!$found && [lindex $args 0] eq "-quiet"} { return {} }
  if {!$found} { error "no pin $name" }
  return $name
}
proc get_bd_intf_pins {args} { return [pin_of 1 {*}$args] }
proc get_bd_pins {args} { return [pin_of 0 {*}$args] }
proc kind_of {pin} { return [dict get $::fake::pins($pin) kind] }
stand connect_bd_net {} {
  lassign $rest from to
  set ::fake::changed 1
  if {![string match *_out [kind_of $from]]} { error "$from drives nothing" }
  if {[string match *_out [kind_of $to]]} { error "$to has two drivers" }
  if {[info exists ::fake::net($to)]} { error "pin $to is connected twice" }
  if {[kind_of $from] ne "[kind_of $to]_out"} { error "$from is no [kind_of $to], which $to is" }
  set ::fake::net($to) $from
  set ::fake::used($from) 1
}
stand connect_bd_intf_net {} {
  lassign $rest a b
  set ::fake::changed 1
  foreach pin $rest {
    if {[info exists ::fake::link($pin)]} { error "pin $pin is connected twice" }
  }
  set kinds [lsort [list [kind_of $a] [kind_of $b]]]
  if {$kinds ne {aximm_master aximm_slave} && $kinds ne {axis_in axis_out}} { error "$a and $b are no pair of interfaces" }
  set ::fake::link($a) $b
  set ::fake::link($b) $a
}
proc get_bd_addr_spaces {name} {
  if {$name ne "ps/Data"} { error "no address space $name" }
  return $name
}
proc get_bd_addr_segs {pattern} {
  set interface [file dirname $pattern]
  if {![info exists ::fake::pins($interface)] || [kind_of $interface] ne "aximm_slave"} { error "no address segment $pattern" }
  return SEGMENT:$interface
}
stand assign_bd_address {-offset -range -target_address_space} {
  set ::fake::changed 1
  if {![dict exists $opt -offset]} {
    set ::fake::automatic 1
    return
  }
  set interface [string range [lindex $rest 0] 8 end]
  set low [expr {[value $opt -offset]}]
  set size [expr {[value $opt -range]}]
  if {$low % $size} { error "address [value $opt -offset] of $interface is no multiple of its range" }
  lassign [expr {$::fake::cell(ps) eq "processing_system7" ? {0x40000000 0x80000000} : {0xa0000000 0xb0000000}}] first end
  if {$low < $first || $low + $size > $end} { error "address [value $opt -offset] of $interface is outside of the master's $first to $end" }
  set span [expr {[string match accelerator/* $interface] ? $::fake::ip_span : 4096}]
  if {$size < $span} { error "range [value $opt -range] of $interface is less than its $span bytes" }
  foreach other $::fake::space {
    lassign $other olow oend name
    if {$name eq $interface} { error "$interface has two addresses" }
    if {$low < $oend && $olow < $low + $size} { error "addresses of $interface and $name overlap" }
  }
  lappend ::fake::space [list $low [expr {$low + $size}] $interface]
}
stand validate_bd_design {} {
  set ::fake::changed 0
  foreach pin [lsort [array names ::fake::pins]] {
    set kind [kind_of $pin]
    if {[is_interface $kind]} {
      if {![info exists ::fake::link($pin)]} { error "interface $pin is open" }
    } elseif {$kind in {clock reset interrupt signal}} {
      if {![info exists ::fake::net($pin)]} { error "$kind $pin is open" }
    } elseif {$kind eq "interrupt_out" && ![info exists ::fake::used($pin)]} {
      error "interrupt $pin goes nowhere"
    }
  }
  foreach a [lsort [array names ::fake::link]] {
    set b $::fake::link($a)
    set p $::fake::pins($a)
    set q $::fake::pins($b)
    set ca $::fake::net([dict get $p clock])
    set cb $::fake::net([dict get $q clock])
    if {$ca ne $cb} { error "$a is clocked by $ca, $b by $cb" }
    if {[dict get $p kind] eq "axis_out"} {
      set wide [dict get $q bits]
      if {$wide == 0} {
        set wide [value $::fake::config([file dirname $b]) CONFIG.c_m_axi_s2mm_data_width]
        if {$wide < [dict get $p bits]} { error "$b takes $wide bits, the stream of $a has [dict get $p bits]" }
      } elseif {$wide != [dict get $p bits]} {
        error "$a has [dict get $p bits] bits, $b has $wide"
      }
    }
  }
  foreach c [array names ::fake::cell] {
    set p $::fake::config($c)
    if {$::fake::cell($c) eq "axi_dma" && [value $p CONFIG.c_include_mm2s 0] == 1 && [value $p CONFIG.c_m_axi_mm2s_data_width] < [value $p CONFIG.c_m_axis_mm2s_tdata_width]} { error "$c: the stream is wider than the memory" }
    if {$::fake::cell($c) eq "clk_wiz"} { mmcm $c }
  }
  # Every control interface behind the master has an address.
  foreach pin [lsort [array names ::fake::pins]] {
    if {[kind_of $pin] ne "aximm_slave" || [string match control/* $pin] || [string match memory/* $pin] || [string match ps/* $pin]} { continue }
    set found 0
    foreach other $::fake::space { if {[lindex $other 2] eq $pin} { set found 1 } }
    if {!$found} { error "$pin has no address of design.tcl" }
  }
  if {!$::fake::automatic} { error "what the DMAs see of the memory has no addresses" }
  do validate_bd_design
}
# mmcm checks the clock manager's setting.
proc mmcm {c} {
  set p $::fake::config($c)
  lassign [expr {$::fake::cell(ps) eq "processing_system7" ? {600 1200} : {800 1600}}] low high
  set vco [expr {double([value $p CONFIG.PRIM_IN_FREQ]) * [value $p CONFIG.MMCM_CLKFBOUT_MULT_F] / [value $p CONFIG.MMCM_DIVCLK_DIVIDE]}]
  if {$vco < $low || $vco > $high} { error "$c: an oscillator of $vco MHz" }
  set got [expr {$vco / [value $p CONFIG.MMCM_CLKOUT0_DIVIDE_F]}]
  if {abs($got - [value $p CONFIG.CLKOUT1_REQUESTED_OUT_FREQ]) > 1e-4} { error "$c: the setting makes $got MHz, [value $p CONFIG.CLKOUT1_REQUESTED_OUT_FREQ] are asked for" }
}
stand save_bd_design {} {}
proc get_files {name} { return FILE:$name }
proc get_runs {name} { return $name }
stand make_wrapper {-files} {
  need validate_bd_design "make_wrapper before validate_bd_design"
  set f [open [file join [pwd] wrapper.v] w]
  puts $f "module system_wrapper;\nendmodule"
  close $f
  return [file join [pwd] wrapper.v]
}
proc get_property {name object} {
  switch -- $name {
    PROGRESS { return 100% }
    STATS.WNS { return [setting HASS_FAKE_WNS 0.25] }
    CONFIG.FREQ_HZ {
      set p $::fake::config([file dirname $object])
      set q $::fake::config(ps)
      set mhz [value $q CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ [value $q CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ]]
      # The dividers of UltraScale+ give 99.999 MHz instead of 100.
      if {$::fake::cell(ps) eq "zynq_ultra_ps_e"} { set mhz [expr {$mhz * 0.99999}] }
      return [expr {round(1e6 * $mhz * [value $p CONFIG.MMCM_CLKFBOUT_MULT_F] / [value $p CONFIG.MMCM_DIVCLK_DIVIDE] / [value $p CONFIG.MMCM_CLKOUT0_DIVIDE_F])}]
    }
  }
  error "unknown property $name"
}
stand launch_runs {-to_step -jobs} {
  if {![done validate_bd_design] || $::fake::changed} { error "launch_runs without validate_bd_design" }
  if {$::fake::top ne "system_wrapper" || ![regexp {\mmodule\s+system_wrapper\M} $::fake::text]} { error "launch_runs: the top $::fake::top is no module of the project" }
  if {![done constraints]} { error "launch_runs without constraints" }
  do launch_runs
  set at $::fake::project
  file mkdir [file join $at hass.runs impl_1] [file join $at hass.gen sources_1 bd system hw_handoff]
  close [open [file join $at hass.runs impl_1 system_wrapper.bit] w]
  close [open [file join $at hass.gen sources_1 bd system hw_handoff system.hwh] w]
}
stand wait_on_run {} { need launch_runs "wait_on_run before launch_runs"; do wait }
stand open_run {} { need wait "open_run before the run has ended"; do open_run }
stand write_hw_platform {-file} {
  need wait "write_hw_platform before the bitstream"
  close [open [value $opt -file] w]
}

# Placement constraints. The cells are the instances of hass_top.sv; the platform has the pblocks of HASS_FAKE_PBLOCKS and four regions.
array set ::fake::range {}
array set ::fake::block {}
foreach name [setting HASS_FAKE_PBLOCKS {pblock_dynamic_SLR0 pblock_dynamic_SLR1 pblock_dynamic_SLR2 pblock_dynamic_SLR3}] { set ::fake::range($name) $name }
proc instances {} {
  lmap {all name} [regexp -all -inline -line {^  \) (\w+) \($} [slurp [file join $::fake::root rtl hass_top.sv]]] { set name }
}
stand get_pblocks {} { return [expr {[info exists ::fake::range([lindex $rest 0])] ? [lindex $rest 0] : ""}] }
stand create_pblock {} {
  set name [lindex $rest 0]
  if {[info exists ::fake::range($name)]} { error "create_pblock: $name is there twice" }
  set ::fake::range($name) ""
  return $name
}
stand resize_pblock {-add} {
  if {![regexp {^SLR[0-3]$} [value $opt -add]]} { error "resize_pblock: the card has no region [value $opt -add]" }
  set ::fake::range([lindex $rest 0]) [value $opt -add]
}
stand get_cells {-filter} {
  if {![regexp {^NAME =~ (\S+)$} [value $opt -filter] -> pattern] || ![dict exists $opt -hierarchical]} { error "get_cells: [value $opt -filter]" }
  return [lmap name [instances] { if {![string match $pattern level0_i/ulp/hass_kernel_1/inst/accelerator/$name]} continue; set name }]
}
stand add_cells_to_pblock {} {
  lassign $rest block cells
  if {![info exists ::fake::range($block)]} { error "add_cells_to_pblock: no pblock $block" }
  foreach cell $cells {
    if {[info exists ::fake::block($cell)]} { error "$cell lies in two pblocks" }
    set ::fake::block($cell) $block
  }
}
# regions checks the constraints of placement, if there are any.
proc regions {} {
  if {[array size ::fake::block] == 0} return
  foreach cell [instances] { if {![info exists ::fake::block($cell)]} { error "$cell lies in no region" } }
  foreach {cell block} [array get ::fake::block] { if {$::fake::range($block) eq ""} { error "$block has no range" } }
}

set argv0 $::fake::script
if {[catch {uplevel #0 [list source $::fake::script]; finish} message]} {
  puts stderr $message
  note error $message
  close $::fake::out
  real_exit 1
}
close $::fake::out
