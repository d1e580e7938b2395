# Stand-in for v++: compiling writes a file for the kernel; linking reads the configuration and compares it with kernels and card.
# Options that are not in options.txt are errors.
#
#   tclsh vpp.tcl ARGUMENT ...

set here [file dirname [file normalize [info script]]]
proc slurp {file} {
  set f [open $file]
  set text [read $f]
  close $f
  return $text
}
foreach line [split [slurp [file join $here options.txt]] \n] {
  if {[llength $line] == 4 && [string index $line 0] ne "#"} { set options([lindex $line 0],[lindex $line 1]) 1 }
}
set flags {-c -l}
set files {}
for {set i 0} {$i < [llength $argv]} {incr i} {
  set word [lindex $argv $i]
  if {![string match -* $word]} { lappend files $word; continue }
  set name $word
  if {[string match -I* $word]} { set name -I }
  if {![info exists options(v++,$name)]} { puts stderr "v++: unknown option $name"; exit 1 }
  if {$name in $flags || $name eq "-I"} {
    set opt($name) 1
  } else {
    incr i
    set opt($name) [lindex $argv $i]
  }
}
proc fail {text} {
  puts stderr "v++: $text"
  exit 1
}
if {[info exists opt(--mode)]} {
  file mkdir [file join $opt(--work_dir) hls impl ip]
  close [open [file join $opt(--work_dir) hls impl ip component.xml] w]
  exit 0
}
if {[info exists opt(-c)]} {
  foreach file $files { if {![file exists $file]} { fail "no file $file" } }
  set f [open $opt(-o) w]
  puts $f "kernel $opt(-k)"
  close $f
  exit 0
}
if {![info exists opt(-l)] || ![info exists opt(--platform)]} { fail "neither -c nor -l with a platform" }

if {[info exists opt(--vivado.prop)]} {
  if {![regexp {^run\.impl_1\.STEPS\.PLACE_DESIGN\.TCL\.PRE=(/.+)$} $opt(--vivado.prop) -> hook]} { fail "property $opt(--vivado.prop)" }
  if {![file exists $hook]} { fail "no script $hook" }
}

# Cards: dies, banks of memory.
set slrs 1
set banks {}
foreach {card n kind count} {u250 4 DDR 4 u200 3 DDR 4 u280 3 HBM 32 u55 3 HBM 32 u50 2 HBM 32} {
  if {[string match "*_${card}*" $opt(--platform)]} {
    set slrs $n
    for {set k 0} {$k < $count} {incr k} { lappend banks "$kind\[$k\]" }
    break
  }
}
# Kernels. The file of a SystemVerilog kernel contains kernel.xml.
set kernels {}
foreach file $files {
  if {![file exists $file]} { fail "no kernel $file" }
  set text [slurp $file]
  if {[regexp {^kernel (\w+)} $text -> name]} {
    lappend kernels $name
  } elseif {[regexp {<kernel name="(\w+)"} $text -> name]} {
    lappend kernels $name
    foreach {all port} [regexp -all -inline {<port name="(\w+)" mode="master"} $text] { lappend ports($name) $port }
  } else {
    fail "$file holds no kernel"
  }
}
set section ""
foreach line [split [slurp $opt(--config)] \n] {
  set line [string trim $line]
  if {$line eq "" || [string index $line 0] eq "#"} continue
  if {[regexp {^\[(\w+)\]$} $line -> section]} continue
  if {![regexp {^([^=]+)=(.*)$} $line -> key value]} { fail "link.cfg: $line" }
  if {![info exists options(link,$key)]} { fail "link.cfg: unknown key $key" }
  if {($section eq "connectivity") != ($key ne "freqhz")} { fail "link.cfg: $key in section \"$section\"" }
  switch -- $key {
    freqhz {
      if {![string is integer -strict $value] || $value < 1} { fail "link.cfg: freqhz $value" }
    }
    nk {
      if {![regexp {^(\w+):1:(\w+)$} $value -> kernel unit] || $kernel ni $kernels} { fail "link.cfg: nk of no kernel: $value" }
      set of($unit) $kernel
    }
    slr {
      if {![regexp {^(\w+):SLR(\d+)$} $value -> unit n] || ![info exists of($unit)]} { fail "link.cfg: slr of no unit: $value" }
      if {$n >= $slrs} { fail "link.cfg: the card has no SLR$n" }
    }
    sp {
      if {![regexp {^(\w+)\.(\w+):(.+)$} $value -> unit port bank] || ![info exists of($unit)]} { fail "link.cfg: sp of no unit: $value" }
      if {$bank ni $banks} { fail "link.cfg: the card has no memory $bank" }
      if {[info exists ports($of($unit))] && $port ni $ports($of($unit))} { fail "link.cfg: $unit has no port $port" }
      set mapped($unit.$port) 1
    }
    stream_connect {
      if {![regexp {^(\w+)\.\w+:(\w+)\.\w+$} $value -> a b] || ![info exists of($a)] || ![info exists of($b)]} { fail "link.cfg: stream of no unit: $value" }
    }
  }
}
foreach {unit kernel} [array get of] {
  if {![info exists ports($kernel)]} continue
  foreach port $ports($kernel) { if {![info exists mapped($unit.$port)]} { fail "link.cfg: $unit.$port has no memory" } }
}
foreach kernel $kernels { if {$kernel ni [lmap {u k} [array get of] {set k}]} { fail "link.cfg: no unit of kernel $kernel" } }
close [open $opt(-o) w]
