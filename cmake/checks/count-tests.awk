# SPDX-License-Identifier: Apache-2.0
# Reads the JUnit file that ctest writes with --output-junit and prints "PASSED FAILED SKIPPED".
# A test that did not run counts as failed, whatever the reason: a fixture whose setup failed, a program that was
# not built, a missing file, a disabled test. Skipped are only those that ran and said so themselves. (CTest's
# LastTest.log says "Test Passed." of tests that did not run, so it cannot be used for this.)

# CTest escapes the output of tests, so a "<" at the beginning of an element is CTest's own.
match($0, /^[ \t]*<testcase .* status="[a-z]+"/) {
  status = $0
  sub(/.* status="/, "", status)
  sub(/".*/, "", status)
  skipped_itself = 0
}
/^[ \t]*<skipped message="SKIP_(RETURN_CODE|REGULAR_EXPRESSION)/ { skipped_itself = 1 }
/^[ \t]*<\/testcase>/ {
  if (status == "run") passed++
  else if (skipped_itself) skipped++
  else failed++
}
/^<\/testsuite>/ { complete = 1 }

END {
  if (!complete) failed++ # CTest did not get to the end
  print passed + 0, failed + 0, skipped + 0
}
