#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# without-opencl.sh CMAKE SOURCE FOLDER XSIMD CAROUSEL_DIR: where OpenCL's headers are missing, whose package
# to install is said, both when Carousel is configured and when a static Carousel is found.
set -euo pipefail
(($# == 5)) || { echo "usage: without-opencl.sh CMAKE SOURCE FOLDER XSIMD CAROUSEL_DIR" >&2; exit 2; }
cmake=$1 source=$2 folder=$3 xsimd=$4 carousel=$5
readonly words='install ocl-icd-opencl-dev'

# configure NAME ARGUMENT...: into NAME.log
configure() {
  local name=$1
  shift
  rm -rf "${folder:?}/$name"
  "$cmake" -B "$folder/$name" -DCMAKE_DISABLE_FIND_PACKAGE_OpenCL=ON "$@" >"$folder/$name.log" 2>&1
}
# said NAME: the log, unwrapped, has the words.
said() {
  tr -s '\n ' ' ' <"$folder/$1.log" | grep -q "$words" && return
  cat "$folder/$1.log"
  echo "$1: does not say: $words"
  exit 1
}

mkdir -p "$folder"
build=(-S "$source" "-DCAROUSEL_XSIMD_INCLUDE_DIR=$xsimd" -DCAROUSEL_BUILD_TESTS=OFF -DCAROUSEL_BUILD_CLI=OFF
  -DCAROUSEL_BUILD_BENCH=OFF -DCAROUSEL_BUILD_EXAMPLES=OFF)
configure auto "${build[@]}"
said auto
grep -q 'oneDNN: not used' "$folder/auto.log"
if configure on "${build[@]}" -DCAROUSEL_ONEDNN=ON; then echo "configured without OpenCL"; exit 1; fi
said on
if configure find -S "$source/tests/embedding/cpp" -Dkind=static "-Dcarousel_DIR=$carousel"; then
  echo "found without OpenCL"
  exit 1
fi
said find
