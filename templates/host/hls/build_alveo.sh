#!/bin/sh
# Builds the device binary for an Alveo card (or another Vitis platform) with v++ of Vitis 2023.2 or later.
#
#   sh host/build_alveo.sh PLATFORM [hw|hw_emu] [OUTPUT_FOLDER]
#
# Writes OUTPUT_FOLDER/hass.xclbin (default: build_alveo beside this folder).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/design.sh"

if [ $# -lt 1 ] || [ -z "$1" ]; then
  echo "usage: sh build_alveo.sh PLATFORM [hw|hw_emu] [OUTPUT_FOLDER]" >&2
  exit 2
fi
platform=$1
target=${2:-hw}
out=${3:-$root/build_alveo}
case $target in
hw | hw_emu) ;;
*)
  echo "build_alveo.sh: target $target; it is hw or hw_emu; make csim runs the software" >&2
  exit 2
  ;;
esac
mkdir -p "$out"
out=$(cd "$out" && pwd)

# $HASS_SOURCES and the kernels' names hold plain identifiers and slashes only.
cd "$root"
v++ -c -t "$target" --platform "$platform" -k "$HASS_TOP" --freqhz "$HASS_CLOCK_HZ" \
  --advanced.prop "kernel.$HASS_TOP.kernel_flags=-std=c++14" -Iinclude -Isrc \
  --temp_dir "$out/$HASS_TOP" -o "$out/$HASS_TOP.xo" $HASS_SOURCES
objects=$out/$HASS_TOP.xo
for kernel in $HASS_MM2S $HASS_S2MM; do
  case $kernel in
  mm2s_*) source=host/kernels/mm2s.cpp ;;
  *) source=host/kernels/s2mm.cpp ;;
  esac
  v++ -c -t "$target" --platform "$platform" -k "$kernel" --freqhz "$HASS_CLOCK_HZ" \
    --temp_dir "$out/$kernel" -o "$out/$kernel.xo" "$source"
  objects="$objects
$out/$kernel.xo"
done

# Paths may contain blanks, so there is one argument per line.
IFS='
'
v++ -l -t "$target" --platform "$platform" --config "$root/link.cfg" --temp_dir "$out/link" -o "$out/hass.xclbin" $objects
echo "build_alveo.sh: $out/hass.xclbin is ready"
