#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exports-nothing.sh NM FILE...: fails if a plug-in exports anything of the Carousel inside it.
set -euo pipefail
nm=${1:?usage: exports-nothing.sh NM FILE...}
shift
for file; do
  symbols=$("$nm" -D --defined-only --format=posix "$file")
  grep -q '^plugin_run ' <<<"$symbols" || { echo "$file does not export plugin_run"; exit 1; }
  if grep -E '^(carousel_|_Z[A-Z]*[0-9]*.*8carousel)' <<<"$symbols"; then
    echo "$file exports these"
    exit 1
  fi
done
