# SPDX-License-Identifier: Apache-2.0
# Installs all that there is of the build `build` into an emptied `prefix`. `config` may be empty.
file(REMOVE_RECURSE "${prefix}")
foreach(component IN ITEMS library dev tools)
  set(command "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}" --component ${component})
  if(config)
    list(APPEND command --config ${config})
  endif()
  execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
