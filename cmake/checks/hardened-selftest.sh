#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardened-selftest.sh READELF COMPILER [FLAG...]: hardened.sh passes a library that is compiled with
# the flags, and fails one for each flag that is turned into its opposite.
set -euo pipefail
(($# >= 3)) || { echo "usage: hardened-selftest.sh READELF COMPILER FLAG..." >&2; exit 2; }
readelf=$1 compiler=$2
shift 2
check=$(dirname "$(readlink -f "$0")")/hardened.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/one.cpp" <<'END'
#include <cstdio>
#include <cstring>
extern "C" int one(const char* text, char* to) {
  char copy[64];
  std::strcpy(copy, text);
  std::snprintf(to, __builtin_object_size(copy, 1), "%s", copy);
  return copy[0];
}
END

# judge FLAG...: whether hardened.sh passes the library that these flags make.
judge() {
  "$compiler" -O2 -shared -fPIC "$folder/one.cpp" -o "$folder/one.so" "$@"
  "$check" "$readelf" "$folder/one.so" >"$folder/verdict"
}

judge "$@" || { cat "$folder/verdict"; echo "failed what is hardened"; exit 1; }
for opposite in -fno-stack-protector -U_FORTIFY_SOURCE -Wl,-z,lazy -Wl,-z,norelro -Wl,-z,execstack; do
  if judge "$@" "$opposite"; then
    echo "passed a library with $opposite"
    exit 1
  fi
  cat "$folder/verdict"
done
