#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# count-tests-selftest.sh CMAKE CTEST GENERATOR: proves that count-tests.awk counts every way in which CTest can end
# a test, on the files that this CTest writes for small projects.
set -euo pipefail

(($# == 3)) || { echo "usage: count-tests-selftest.sh CMAKE CTEST GENERATOR" >&2; exit 2; }
cmake=$1 ctest=$2 generator=$3
count=$(dirname "$(readlink -f "$0")")/count-tests.awk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0 cases=0

# expect WHAT "PASSED FAILED SKIPPED": of the project whose tests are on standard input.
expect() {
  local what=$1 wanted=$2 got
  rm -rf "$work/project"
  mkdir "$work/project"
  {
    echo 'cmake_minimum_required(VERSION 3.25)'
    echo 'project(tiny LANGUAGES NONE)'
    echo 'enable_testing()'
    cat # standard input
  } >"$work/project/CMakeLists.txt"
  "$cmake" -G "$generator" -S "$work/project" -B "$work/project/build" >"$work/out" 2>&1
  "$ctest" --test-dir "$work/project/build" --output-junit "$work/project/junit.xml" >>"$work/out" 2>&1 || true
  got=$(awk -f "$count" "$work/project/junit.xml")
  judge "$what" "$wanted" "$got"
}

judge() {
  cases=$((cases + 1))
  [[ $3 == "$2" ]] && return
  echo "$1: expected '$2', got '$3'"
  cat "$work/out"
  failures=$((failures + 1))
}

expect 'all pass' '2 0 0' <<'END'
add_test(NAME a COMMAND true)
add_test(NAME b COMMAND true)
END
expect 'one fails' '1 1 0' <<'END'
add_test(NAME a COMMAND true)
add_test(NAME b COMMAND false)
END
expect 'the tests that need a fixture whose setup fails' '1 3 0' <<'END'
add_test(NAME setup COMMAND false)
add_test(NAME a COMMAND true)
add_test(NAME b COMMAND true)
add_test(NAME independent COMMAND true)
set_tests_properties(setup PROPERTIES FIXTURES_SETUP f)
set_tests_properties(a b PROPERTIES FIXTURES_REQUIRED f)
END
expect 'a program that was not built' '1 1 0' <<'END'
add_test(NAME a COMMAND true)
add_test(NAME b COMMAND "${CMAKE_CURRENT_BINARY_DIR}/not_built")
END
expect 'a required file that is missing' '0 1 0' <<'END'
add_test(NAME a COMMAND true)
set_tests_properties(a PROPERTIES REQUIRED_FILES "${CMAKE_CURRENT_BINARY_DIR}/missing")
END
expect 'a disabled test' '1 1 0' <<'END'
add_test(NAME a COMMAND true)
add_test(NAME b COMMAND true)
set_tests_properties(b PROPERTIES DISABLED TRUE)
END
expect 'tests that skip themselves' '0 0 2' <<'END'
add_test(NAME a COMMAND sh -c "exit 77")
set_tests_properties(a PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME b COMMAND echo "[  SKIPPED ] 1 test")
set_tests_properties(b PROPERTIES SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
END
expect 'a time limit and a crash' '0 2 0' <<'END'
add_test(NAME a COMMAND sleep 100)
set_tests_properties(a PROPERTIES TIMEOUT 1)
add_test(NAME b COMMAND sh -c "kill -SEGV $$")
END
expect 'regular expressions for the output' '2 1 0' <<'END'
add_test(NAME a COMMAND echo good)
add_test(NAME b COMMAND echo good)
add_test(NAME c COMMAND false)
set_tests_properties(a PROPERTIES PASS_REGULAR_EXPRESSION good)
set_tests_properties(b PROPERTIES FAIL_REGULAR_EXPRESSION good)
set_tests_properties(c PROPERTIES WILL_FAIL TRUE)
END
expect 'output that looks like the file itself' '1 1 0' <<'END'
add_test(NAME "a status=\"fail\"" COMMAND printf "</testcase>\n<testcase status=\"fail\">\n</testcase>\n</testsuite>\n")
add_test(NAME b COMMAND sh -c "printf '<testcase status=\"run\">\n</testcase>\n'; exit 1")
END

sed '/<\/testsuite>/d' "$work/project/junit.xml" >"$work/cut.xml"
judge 'a file that ends early' '1 2 0' "$(awk -f "$count" "$work/cut.xml")"
judge 'an empty file' '0 1 0' "$(awk -f "$count" /dev/null)"

((failures == 0)) && echo "$cases cases as expected"
