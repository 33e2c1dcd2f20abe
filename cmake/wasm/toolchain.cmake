# SPDX-License-Identifier: Apache-2.0
# Emscripten's toolchain file, and what is different for this project:
#   - headers without a library, such as nlohmann's, are those of the host: they are linked into a folder of
#     their own, since the host's other headers must not be seen;
#   - where the C++ library of Emscripten is older than LLVM 15, which has no algorithms of std::ranges, the
#     headers of a newer one are used with Emscripten's binaries (libcxx/__config_site).
execute_process(COMMAND em-config EMSCRIPTEN_ROOT OUTPUT_VARIABLE emscripten_root
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(EMSCRIPTEN_SYSTEM_PROCESSOR wasm32)
include("${emscripten_root}/cmake/Modules/Platform/Emscripten.cmake")
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)

include("${CMAKE_CURRENT_LIST_DIR}/headers.cmake")
foreach(headers IN ITEMS nlohmann onnx xsimd)
  carousel_wasm_link_headers(${headers})
endforeach()
set(nlohmann_json_DIR "${CMAKE_CURRENT_LIST_DIR}/packages")
set(Protobuf_DIR "${CMAKE_CURRENT_LIST_DIR}/packages")
set(CMAKE_FIND_PACKAGE_PREFER_CONFIG ON)
list(APPEND CMAKE_INCLUDE_PATH "${CAROUSEL_WASM_HEADERS}")

set(flags "-msimd128 -fwasm-exceptions")
set(CMAKE_C_FLAGS_INIT "${flags}")
carousel_wasm_libcxx_flags(libcxx_flags)
set(CMAKE_CXX_FLAGS_INIT "${flags} ${libcxx_flags} -isystem ${CAROUSEL_WASM_HEADERS}")
# For size; kernels and layers are compiled with more (carousel_add_isa_object, core/engine).
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "Flags of a Release build")
set(CMAKE_C_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "Flags of a Release build")
# Most of the time goes into the headers of the C++ library.
set(CMAKE_UNITY_BUILD ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
