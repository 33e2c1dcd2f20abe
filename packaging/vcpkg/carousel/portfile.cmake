# SPDX-License-Identifier: Apache-2.0
# An overlay port of the checkout it lies in: vcpkg install carousel --overlay-ports=packaging/vcpkg
cmake_path(SET SOURCE_PATH NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../..")

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES
    onednn CAROUSEL_ONEDNN
    tools CAROUSEL_BUILD_CLI)

# ONNX is read with the schema file, which vcpkg's onnx does not install.
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    ${FEATURE_OPTIONS}
    -DCAROUSEL_ONNX=OFF
    -DCAROUSEL_ZIP=OFF
    -DCAROUSEL_PYTHON=OFF
    -DCAROUSEL_BUILD_TESTS=OFF
    -DCAROUSEL_BUILD_BENCH=OFF
    -DCAROUSEL_BUILD_EXAMPLES=OFF
    -DCAROUSEL_FETCH_DEPS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME carousel CONFIG_PATH lib/cmake/carousel)
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
  vcpkg_copy_tools(TOOL_NAMES carousel AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share"
  "${CURRENT_PACKAGES_DIR}/share/doc")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/THIRD_PARTY_NOTICES.md")
