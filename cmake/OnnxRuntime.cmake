# SPDX-License-Identifier: Apache-2.0
# ONNX Runtime: what the benchmarks compare with, and what loads Carousel's library for it. The
# header is needed to build, the library only to run; `./dev onnxruntime` fetches both.
#
# Sets CAROUSEL_ONNXRUNTIME_INCLUDE_DIR and CAROUSEL_ONNXRUNTIME_LIBRARY, where they are found, and
# CAROUSEL_HAS_ONNXRUNTIME: whether that library is built.
set(onnxruntime_places "${ONNXRUNTIME_ROOT}" ENV ONNXRUNTIME_ROOT "${CAROUSEL_DEPS_DIR}/onnxruntime")
find_path(CAROUSEL_ONNXRUNTIME_INCLUDE_DIR onnxruntime_c_api.h
  HINTS ${onnxruntime_places}
  PATH_SUFFIXES include/onnxruntime usr/include/onnxruntime include onnxruntime
                include/onnxruntime/core/session)
find_library(CAROUSEL_ONNXRUNTIME_LIBRARY NAMES onnxruntime libonnxruntime.so.1
  HINTS ${onnxruntime_places}
  PATH_SUFFIXES lib "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
mark_as_advanced(CAROUSEL_ONNXRUNTIME_INCLUDE_DIR CAROUSEL_ONNXRUNTIME_LIBRARY)

set(CAROUSEL_HAS_ONNXRUNTIME OFF)
if(NOT CAROUSEL_ONNXRUNTIME)
  message(STATUS "ONNX Runtime: not built for (CAROUSEL_ONNXRUNTIME=${CAROUSEL_ONNXRUNTIME})")
  return()
endif()
set(onnxruntime_problem)
if(NOT CAROUSEL_HAS_ONNX)
  set(onnxruntime_problem "protobuf and ONNX's schema are missing (see CAROUSEL_ONNX)")
elseif(NOT EXISTS "${CAROUSEL_ONNXRUNTIME_INCLUDE_DIR}/onnxruntime_ep_c_api.h")
  string(CONCAT onnxruntime_problem "no onnxruntime_ep_c_api.h (ONNX Runtime 1.23 or newer), which "
    "`./dev onnxruntime` fetches and -DONNXRUNTIME_ROOT=DIR tells")
endif()
if(NOT onnxruntime_problem)
  set(CAROUSEL_HAS_ONNXRUNTIME ON)
  message(STATUS "ONNX Runtime: built for, ${CAROUSEL_ONNXRUNTIME_INCLUDE_DIR}")
elseif(CAROUSEL_ONNXRUNTIME STREQUAL "AUTO")
  message(STATUS "ONNX Runtime: not built for: ${onnxruntime_problem}")
else()
  message(FATAL_ERROR "The library for ONNX Runtime cannot be built: ${onnxruntime_problem}; "
    "or give -DCAROUSEL_ONNXRUNTIME=OFF.")
endif()
