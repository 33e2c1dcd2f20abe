# SPDX-License-Identifier: Apache-2.0
# Defines the target carousel_libzip where libzip is found. libzip's own CMake package, as Debian has
# it, demands programs that nobody needs here.
find_path(CAROUSEL_LIBZIP_INCLUDE_DIR zip.h)
find_library(CAROUSEL_LIBZIP_LIBRARY zip)
mark_as_advanced(CAROUSEL_LIBZIP_INCLUDE_DIR CAROUSEL_LIBZIP_LIBRARY)
if(CAROUSEL_LIBZIP_INCLUDE_DIR AND CAROUSEL_LIBZIP_LIBRARY AND NOT TARGET carousel_libzip)
  add_library(carousel_libzip UNKNOWN IMPORTED GLOBAL)
  set_target_properties(carousel_libzip PROPERTIES
    IMPORTED_LOCATION "${CAROUSEL_LIBZIP_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CAROUSEL_LIBZIP_INCLUDE_DIR}")
endif()
