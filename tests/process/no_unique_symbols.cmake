# SPDX-License-Identifier: Apache-2.0
# Fails if a library has symbols of the binding STB_GNU_UNIQUE: the loader never unloads it then.
execute_process(COMMAND "${readelf}" --wide --dyn-syms "${library}"
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(NOT symbols MATCHES "GLOBAL")
  message(FATAL_ERROR "${library}: no table of symbols")
endif()
string(REGEX MATCHALL "[^\n]* UNIQUE [^\n]*" unique "${symbols}")
if(unique)
  list(JOIN unique "\n" lines)
  message(FATAL_ERROR "${library}: unique symbols\n${lines}")
endif()
