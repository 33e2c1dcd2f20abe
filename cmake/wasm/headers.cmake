# SPDX-License-Identifier: Apache-2.0
# Where a build for WebAssembly finds what is not Emscripten's: what fetch-dependencies.sh has fetched, and a
# folder of links to the host's headers.
include("${CMAKE_CURRENT_LIST_DIR}/../DepsDir.cmake")
set(CAROUSEL_WASM_DEPS "${carousel_default_deps_dir}/wasm")
set(CAROUSEL_WASM_HEADERS "${CAROUSEL_WASM_DEPS}/headers")

# carousel_wasm_link_headers(<folder>): makes a folder of the host's headers visible, if it is there.
function(carousel_wasm_link_headers folder)
  set(link "${CAROUSEL_WASM_HEADERS}/${folder}")
  find_path(found ${folder} PATHS /usr/local/include /usr/include
    NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH NO_CACHE)
  if(found AND NOT EXISTS "${link}")
    file(MAKE_DIRECTORY "${CAROUSEL_WASM_HEADERS}")
    file(CREATE_LINK "${found}/${folder}" "${link}" SYMBOLIC)
  endif()
endfunction()

# carousel_wasm_libcxx_flags(<out>): the flags by which the compiler finds a C++ library with the
# algorithms of std::ranges. None, if Emscripten's has them.
function(carousel_wasm_libcxx_flags out)
  set(config "${EMSCRIPTEN_SYSROOT}/include/c++/v1/__config")
  file(STRINGS "${config}" version REGEX "define _LIBCPP_VERSION +[0-9]+" LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+" version "${version}")
  set(${out} "" PARENT_SCOPE)
  if(NOT version VERSION_LESS 15000)
    return()
  endif()
  file(GLOB found "${CAROUSEL_WASM_DEPS}/libcxx/usr/lib/llvm-*/include/c++/v1")
  if(NOT found)
    message(FATAL_ERROR "Emscripten's C++ library (version ${version}) is too old. `./dev wasm` fetches "
      "newer headers, by cmake/wasm/fetch-dependencies.sh.")
  endif()
  set(${out} "-nostdinc++ -isystem ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/libcxx -isystem ${found}" PARENT_SCOPE)
endfunction()
