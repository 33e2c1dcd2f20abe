#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# weak-symbols-selftest.sh NM CXX: proves that weak-symbols.sh can fail, and when it must pass.
set -euo pipefail

nm=${1:?usage: weak-symbols-selftest.sh NM CXX}
cxx=${2:?usage: weak-symbols-selftest.sh NM CXX}
check=$(dirname "$0")/weak-symbols.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

compile() { "$cxx" -O0 -c -x c++ - -o "$work/$1.o"; }
expect() { # expect pass|fail WHAT ARGUMENTS...
  local wanted=$1 what=$2 result=pass
  shift 2
  "$check" "$nm" "$@" >"$work/out" 2>&1 || result=fail
  [[ $result == "$wanted" ]] || { echo "$what: expected $wanted"; cat "$work/out"; failures=$((failures + 1)); }
}

compile a <<<'inline int twice(int x) { return 2 * x; } int a(int x) { return twice(x); }'
compile b <<<'inline int twice(int x) { return 2 * x; } int b(int x) { return twice(x); }'
compile own_a <<<'namespace carousel_xsimd_a { inline int f(int x) { return x; } } int own_a(int x) { return carousel_xsimd_a::f(x); }'
compile own_b <<<'namespace carousel_xsimd_b { inline int f(int x) { return x; } } int own_b(int x) { return carousel_xsimd_b::f(x); }'
compile strong <<<'int twice(int x) { return 2 * x; }'

expect fail 'two ISAs share an inline function' --isa a "$work/a.o" --isa b "$work/b.o"
expect fail 'ISA and baseline share an inline function' --isa a "$work/a.o" --baseline "$work/b.o"
expect fail 'ISA weak, baseline strong' --isa a "$work/a.o" --baseline "$work/strong.o"
expect fail 'a weak symbol without the ISA name' --isa a "$work/a.o"
expect fail 'no objects'
expect fail 'only baseline objects' --baseline "$work/a.o"
expect fail 'a missing object' --isa a "$work/missing.o"
expect pass 'every ISA under its own name' --isa a "$work/own_a.o" --isa b "$work/own_b.o" --baseline "$work/b.o"
expect pass 'weak symbols in the baseline only' --isa a "$work/own_a.o" --baseline "$work/a.o" "$work/b.o"

((failures == 0)) && echo "9 cases as expected"
