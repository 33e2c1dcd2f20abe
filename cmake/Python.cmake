# SPDX-License-Identifier: Apache-2.0
# What the Python package is built for: one interpreter, which is asked for everything else, so that
# headers and module cannot be of different Pythons. It is the system's unless CAROUSEL_PYTHON_EXECUTABLE
# says otherwise: a version manager's in PATH would not see Debian's NumPy.
#
# Sets CAROUSEL_HAS_PYTHON and then CAROUSEL_PYTHON_VERSION and CAROUSEL_PYTHON_NEXT_VERSION ("3.11", "3.12"),
# CAROUSEL_PYTHON_INCLUDE_DIR, CAROUSEL_PYTHON_EXT_SUFFIX, CAROUSEL_PYBIND11_INCLUDE_DIR,
# CAROUSEL_PYTHON_BUILD_DIR and CAROUSEL_PYTHON_INSTALL_DIR.
set(CAROUSEL_HAS_PYTHON OFF)
set(CAROUSEL_PYTHON_BUILD_DIR "${PROJECT_BINARY_DIR}/python")
if(NOT CAROUSEL_PYTHON)
  message(STATUS "Python package: not built (CAROUSEL_PYTHON=${CAROUSEL_PYTHON})")
  return()
endif()

find_program(CAROUSEL_PYTHON_EXECUTABLE python3 PATHS /usr/bin NO_DEFAULT_PATH
  DOC "The interpreter that the Python package is built for")
find_program(CAROUSEL_PYTHON_EXECUTABLE python3)
mark_as_advanced(CAROUSEL_PYTHON_EXECUTABLE)

# carousel_ask_python(<variable> <expression>): what it prints, with sys and sysconfig at hand.
function(carousel_ask_python variable expression)
  execute_process(COMMAND "${CAROUSEL_PYTHON_EXECUTABLE}" -c "import sys, sysconfig; print(${expression})"
    OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(failed)
    set(answer "")
  endif()
  set(${variable} "${answer}" PARENT_SCOPE)
endfunction()

# carousel_python_problem(<variable>): why it cannot be built; empty when it can.
function(carousel_python_problem variable)
  set(${variable} "" PARENT_SCOPE)
  if(CMAKE_CROSSCOMPILING)
    set(${variable} "an interpreter of another machine cannot be asked (cross-compiling)" PARENT_SCOPE)
  elseif(CAROUSEL_SANITIZE)
    set(${variable} "the interpreter itself is not sanitized" PARENT_SCOPE)
  elseif(NOT CAROUSEL_PYTHON_EXECUTABLE)
    set(${variable} "no python3 found" PARENT_SCOPE)
  elseif(NOT EXISTS "${CAROUSEL_PYTHON_INCLUDE_DIR}/Python.h")
    set(${variable} "no Python.h of ${CAROUSEL_PYTHON_EXECUTABLE}: install python3-dev" PARENT_SCOPE)
  elseif(NOT CAROUSEL_PYBIND11_INCLUDE_DIR)
    set(${variable} "no pybind11: install pybind11-dev" PARENT_SCOPE)
  endif()
endfunction()

if(CAROUSEL_PYTHON_EXECUTABLE)
  carousel_ask_python(CAROUSEL_PYTHON_INCLUDE_DIR "sysconfig.get_path('include')")
  carousel_ask_python(CAROUSEL_PYTHON_EXT_SUFFIX "sysconfig.get_config_var('EXT_SUFFIX')")
  carousel_ask_python(CAROUSEL_PYTHON_VERSION "'%d.%d' % sys.version_info[:2]")
  carousel_ask_python(CAROUSEL_PYTHON_NEXT_VERSION "'%d.%d' % (sys.version_info[0], sys.version_info[1] + 1)")
endif()
find_path(CAROUSEL_PYBIND11_INCLUDE_DIR pybind11/pybind11.h)
mark_as_advanced(CAROUSEL_PYBIND11_INCLUDE_DIR)

carousel_python_problem(python_problem)
if(python_problem AND NOT CAROUSEL_PYTHON STREQUAL "AUTO")
  message(FATAL_ERROR "The Python package cannot be built: ${python_problem}; or give -DCAROUSEL_PYTHON=OFF.")
elseif(python_problem)
  message(STATUS "Python package: no: ${python_problem}")
  return()
endif()
set(CAROUSEL_HAS_PYTHON ON)
message(STATUS "Python package: for Python ${CAROUSEL_PYTHON_VERSION}, ${CAROUSEL_PYTHON_EXECUTABLE}")

# Where that interpreter looks; Debian's packages have a folder of their own.
set(python_folder "lib/python${CAROUSEL_PYTHON_VERSION}/site-packages")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND EXISTS /etc/debian_version)
  set(python_folder "lib/python3/dist-packages")
endif()
set(CAROUSEL_PYTHON_INSTALL_DIR "${python_folder}" CACHE STRING
  "Where the Python package is installed, below the prefix")
mark_as_advanced(CAROUSEL_PYTHON_INSTALL_DIR)
