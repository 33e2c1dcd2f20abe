# SPDX-License-Identifier: Apache-2.0
# AArch64 by the cross compiler of Debian, run by QEMU. What fetch-dependencies.sh has fetched stands in for the
# libraries of the host, whose headers (JSON, CLI11, ONNX's schema) and compiler of messages are used as they are.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

include("${CMAKE_CURRENT_LIST_DIR}/../DepsDir.cmake")
set(fetched "${carousel_default_deps_dir}/aarch64")
set(protobuf "${fetched}/protobuf/usr")
if(NOT EXISTS "${protobuf}")
  message(FATAL_ERROR "Nothing in ${protobuf}: `./dev arm` fetches it, by cmake/aarch64/fetch-dependencies.sh.")
endif()
set(Protobuf_INCLUDE_DIR "${protobuf}/include" CACHE PATH "Headers of protobuf")
set(Protobuf_LIBRARY_RELEASE "${protobuf}/lib/aarch64-linux-gnu/libprotobuf.a" CACHE FILEPATH "protobuf")
set(Protobuf_LITE_LIBRARY_RELEASE "${protobuf}/lib/aarch64-linux-gnu/libprotobuf-lite.a" CACHE FILEPATH
  "What Carousel uses of protobuf")
set(ONNXRUNTIME_ROOT "${fetched}/onnxruntime" CACHE PATH "ONNX Runtime, if it was fetched")
