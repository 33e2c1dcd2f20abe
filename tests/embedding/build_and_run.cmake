# SPDX-License-Identifier: Apache-2.0
# Configures the project `source` in `binary` with `arguments`, builds it, and runs each line of the
# file programs.txt that it wrote there.
file(REMOVE "${binary}/CMakeCache.txt" "${binary}/programs.txt")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${binary}" -G "${generator}"
  -DCMAKE_BUILD_TYPE=Release ${arguments} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${binary}" COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS "${binary}/programs.txt" programs)
if(NOT programs)
  message(FATAL_ERROR "${source} lists no program to run")
endif()
foreach(program IN LISTS programs)
  separate_arguments(command UNIX_COMMAND "${program}")
  message(STATUS "${program}")
  execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
