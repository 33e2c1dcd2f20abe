# SPDX-License-Identifier: Apache-2.0
# `cmake --install`: headers, library, CMake package, pkg-config file and the command. Components:
# library (what programs need to run), dev (to be built), tools.
include(CMakePackageConfigHelpers)

# carousel::c is for users of carousel.h: links the library, but does not ask for C++20.
add_library(carousel_c INTERFACE)
add_library(carousel::c ALIAS carousel_c)
set_target_properties(carousel_c PROPERTIES EXPORT_NAME c)
target_link_libraries(carousel_c INTERFACE $<LINK_ONLY:carousel>)
target_include_directories(carousel_c INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
if(NOT BUILD_SHARED_LIBS)
  target_compile_definitions(carousel_c INTERFACE CAROUSEL_STATIC)
endif()

# carousel::plugin is for plug-ins in C: the headers, and no library.
add_library(carousel_plugin INTERFACE)
add_library(carousel::plugin ALIAS carousel_plugin)
set_target_properties(carousel_plugin PROPERTIES EXPORT_NAME plugin)
target_include_directories(carousel_plugin INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

set_target_properties(carousel PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}) # 0.x: no promises between minors
if(BUILD_SHARED_LIBS AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(map "${PROJECT_BINARY_DIR}/carousel.map")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/package/carousel.map" "${map}" @ONLY)
  target_link_options(carousel PRIVATE "LINKER:--version-script=${map}")
  set_property(TARGET carousel APPEND PROPERTY LINK_DEPENDS "${map}")
endif()

if(NOT CAROUSEL_INSTALL)
  return()
endif()

set(kind static)
if(BUILD_SHARED_LIBS)
  set(kind shared)
endif()
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/carousel")
set(templates "${PROJECT_SOURCE_DIR}/cmake/package")
set(generated "${PROJECT_BINARY_DIR}/package")

install(TARGETS carousel carousel_c EXPORT carousel-${kind}-targets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library NAMELINK_COMPONENT dev
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
install(EXPORT carousel-${kind}-targets NAMESPACE carousel::
  DESTINATION "${package_dir}" COMPONENT dev)
install(TARGETS carousel_plugin EXPORT carousel-plugin-targets)
install(EXPORT carousel-plugin-targets NAMESPACE carousel::
  DESTINATION "${package_dir}" COMPONENT dev)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/carousel"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr") # there, packages bring their own: CarouselPackages
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/THIRD_PARTY_NOTICES.md"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT dev)
endif()

configure_package_config_file("${templates}/carousel-config.cmake.in"
  "${generated}/carousel-config.cmake" INSTALL_DESTINATION "${package_dir}")
# Of 0.x, each minor version may differ in its interface.
write_basic_package_version_file("${generated}/carousel-config-version.cmake"
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES "${generated}/carousel-config.cmake" "${generated}/carousel-config-version.cmake"
  DESTINATION "${package_dir}" COMPONENT dev)
if(NOT BUILD_SHARED_LIBS)
  configure_file("${templates}/carousel-static-dependencies.cmake.in"
    "${generated}/carousel-static-dependencies.cmake" @ONLY)
  install(FILES "${generated}/carousel-static-dependencies.cmake"
    "${templates}/carousel-dnnl-problem.cmake" "${templates}/carousel-libzip.cmake"
    DESTINATION "${package_dir}" COMPONENT dev)
endif()

# pkg-config. The file finds its prefix from where it lies, unless the folders are absolute.
set(pc_cflags)
set(pc_libs)
if(NOT BUILD_SHARED_LIBS)
  set(pc_cflags " -DCAROUSEL_STATIC")
  if(CAROUSEL_HAS_ONEDNN)
    string(APPEND pc_libs " -ldnnl ${OpenMP_CXX_FLAGS}")
  endif()
  if(CAROUSEL_HAS_ONNX)
    string(APPEND pc_libs " -lprotobuf-lite")
  endif()
  if(CAROUSEL_HAS_ZIP)
    string(APPEND pc_libs " -lzip")
  endif()
  string(APPEND pc_libs " -pthread -lstdc++ -lm")
  foreach(library IN LISTS CMAKE_DL_LIBS)
    string(APPEND pc_libs " -l${library}")
  endforeach()
endif()
set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  set(pc_prefix "\${pcfiledir}/${up}")
  string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
endif()
configure_file("${templates}/carousel.pc.in" "${generated}/carousel.pc" @ONLY)
install(FILES "${generated}/carousel.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
  COMPONENT dev)

if(TARGET carousel_cli)
  if(BUILD_SHARED_LIBS AND NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    file(RELATIVE_PATH to_library "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(carousel_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
  endif()
  install(TARGETS carousel_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)

  set(manual "${generated}/carousel.1")
  configure_file("${PROJECT_SOURCE_DIR}/cli/man/carousel.1.in" "${manual}" @ONLY)
  find_program(CAROUSEL_GZIP gzip)
  mark_as_advanced(CAROUSEL_GZIP)
  if(CAROUSEL_GZIP)
    execute_process(COMMAND "${CAROUSEL_GZIP}" -9nc "${manual}" OUTPUT_FILE "${manual}.gz"
      COMMAND_ERROR_IS_FATAL ANY)
    string(APPEND manual ".gz")
  endif()
  install(FILES "${manual}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT tools)

  set(completions "${PROJECT_SOURCE_DIR}/cli/completions")
  set(zsh_folder site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND EXISTS /etc/debian_version)
    set(zsh_folder vendor-completions)
  endif()
  install(FILES "${completions}/carousel.bash" RENAME carousel COMPONENT tools
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${completions}/_carousel" COMPONENT tools
    DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/${zsh_folder}")
endif()
