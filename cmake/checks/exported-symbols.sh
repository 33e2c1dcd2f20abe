#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exported-symbols.sh NM LIBRARY LIST: fails unless the C functions that the shared library exports
# are those of LIST, and all else it exports belongs to the C++ interface.
set -euo pipefail
(($# == 3)) || { echo "usage: exported-symbols.sh NM LIBRARY LIST" >&2; exit 2; }
nm=$1 library=$2 list=$3

symbols=$("$nm" -D --defined-only --format=posix "$library" | sed -E 's/ .*//; s/@.*//' |
  grep -v '^CAROUSEL_[0-9.]*$' | LC_ALL=C sort -u)

# The interface: functions and classes right in namespace carousel, and their type information.
readonly interface='^_Z(N|NK|TIN|TSN|TVN)8carousel'
readonly internals='^_Z(N|NK|TIN|TSN|TVN)8carousel(6detail|7loading|5c_api|12_GLOBAL__N_1)'
grep '^carousel_' <<<"$symbols" | diff "$list" - ||
  { echo "exported C functions differ from $list (<: recorded, >: found)"; exit 1; }
if grep -v '^carousel_' <<<"$symbols" | grep -vE "$interface"; then
  echo "exported, but not of Carousel's interface"
  exit 1
fi
if grep -E "$internals" <<<"$symbols"; then
  echo "exported, but internal"
  exit 1
fi
grep -q '^_ZN8carousel7prepare' <<<"$symbols" || { echo "carousel::prepare is not exported"; exit 1; }
echo "$(grep -c '^carousel_' <<<"$symbols") C functions, $(grep -cE "$interface" <<<"$symbols") C++ symbols"
