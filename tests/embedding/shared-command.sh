#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shared-command.sh CXX AR LIBDIR STATIC_CAROUSEL INSIDE FOLDER OBJECT...: links the command's objects to the shared
# library, as packages have it, and runs it: whatever it uses of the library has to be exported.
set -euo pipefail
(($# > 6)) || { echo "usage: shared-command.sh CXX AR LIBDIR STATIC_CAROUSEL INSIDE FOLDER OBJECT..." >&2; exit 2; }
cxx=$1 ar=$2 libdir=$3 static=$4 folder=$6
read -ra inside <<<"$5"
shift 6
export LD_LIBRARY_PATH=$libdir

mkdir -p "$folder"
# INSIDE: what it takes of the library's inside and therefore compiles once more (cli/CMakeLists.txt).
(cd "$folder" && "$ar" x "$static" "${inside[@]}")
"$cxx" "$@" "${inside[@]/#/$folder/}" -L "$libdir" -lcarousel -pthread -o "$folder/carousel"

readelf -d "$folder/carousel" | grep -q 'NEEDED.*libcarousel' || { echo "not linked to it"; exit 1; }
"$folder/carousel" --version
"$folder/carousel" backends
"$folder/carousel" check --shape 5,7,9,2
"$folder/carousel" conformance --backend scalar --case direction/
status=0
text=$("$folder/carousel" inspect "$folder/no-such-file" 2>&1) || status=$?
[[ $status == 2 && $text == *no-such-file* ]] ||
  { echo "an error of the library arrived as exit code $status: $text"; exit 1; }
