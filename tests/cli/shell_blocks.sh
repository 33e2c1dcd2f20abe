#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shell_blocks.sh CAROUSEL FILE.md...: the lines "carousel COMMAND ..." in the shell blocks of these pages
# name commands and options that exist.
set -euo pipefail
carousel=${1:?usage: shell_blocks.sh CAROUSEL FILE.md...}
shift

lines=$(awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on && /^carousel / { sub(/ #.*/, ""); print }' "$@")
count=0
while read -r _ command rest; do
  help=$("$carousel" "$command" --help) || { echo "no command '$command'"; exit 1; }
  for option in $(grep -oE -- '--[a-z0-9-]+' <<<"$rest" || true); do
    grep -qE -- "(^| |,)$option( |$)" <<<"$help" ||
      { echo "'carousel $command' has no option $option"; exit 1; }
  done
  count=$((count + 1))
done <<<"$lines"
((count >= 10)) || { echo "only $count lines found"; exit 1; }
echo "$count lines of shell checked"
