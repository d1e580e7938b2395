#!/bin/sh
# From this project to a bitstream (Zynq-7000, Zynq UltraScale+, Kria) or a device binary (Alveo and other Vitis
# platforms), with the reports read back. `make bitstream` calls it.
#
#   sh vivado/bitstream.sh
#
#   OUT=DIR         folder for all results and logs of the tools (vivado_out in this project)
#   JOBS=N          parallel jobs of Vivado (4)
#   PLATFORM=NAME   a Vitis platform: v++ links a device binary for it
#   DESIGN=FILE     the design for hass calibrate (reports/design.json)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/design.sh"
cd "$root"

die() {
  echo "bitstream.sh: $*" >&2
  exit 1
}
# need PROGRAM SUITE: ends with one sentence if a tool is missing.
need() {
  command -v "$1" >/dev/null 2>&1 || die "$1 is not on the PATH: source settings64.sh of $2, then run make bitstream again"
}

out=${OUT:-vivado_out}
case $out in
. | ./ | .. | / | "") die "OUT=$out: name a folder of its own for what the tools write" ;;
esac
jobs=${JOBS:-4}
platform=${PLATFORM:-}
design=${DESIGN:-reports/design.json}

# Check for all tools first, before anything takes an hour.
case $HASS_PART in
xc7a*) die "$HASS_PART has no processing system and no Vitis platform: package the IP (README.md) for a block design of your own" ;;
esac
[ "$HASS_FAMILY" != versal ] || die "$HASS_PART is a Versal device, for which only the IP is packaged (README.md): put it into a block design of your own"
if [ "$HASS_FAMILY" = none ] || [ -n "$platform" ]; then
  [ -n "$platform" ] || die "$HASS_PART has no processing system: name the card's Vitis platform, make bitstream PLATFORM=xilinx_..."
  need v++ "Vitis"
else
  need vivado "Vivado (2020.2 or later)"
fi
if [ "$HASS_TARGET" = rtl ]; then
  need vivado "Vivado (2020.2 or later)"
elif command -v vitis-run >/dev/null 2>&1; then
  need v++ "Vitis (2023.2 or later)"
elif [ -z "$platform" ]; then
  need vitis_hls "Vitis (2020.2 or later)"
fi

mkdir -p "$out/log"
out=$(cd "$out" && pwd)

# run STEP PROGRAM ARGUMENT...: the step's output goes to a log, and to the terminal only if the step fails.
run() {
  step=$1
  shift
  echo "bitstream.sh: $step ($out/log/$step.log)"
  if ! (cd "$out" && "$@") >"$out/log/$step.log" 2>&1; then
    tail -n 20 "$out/log/$step.log" >&2
    die "$step failed: see $out/log/$step.log"
  fi
}
batch() {
  step=$1
  script=$2
  shift 2
  run "$step" vivado -mode batch -nojournal -nolog -source "$root/vivado/$script" -tclargs "$@"
}

if [ -n "$platform" ]; then
  case $HASS_TARGET in
  rtl)
    batch package_kernel package_kernel.tcl "out=$out"
    set --
    [ ! -f "$root/vivado/regions.tcl" ] || set -- --vivado.prop "run.impl_1.STEPS.PLACE_DESIGN.TCL.PRE=$root/vivado/regions.tcl"
    run link v++ -l -t hw --platform "$platform" --config "$root/link.cfg" "$@" --temp_dir "$out/link" -o "$out/hass.xclbin" "$out/hass_kernel.xo"
    ;;
  hls) run xclbin sh "$root/host/build_alveo.sh" "$platform" hw "$out" ;;
  esac
  echo "bitstream.sh: $out/hass.xclbin is ready"
  exit 0
fi

case $HASS_TARGET in
rtl)
  batch package_ip package_ip.tcl "out=$out"
  ip=$out/ip
  ;;
hls)
  if command -v vitis-run >/dev/null 2>&1; then
    run csynth v++ -c --mode hls --config "$root/hls_config_vivado.cfg" --work_dir "$out/w_vivado"
    run package_ip vitis-run --mode hls --package --config "$root/hls_config_vivado.cfg" --work_dir "$out/w_vivado"
    ip=$out/w_vivado/hls/impl/ip
  else
    run csynth vitis_hls -f "$root/run_hls.tcl" -tclargs flow=vivado steps=csynth,export
    ip=$out/hass_vivado/solution/impl/ip
  fi
  ;;
esac
batch bitstream bd.tcl "ip=$ip" "out=$out" "jobs=$jobs"
grep '^bd.tcl: ' "$out/log/bitstream.log" || [ $? -eq 1 ] # a log without such a line is no failure, a missing log is

# An application for xmutil on Kria boards: the bitstream without its header, the overlay, the description.
case $HASS_PART in
xck*)
  if command -v bootgen >/dev/null 2>&1 && command -v dtc >/dev/null 2>&1; then
    mkdir -p "$out/kria"
    run bootgen bootgen -image "$root/kria/hass.bif" -arch zynqmp -o kria/hass.bit.bin -w
    run dtc dtc -@ -I dts -O dtb -o kria/hass.dtbo "$root/kria/hass.dtsi"
    cat "$root/kria/shell.json" >"$out/kria/shell.json"
    echo "bitstream.sh: $out/kria is ready: copy it to /lib/firmware/xilinx/hass on the board, then xmutil loadapp hass"
  else
    echo "bitstream.sh: bootgen (of Vivado) or dtc (device-tree-compiler) is not on the PATH: no application for xmutil was made"
  fi
  ;;
esac

# Compare the estimates with Vivado's reports. Reports of the C++ name modules of Vitis HLS, which the cost model does not know.
if [ "$HASS_TARGET" = rtl ]; then
  if command -v hass >/dev/null 2>&1; then
    hass calibrate "$design" "$out/utilization_hierarchical.rpt" "$out/timing.rpt" --date "$(date +%Y-%m-%d)" -o "$out/calibration.toml"
    echo "bitstream.sh: hass optimize --calibration $out/calibration.toml counts as this run did"
  else
    echo "bitstream.sh: hass is not on the PATH; hass calibrate reads $out/utilization_hierarchical.rpt and $out/timing.rpt"
  fi
fi
