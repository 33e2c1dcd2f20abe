#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# weak-symbols.sh NM --isa NAME OBJECT... [--isa NAME OBJECT...] [--baseline OBJECT...]
#
# Fails if an object compiled for one instruction set defines a weak symbol that other code could
# also define: the linker keeps one copy for everybody, and an older CPU crashes in it.
#   - shared with another ISA or with the baseline objects: an error;
#   - not under the ISA's own name (carousel_xsimd_NAME): an error too, as the application that links
#     Carousel may define it (std::max<float>, say).
set -euo pipefail

nm=${1:?usage: weak-symbols.sh NM --isa NAME OBJECT... [--baseline OBJECT...]}
shift

group='' list=''
while (($#)); do
  case $1 in
    --isa) group=${2:?--isa needs a name}; shift 2 ;;
    --baseline) group=baseline; shift ;;
    *)
      [[ -n $group && -f $1 ]] || { echo "weak-symbols: no such object: $1" >&2; exit 1; }
      symbols=$("$nm" --defined-only --format=posix "$1")
      list+=$(awk -v group="$group" -v object="$(basename "$1")" 'NF >= 2 { print group, object, $2, $1 }' \
        <<<"$symbols")$'\n'
      shift ;;
  esac
done

# Lines are: group, object, symbol type, symbol. W, V and u (unique global) are the weak types.
awk '
  NF < 4 { next }
  { objects[$1 "/" $2] = 1 }
  $1 != "baseline" { isa_objects[$1 "/" $2] = 1 }
  $3 !~ /[WVuTDBRi]/ { next }
  !(($1, $4) in seen) { seen[$1, $4] = 1; groups[$4] = groups[$4] " " $1; count[$4]++ }
  $3 ~ /[WVu]/ && $1 != "baseline" { weak[$4] = weak[$4] " " $1 "/" $2 }
  END {
    for (o in objects) n++
    for (o in isa_objects) n_isa++
    if (!n_isa) { print "weak-symbols: no ISA objects given"; exit 1 }
    for (s in weak) {
      n_weak++
      if (count[s] > 1) { print "shared by" groups[s] ": " s; bad++ }
      else if (s !~ /carousel_xsimd_/) { print "weak, and not named for its ISA, in" weak[s] ": " s; bad++ }
    }
    printf "%d ISA objects among %d, %d weak symbols checked, %d bad\n", n_isa, n, n_weak, bad
    exit bad > 0
  }' <<<"$list"
