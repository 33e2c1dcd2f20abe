# SPDX-License-Identifier: Apache-2.0
# Configures the project `source` in `binary` with `arguments`, builds it, and runs each line of the
# file programs.txt that it wrote there; or, where it has tests, these.
file(REMOVE "${binary}/CMakeCache.txt" "${binary}/programs.txt")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${binary}" -G "${generator}"
  -DCMAKE_BUILD_TYPE=Release ${arguments} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${binary}" COMMAND_ERROR_IS_FATAL ANY)
if(EXISTS "${binary}/CTestTestfile.cmake")
  execute_process(COMMAND ctest --test-dir "${binary}" --verbose --no-tests=error
    COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()
file(STRINGS "${binary}/programs.txt" programs)
if(NOT programs)
  message(FATAL_ERROR "${source} lists no program to run")
endif()
foreach(program IN LISTS programs)
  separate_arguments(command UNIX_COMMAND "${program}")
  message(STATUS "${program}")
  execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
