#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-onnxruntime.sh DIR [MACHINE]: ONNX Runtime for building and testing, from the archives that apt and npm
# are configured with: headers of Debian sid's package in DIR/usr/include/onnxruntime, the library of the npm
# package onnxruntime-node in DIR/lib. What is there already is not fetched again. MACHINE is what the library
# runs on, as `uname -m` says it; by default this one.
set -euo pipefail

target=${1:?usage: fetch-onnxruntime.sh DIR [MACHINE]}
machine=${2:-$(uname -m)}
here=$(dirname "$(readlink -f "$0")")
package=onnxruntime-node@1.30.0

fail() { echo "fetch-onnxruntime.sh: $*" >&2; exit 1; }

case $machine in
  x86_64) architecture=x64 ;;
  aarch64) architecture=arm64 ;;
  *) fail "onnxruntime-node has no library for $machine" ;;
esac

[[ -f $target/usr/include/onnxruntime/onnxruntime_ep_c_api.h ]] ||
  "$here/fetch-debian-package.sh" sid libonnxruntime-dev "$target"

[[ ! -f $target/lib/libonnxruntime.so.1 ]] || exit 0
command -v npm >/dev/null || fail "npm not found"
mkdir -p "$target/lib"
work=$(mktemp -d "$target/lib/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "$package" >/dev/null) || fail "could not download $package"
tar -C "$work" -xzf "$work"/onnxruntime-node-*.tgz "package/bin/napi-v6/linux/$architecture/libonnxruntime.so.1"
mv "$work/package/bin/napi-v6/linux/$architecture/libonnxruntime.so.1" "$target/lib/"
ln -sf libonnxruntime.so.1 "$target/lib/libonnxruntime.so"
echo "unpacked the library of $package into $target/lib"
