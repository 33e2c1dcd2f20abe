#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pkg-config.sh PKG_CONFIG CXX CC LIBDIR FOLDER: one compiler line each for a C++ and a C application.
set -euo pipefail
(($# == 5)) || { echo "usage: pkg-config.sh PKG_CONFIG CXX CC LIBDIR FOLDER" >&2; exit 2; }
pkg_config=$1 cxx=$2 cc=$3 libdir=$4 folder=$5
here=$(dirname "$(readlink -f "$0")")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir

mkdir -p "$folder"
"$pkg_config" --print-errors --exists 'carousel >= 0.2' 'carousel < 0.3'
read -ra flags < <("$pkg_config" --cflags --libs carousel)
"$cxx" -std=c++20 "$here/cpp/main.cpp" -o "$folder/cpp" "${flags[@]}"
"$cc" -std=c11 "$here/c/main.c" -o "$folder/c" "${flags[@]}" -lm
"$folder/cpp"
"$folder/c"
