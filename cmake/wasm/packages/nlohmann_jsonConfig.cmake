# SPDX-License-Identifier: Apache-2.0
# The host's headers, which the toolchain file has made visible.
if(NOT TARGET nlohmann_json::nlohmann_json)
  add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
endif()
