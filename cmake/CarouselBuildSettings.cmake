# SPDX-License-Identifier: Apache-2.0
# How Carousel's own code is compiled: language level, warnings, sanitizers, output folder.

include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
if(NOT EMSCRIPTEN)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON) # a static carousel goes into plug-ins and shared libraries
endif()

# Only what include/carousel/export.h marks is seen from outside; of a static library nothing.
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT BUILD_SHARED_LIBS)
  add_compile_definitions(CAROUSEL_STATIC)
elseif(CAROUSEL_BUILD_TESTS)
  message(FATAL_ERROR "The tests look inside the library, which a shared one hides: "
    "build them with BUILD_SHARED_LIBS=OFF, or give -DCAROUSEL_BUILD_TESTS=OFF.")
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

  get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(NOT CMAKE_BUILD_TYPE AND NOT is_multi_config)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()

  find_program(CAROUSEL_CCACHE ccache)
  mark_as_advanced(CAROUSEL_CCACHE)
  if(CAROUSEL_CCACHE)
    foreach(language IN ITEMS C CXX)
      if(NOT CMAKE_${language}_COMPILER_LAUNCHER)
        set(CMAKE_${language}_COMPILER_LAUNCHER "${CAROUSEL_CCACHE}")
      endif()
    endforeach()
  endif()
endif()

# Every target of ours links this PRIVATE; nothing of it reaches an application.
add_library(carousel_warnings INTERFACE)
target_compile_options(carousel_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
  -Wformat=2 -Wundef -Wvla
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wextra-semi>
  $<$<BOOL:${CAROUSEL_WERROR}>:-Werror>)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees these in its own inlined std::string and std::vector (GCC bugs 105329, 105651).
  target_compile_options(carousel_warnings INTERFACE
    -Wno-restrict -Wno-stringop-overflow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Taken for dangling: a reference into one argument of a call whose other argument is a temporary.
  target_compile_options(carousel_warnings INTERFACE -Wno-dangling-reference)
endif()

if(EMSCRIPTEN)
  # A size has 32 bits there. What comes from files is compared with sizes before (`Aligned`).
  target_compile_options(carousel_warnings INTERFACE -Wno-shorten-64-to-32)
endif()

if(CAROUSEL_SANITIZE)
  if(NOT CAROUSEL_SANITIZE MATCHES "^(address|undefined|address,undefined|thread)$")
    message(FATAL_ERROR "CAROUSEL_SANITIZE is \"${CAROUSEL_SANITIZE}\"; "
      "choose \"\", \"address,undefined\" or \"thread\".")
  endif()
  # Directory-wide, so that every object is instrumented: a half-instrumented program misses errors.
  add_compile_options(-fsanitize=${CAROUSEL_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CAROUSEL_SANITIZE})
endif()

if(CAROUSEL_HARDEN)
  # A distribution's own flags come later, so a higher level of FORTIFY among them counts. In Debug
  # builds, which do not optimize, it would be a warning and no more.
  add_compile_options(-fstack-protector-strong
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  if(NOT APPLE)
    add_link_options(LINKER:-z,relro LINKER:-z,now)
  endif()
endif()

# carousel_precompile(<target> [<header>...]): the headers of the standard library that most sources
# include, and the given ones. Only where the option says so: elsewhere each source has to compile
# with what it includes itself.
function(carousel_precompile target)
  if(CAROUSEL_PRECOMPILE)
    set(headers <algorithm> <array> <cmath> <cstdint> <functional> <memory> <optional> <span>
      <stdexcept> <string> <string_view> <variant> <vector> ${ARGN})
    list(TRANSFORM headers REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:\\1>")
    target_precompile_headers(${target} PRIVATE ${headers})
  endif()
endfunction()

# carousel_compile_in_batches(<target>): several of its sources at once, by the same option. For the
# library, in which no two sources have the same names to themselves (clang-tidy reads it so, too).
function(carousel_compile_in_batches target)
  if(CAROUSEL_PRECOMPILE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()
