#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-onnxruntime-web.sh DIR: the npm package onnxruntime-web in DIR, to be measured against. What is there already
# is not fetched again.
set -euo pipefail

target=${1:?usage: fetch-onnxruntime-web.sh DIR}
packages=(onnxruntime-web@1.30.0 onnxruntime-common@1.30.0)

[[ ! -d $target/node_modules/onnxruntime-common ]] || exit 0
command -v npm >/dev/null || { echo "fetch-onnxruntime-web.sh: npm not found" >&2; exit 1; }
mkdir -p "$target"
# Without its scripts and without what only other runtimes than WebAssembly's need.
npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$target" "${packages[@]}"
