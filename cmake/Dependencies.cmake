# SPDX-License-Identifier: Apache-2.0
# Finds what Carousel needs. The library: xsimd, nlohmann_json (both headers only), threads and, if
# there, oneDNN with OpenMP (by which oneDNN takes its number of threads), protobuf and ONNX's schema,
# libzip.
# CLI11, GoogleTest and Google Benchmark only for the parts that use them.
#
# Sets CAROUSEL_HAS_ONEDNN (built in) or CAROUSEL_ONEDNN_IS_PLUGIN, CAROUSEL_HAS_ONNX (and CAROUSEL_ONNX_PROTO),
# CAROUSEL_HAS_ZIP (and the target carousel_libzip) and defines the target
# carousel_xsimd (xsimd's headers).

set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # an application that links carousel sees what it links

# carousel_require(<package> <apt package> [arguments of find_package])
macro(carousel_require package apt_package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} not found: install ${apt_package}, or give -D${package}_ROOT=DIR.")
  endif()
endmacro()

carousel_require(nlohmann_json nlohmann-json3-dev 3.7 CONFIG)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
if(CAROUSEL_BUILD_CLI)
  carousel_require(CLI11 libcli11-dev CONFIG)
endif()
if(CAROUSEL_BUILD_TESTS)
  # Debian's GoogleTest is the host's, with its sources beside it.
  set(googletest_sources /usr/src/googletest/googletest)
  if(CMAKE_CROSSCOMPILING AND EXISTS "${googletest_sources}/CMakeLists.txt")
    add_subdirectory("${googletest_sources}" "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL SYSTEM)
  else()
    carousel_require(GTest libgtest-dev)
  endif()
endif()
if(CAROUSEL_BUILD_BENCH)
  carousel_require(benchmark libbenchmark-dev CONFIG)
endif()

set(CAROUSEL_HAS_ONEDNN OFF)
set(dnnl_problem)
if(CAROUSEL_ONEDNN)
  include("${CMAKE_CURRENT_LIST_DIR}/package/carousel-dnnl-problem.cmake")
  carousel_dnnl_problem(dnnl_problem)
endif()
if(dnnl_problem)
  set(kind FATAL_ERROR)
  if(CAROUSEL_ONEDNN STREQUAL "AUTO")
    set(kind WARNING)
  endif()
  message(${kind} "No oneDNN backend: ${dnnl_problem}; or give -DCAROUSEL_ONEDNN=OFF.")
elseif(CAROUSEL_ONEDNN STREQUAL "AUTO")
  find_package(dnnl CONFIG QUIET)
  set(CAROUSEL_HAS_ONEDNN ${dnnl_FOUND})
elseif(CAROUSEL_ONEDNN)
  carousel_require(dnnl libdnnl-dev CONFIG)
  set(CAROUSEL_HAS_ONEDNN ON)
endif()
set(CAROUSEL_ONEDNN_IS_PLUGIN OFF)
if(CAROUSEL_HAS_ONEDNN)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    carousel_require(OpenMP libomp-dev COMPONENTS CXX)
  else()
    carousel_require(OpenMP g++ COMPONENTS CXX)
  endif()
  message(STATUS "oneDNN ${dnnl_VERSION}: ${dnnl_DIR}")
  if(CAROUSEL_ONEDNN STREQUAL "PLUGIN")
    set(CAROUSEL_ONEDNN_IS_PLUGIN ON)
    set(CAROUSEL_HAS_ONEDNN OFF)
  endif()
else()
  message(STATUS "oneDNN: not used (CAROUSEL_ONEDNN=${CAROUSEL_ONEDNN})")
endif()

set(CAROUSEL_HAS_ONNX OFF)
if(CAROUSEL_ONNX)
  # The schema as ONNX installs it; its library is not used.
  find_file(CAROUSEL_ONNX_PROTO onnx/onnx.proto PATH_SUFFIXES include)
  mark_as_advanced(CAROUSEL_ONNX_PROTO)
  find_package(Protobuf QUIET)
  if(CAROUSEL_ONNX_PROTO AND Protobuf_FOUND AND TARGET protobuf::protoc
      AND TARGET protobuf::libprotobuf-lite)
    set(CAROUSEL_HAS_ONNX ON)
    message(STATUS "ONNX files: yes, protobuf ${Protobuf_VERSION}, ${CAROUSEL_ONNX_PROTO}")
  elseif(NOT CAROUSEL_ONNX STREQUAL "AUTO")
    message(FATAL_ERROR "protobuf or ONNX's schema (onnx/onnx.proto) not found: install "
      "libprotobuf-dev, protobuf-compiler and libonnx-dev, or give -DCAROUSEL_ONNX_PROTO=FILE.")
  endif()
endif()
if(NOT CAROUSEL_HAS_ONNX)
  message(STATUS "ONNX files: no (CAROUSEL_ONNX=${CAROUSEL_ONNX})")
endif()

set(CAROUSEL_HAS_ZIP OFF)
if(CAROUSEL_ZIP)
  include("${CMAKE_CURRENT_LIST_DIR}/package/carousel-libzip.cmake")
  if(TARGET carousel_libzip)
    set(CAROUSEL_HAS_ZIP ON)
    message(STATUS "PyTorch archives: yes, ${CAROUSEL_LIBZIP_LIBRARY}")
  elseif(NOT CAROUSEL_ZIP STREQUAL "AUTO")
    message(FATAL_ERROR "libzip not found: install libzip-dev, or give "
      "-DCAROUSEL_LIBZIP_LIBRARY=FILE and -DCAROUSEL_LIBZIP_INCLUDE_DIR=DIR.")
  endif()
endif()
if(NOT CAROUSEL_HAS_ZIP)
  message(STATUS "PyTorch archives: no (CAROUSEL_ZIP=${CAROUSEL_ZIP})")
endif()

# --- xsimd ---------------------------------------------------------------------------------------
# Looked up as headers rather than with find_package: Debian's xsimdConfig.cmake demands xtl, which
# is not needed here.

set(CAROUSEL_XSIMD_MINIMUM 13)
include("${CMAKE_CURRENT_LIST_DIR}/DepsDir.cmake")
set(CAROUSEL_DEPS_DIR "${carousel_default_deps_dir}" CACHE PATH "Where fetched dependencies are kept")

function(carousel_xsimd_version out_version include_dir)
  set(version 0)
  if(EXISTS "${include_dir}/xsimd/config/xsimd_config.hpp")
    file(STRINGS "${include_dir}/xsimd/config/xsimd_config.hpp" lines
      REGEX "define XSIMD_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
    list(JOIN numbers "." version)
  endif()
  set(${out_version} "${version}" PARENT_SCOPE)
endfunction()

function(carousel_xsimd_is_new_enough out_accept include_dir)
  carousel_xsimd_version(version "${include_dir}")
  if(version VERSION_LESS CAROUSEL_XSIMD_MINIMUM)
    set(${out_accept} FALSE PARENT_SCOPE)
  endif()
endfunction()

macro(carousel_find_xsimd)
  find_path(CAROUSEL_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp
    HINTS "${xsimd_ROOT}" "$ENV{xsimd_ROOT}"
    PATHS "${CAROUSEL_DEPS_DIR}/xsimd/usr"
    PATH_SUFFIXES include
    VALIDATOR carousel_xsimd_is_new_enough)
endmacro()

carousel_find_xsimd()
if(NOT CAROUSEL_XSIMD_INCLUDE_DIR AND CAROUSEL_FETCH_DEPS)
  message(STATUS "xsimd >= ${CAROUSEL_XSIMD_MINIMUM} not found; fetching Debian's package")
  execute_process(
    COMMAND "${CMAKE_CURRENT_LIST_DIR}/fetch-debian-package.sh"
      trixie libxsimd-dev "${CAROUSEL_DEPS_DIR}/xsimd"
    RESULT_VARIABLE fetch_status)
  if(fetch_status EQUAL 0)
    carousel_find_xsimd()
  endif()
endif()
if(NOT CAROUSEL_XSIMD_INCLUDE_DIR)
  message(FATAL_ERROR "xsimd >= ${CAROUSEL_XSIMD_MINIMUM} not found. Install libxsimd-dev (Debian 13 "
    "or later), or unpack a release of https://github.com/xtensor-stack/xsimd (headers only) and "
    "give -Dxsimd_ROOT=DIR, the folder that holds include/xsimd/xsimd.hpp; or, on Debian, let it be "
    "fetched with -DCAROUSEL_FETCH_DEPS=ON.")
endif()
mark_as_advanced(CAROUSEL_XSIMD_INCLUDE_DIR)
carousel_xsimd_version(xsimd_version "${CAROUSEL_XSIMD_INCLUDE_DIR}")
message(STATUS "xsimd ${xsimd_version}: ${CAROUSEL_XSIMD_INCLUDE_DIR}")

add_library(carousel_xsimd INTERFACE)
target_include_directories(carousel_xsimd SYSTEM INTERFACE "${CAROUSEL_XSIMD_INCLUDE_DIR}")
