#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# documented.sh CAROUSEL MANUAL COMPLETION: every command is in the manual, and bash completes commands,
# options and backends.
set -euo pipefail
(($# == 3)) || { echo "usage: documented.sh CAROUSEL MANUAL COMPLETION" >&2; exit 2; }
carousel=$1 manual=$2 completion=$3

# complete_words WORD...: what bash offers for the last word.
complete_words() {
  COMP_WORDS=("$carousel" "$@") COMP_CWORD=$#
  _carousel
  printf '%s\n' "${COMPREPLY[@]}"
}

# expect WORD TEXT...: TEXT has the line WORD.
expect() { grep -qxF -- "$1" <<<"$2" || { echo "'$1' is not among: $2"; exit 1; }; }

# shellcheck source=/dev/null
source "$completion"
commands=$("$carousel" --help | awk '/^Subcommands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
(($(wc -l <<<"$commands") >= 8)) || { echo "only these commands: $commands"; exit 1; }
offered=$(complete_words '')
for command in $commands; do
  grep -qxF ".B $command" "$manual" || { echo "'$command' is not in the manual"; exit 1; }
  expect "$command" "$offered"
done

expect --help "$offered"
expect rank "$(complete_words ra)"
[[ $(complete_words ra | wc -l) == 1 ]] || { echo "ra completes to more than rank"; exit 1; }
expect --period-us "$(complete_words latency --)"
expect xsimd "$(complete_words rank --backend '')"
echo "$(wc -l <<<"$commands") commands documented"
