# SPDX-License-Identifier: Apache-2.0
# The report for a CPU that nobody has measured yet, in its quick form.
include("${CMAKE_CURRENT_LIST_DIR}/expect.cmake")

execute_process(COMMAND "${report}" --quick RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "exit code ${result}:\n${output}")
endif()
foreach(text "$ carousel backends" "$ carousel conformance" "precision bfloat16" "digest    "
    "$ carousel rank --shape 16,16,100,1" "All of it ran and agrees with the oracle.")
  string(FIND "${output}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "no \"${text}\" in:\n${output}")
  endif()
endforeach()
expect(2 "takes no arguments" "${report}" --slow)
