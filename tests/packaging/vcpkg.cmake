# SPDX-License-Identifier: Apache-2.0
# cmake -Dport=DIR -Dversion=V -Dxsimd=DIR -Dfolder=DIR [-Dbuild=ON] -P vcpkg.cmake: checks vcpkg.json and
# runs portfile.cmake, with every set of its features, against stand-ins for vcpkg's functions. Builds and
# installs only if asked to: that takes minutes.
cmake_minimum_required(VERSION 3.25)

function(expect what)
  if(NOT (${ARGN}))
    message(FATAL_ERROR "${what}")
  endif()
endfunction()

# --- What vcpkg would have defined ---
function(vcpkg_check_features)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
  set(options)
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    expect("vcpkg.json has no feature ${feature}" feature IN_LIST known_features)
    set(value OFF)
    if(feature IN_LIST FEATURES)
      set(value ON)
    endif()
    list(APPEND options "-D${option}=${value}")
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} "${options}" PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  expect("not configured: ${arg_UNPARSED_ARGUMENTS}" NOT arg_UNPARSED_ARGUMENTS)
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${arg_SOURCE_PATH}" -B "${CURRENT_BUILDTREES_DIR}"
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}"
    -DCMAKE_INSTALL_LIBDIR=lib "-DCAROUSEL_XSIMD_INCLUDE_DIR=${xsimd}" ${arg_OPTIONS}
    OUTPUT_VARIABLE output ERROR_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  expect("the port gives options that Carousel does not have:\n${output}"
    NOT output MATCHES "Manually-specified variables were not used")
endfunction()

function(vcpkg_cmake_install)
  if(build)
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${CURRENT_BUILDTREES_DIR}" --parallel 2
      COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND "${CMAKE_COMMAND}" --install "${CURRENT_BUILDTREES_DIR}"
      COMMAND_ERROR_IS_FATAL ANY)
  endif()
endfunction()

function(expect_installed)
  foreach(file IN LISTS ARGN)
    expect("${file} was not installed" NOT build OR EXISTS "${CURRENT_PACKAGES_DIR}/${file}")
  endforeach()
endfunction()

function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "PACKAGE_NAME;CONFIG_PATH" "")
  expect_installed("${arg_CONFIG_PATH}/${arg_PACKAGE_NAME}-config.cmake")
endfunction()

function(vcpkg_fixup_pkgconfig)
  expect_installed(lib/pkgconfig/carousel.pc)
endfunction()

function(vcpkg_copy_tools)
  cmake_parse_arguments(PARSE_ARGV 0 arg "AUTO_CLEAN" "" "TOOL_NAMES")
  list(TRANSFORM arg_TOOL_NAMES PREPEND bin/)
  expect_installed(${arg_TOOL_NAMES})
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  foreach(file IN LISTS arg_FILE_LIST)
    expect("no ${file}" EXISTS "${file}")
  endforeach()
endfunction()

# --- vcpkg.json ---
file(READ "${port}/vcpkg.json" manifest)
foreach(field IN ITEMS name version description license)
  string(JSON ${field}_found GET "${manifest}" ${field})
endforeach()
expect("vcpkg.json is of ${version_found}, not ${version}" version_found STREQUAL version)
expect("the port is called ${name_found}" name_found STREQUAL carousel)
string(JSON count LENGTH "${manifest}" features)
set(known_features)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON feature MEMBER "${manifest}" features ${index})
  list(APPEND known_features ${feature})
endforeach()

# --- The port, plain and with all its features ---
set(PORT carousel)
foreach(FEATURES IN ITEMS "core" "core;${known_features}")
  string(REPLACE ";" "_" name "${FEATURES}")
  set(CURRENT_BUILDTREES_DIR "${folder}/build_${name}")
  set(CURRENT_PACKAGES_DIR "${folder}/package_${name}")
  file(REMOVE_RECURSE "${CURRENT_BUILDTREES_DIR}" "${CURRENT_PACKAGES_DIR}")
  include("${port}/portfile.cmake")
  expect("no usage text" EXISTS "${CURRENT_PACKAGES_DIR}/share/carousel/usage")
  message(STATUS "port with ${FEATURES}: configured as it should")
endforeach()
