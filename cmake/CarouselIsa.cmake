# SPDX-License-Identifier: Apache-2.0
# One kernel source, compiled once per instruction set.
#
# The danger: the linker keeps ONE copy of an inline function or template instance that two objects
# hold. If that copy was compiled for AVX-512, the SSE2 path crashes on an older CPU. So ISA objects
#   - see xsimd under a name of their own (the macro `xsimd`), which makes its templates distinct;
#   - are always optimized, so that small std:: functions are inlined even in a Debug build;
#   - are checked by the test `weak_symbols`.

# carousel_add_isa_object(<name> SOURCE <files...> ARCH <xsimd arch> [FLAGS <compiler flags...>])
#
# <name> is an identifier such as avx2. The source sees
#   CAROUSEL_ISA_NAME   <name>, as a bare identifier
#   CAROUSEL_ISA_ARCH   <xsimd arch>, for example xsimd::fma3<xsimd::avx2>
# and the objects become part of the target carousel.
function(carousel_add_isa_object name)
  cmake_parse_arguments(PARSE_ARGV 1 isa "" "ARCH" "SOURCE;FLAGS")
  if(NOT isa_SOURCE OR NOT isa_ARCH OR isa_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "carousel_add_isa_object(${name}): needs SOURCE and ARCH")
  endif()

  set(target carousel_isa_${name})
  add_library(${target} OBJECT ${isa_SOURCE})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE carousel_warnings carousel_xsimd)
  target_compile_definitions(${target} PRIVATE
    CAROUSEL_ISA_NAME=${name} "CAROUSEL_ISA_ARCH=${isa_ARCH}" xsimd=carousel_xsimd_${name})
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    list(PREPEND isa_FLAGS -march=x86-64) # forget any -march=native among CMAKE_CXX_FLAGS
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12's own AVX-512 intrinsics trip these (GCC bug 105593).
    list(APPEND isa_FLAGS -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  set(sanitized)
  if(CAROUSEL_SANITIZE)
    # Else the instrumented kernels take minutes each; what is left out, the address sanitizer finds.
    set(sanitized -O1)
    if(CAROUSEL_SANITIZE MATCHES undefined)
      list(APPEND sanitized -fno-sanitize=null,object-size,alignment,pointer-overflow)
    endif()
  endif()
  set(hardened)
  if(CAROUSEL_HARDEN)
    set(hardened -fno-stack-protector) # kernels write no buffer whose size comes from outside
  endif()
  target_compile_options(${target} PRIVATE
    $<IF:$<CONFIG:Debug,RelWithDebInfo>,-O2,-O3>
    ${sanitized}
    -fno-exceptions -fno-rtti -fno-lto -fvisibility=hidden -fvisibility-inlines-hidden
    -ffp-contract=off # the source says where to fuse: same bits from every compiler
    -fno-math-errno ${isa_FLAGS} ${hardened})
  set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF UNITY_BUILD OFF)

  target_sources(carousel PRIVATE $<TARGET_OBJECTS:${target}>)
  set_property(GLOBAL APPEND PROPERTY CAROUSEL_ISA_TARGETS ${target})
endfunction()

# Adds the tests weak_symbols and weak_symbols_selftest. Call after all carousel_add_isa_object.
function(carousel_add_weak_symbol_test)
  set(checks "${PROJECT_SOURCE_DIR}/cmake/checks")
  add_test(NAME weak_symbols_selftest
    COMMAND "${checks}/weak-symbols-selftest.sh" "${CMAKE_NM}" "${CMAKE_CXX_COMPILER}")
  if(CAROUSEL_SANITIZE)
    return() # instrumentation adds symbols; the plain builds are what ships
  endif()
  get_property(isa_targets GLOBAL PROPERTY CAROUSEL_ISA_TARGETS)
  set(arguments)
  foreach(target IN LISTS isa_targets)
    list(APPEND arguments --isa ${target} $<TARGET_OBJECTS:${target}>)
  endforeach()
  if(TARGET carousel)
    # Precompiled headers count as objects.
    list(APPEND arguments --baseline $<FILTER:$<TARGET_OBJECTS:carousel>,EXCLUDE,[.]gch$>)
  endif()
  add_test(NAME weak_symbols COMMAND "${checks}/weak-symbols.sh" "${CMAKE_NM}" ${arguments}
    COMMAND_EXPAND_LISTS)
endfunction()
