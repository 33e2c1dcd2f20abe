# SPDX-License-Identifier: Apache-2.0
# cmake -DMODULE=carousel.wasm -DSCRIPT=carousel.mjs -DSINGLE=FILE -P single_file.cmake: the script with the
# module in it, in base64.
execute_process(COMMAND base64 -w 0 "${MODULE}" OUTPUT_VARIABLE base64 COMMAND_ERROR_IS_FATAL ANY)
file(READ "${SCRIPT}" script)
set(place "const embedded = null;")
string(FIND "${script}" "${place}" found)
if(found LESS 0)
  message(FATAL_ERROR "${SCRIPT} has no place for the module")
endif()
string(REPLACE "${place}" "const embedded = '${base64}';" script "${script}")
file(WRITE "${SINGLE}" "${script}")
