# SPDX-License-Identifier: Apache-2.0
# `cpack -G DEB` in a build of a shared library (./dev deb): a Debian package for each
# component of CarouselInstall.cmake.
if(NOT CAROUSEL_INSTALL OR NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(api "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
set(library_package libcarousel${api})

set(CPACK_PACKAGE_NAME carousel)
set(CPACK_PACKAGE_VENDOR "Carousel")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "fast inference of recurrent neural networks on CPUs")
set(CPACK_PACKAGE_CONTACT "Carousel maintainers <carousel@localhost>" CACHE STRING
  "The maintainer that packages name")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL library dev tools)
if(CAROUSEL_HAS_PYTHON)
  list(APPEND CPACK_COMPONENTS_ALL python)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}/core")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
# dpkg then runs ldconfig once for all packages. (CPack's own scripts call it as well; ./dev deb
# takes them out.)
set(triggers "${PROJECT_BINARY_DIR}/package/triggers")
file(WRITE "${triggers}" "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${triggers}")
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "Carousel runs trained LSTM networks inside C and C++ programs: PyTorch weights
in, PyTorch's numbers out. Kernels for SSE2, AVX2 and AVX-512, and where it is
part of the build oneDNN, are chosen at run time.

This package has the shared library.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libcarousel-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_DEV_DESCRIPTION "Carousel runs trained LSTM networks inside C and C++ programs: PyTorch weights
in, PyTorch's numbers out.

This package has the headers of the C and C++ interfaces, the CMake package
and the pkg-config file.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME carousel-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION science)
# The library is of the same build, so nothing could tell dpkg-shlibdeps its package.
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "The command carousel ranks the ways in which this CPU can run a trained LSTM
network by measured speed, checks them against a float64 oracle, runs networks
on NumPy arrays and measures latencies.")

set(CPACK_DEBIAN_PYTHON_PACKAGE_NAME python3-carousel)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
# The extension is for one minor version of Python.
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "${library_package} (= ${PROJECT_VERSION}-1), python3-numpy, \
python3 (>= ${CAROUSEL_PYTHON_VERSION}), python3 (<< ${CAROUSEL_PYTHON_NEXT_VERSION})")
set(CPACK_DEBIAN_PYTHON_DESCRIPTION "Carousel runs trained LSTM networks from Python: PyTorch or Keras weights and
NumPy arrays in, PyTorch's numbers out, with the interpreter's lock released.

This package has the Python module carousel.")

# Files that every package has beside its component's own.
find_program(CAROUSEL_GZIP gzip)
mark_as_advanced(CAROUSEL_GZIP)
set(package_files "${PROJECT_BINARY_DIR}/package")
if(BUILD_SHARED_LIBS AND CAROUSEL_GZIP)
  execute_process(COMMAND "${CAROUSEL_GZIP}" -9nc "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
    OUTPUT_FILE "${package_files}/changelog.gz" COMMAND_ERROR_IS_FATAL ANY)
  string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH, if that is set
  file(WRITE "${package_files}/changelog.Debian" "carousel (${PROJECT_VERSION}-1) unstable; \
urgency=medium\n\n  * Carousel ${PROJECT_VERSION}; see changelog.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
  execute_process(COMMAND "${CAROUSEL_GZIP}" -9nc "${package_files}/changelog.Debian"
    OUTPUT_FILE "${package_files}/changelog.Debian.gz" COMMAND_ERROR_IS_FATAL ANY)
  set(pairs library:${library_package} dev:libcarousel-dev tools:carousel-tools)
  if(CAROUSEL_HAS_PYTHON)
    list(APPEND pairs python:python3-carousel)
  endif()
  foreach(pair IN LISTS pairs)
    string(REPLACE ":" ";" pair "${pair}")
    list(GET pair 0 component)
    list(GET pair 1 package)
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/package/debian/copyright"
      "${PROJECT_SOURCE_DIR}/THIRD_PARTY_NOTICES.md" "${package_files}/changelog.gz" "${package_files}/changelog.Debian.gz"
      DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${component})
  endforeach()
endif()

include(CPack)
