# SPDX-License-Identifier: Apache-2.0
# Reads CTest's LastTest.log and prints "PASSED FAILED SKIPPED".
# A GoogleTest program counts as its cases, any other test as one. A program that reports no failed
# case but failed all the same (a crash, a leak, a time limit) counts as one failure.

function finish() {
  if (name == "") return
  ok = status ~ /^Test Passed/ || (status == "" && skipped_cases > 0)
  if (is_gtest) {
    passed += passed_cases; failed += failed_cases; skipped += skipped_cases
    if (!ok && failed_cases == 0) failed++
  } else if (status ~ /^Test Skipped/) skipped++
  else if (ok) passed++
  else failed++
}

/^[0-9]+\/[0-9]+ Testing: / {
  finish()
  name = $0; status = ""; is_gtest = 0; passed_cases = failed_cases = skipped_cases = 0
}
/^\[==========\] .* ran\./ { is_gtest = 1 }
/^\[  PASSED  \] [0-9]+ test/ { passed_cases = $4 }
/^\[  SKIPPED \] [0-9]+ test/ { skipped_cases = $4 }
/^\[  FAILED  \] [0-9]+ tests?, listed below/ { failed_cases = $4 }
/^Test Pass Reason/ { status = "Test Passed" } # by a regular expression
/^Test Fail Reason/ { status = "Test Failed" }
/^Test (Passed|Failed|Skipped|Timeout|timeout|Exception|Not Run)/ { status = $0 }

END { finish(); print passed + 0, failed + 0, skipped + 0 }
