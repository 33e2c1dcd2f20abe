#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-dependencies.sh DIR: what a build for AArch64 needs besides the host's packages: protobuf's library of
# this Debian's arm64 in DIR/protobuf and, for the tests with ONNX Runtime, its header and library in
# DIR/onnxruntime. What is there already is not fetched again.
set -euo pipefail

target=${1:?usage: fetch-dependencies.sh DIR}
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")

mkdir -p "$target"
[[ -d $target/protobuf/usr ]] ||
  "$here/../fetch-debian-package.sh" "$codename" libprotobuf-dev "$target/protobuf" arm64
"$here/../fetch-onnxruntime.sh" "$target/onnxruntime" aarch64 ||
  echo "fetch-dependencies.sh: goes on without ONNX Runtime"
