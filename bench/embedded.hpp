// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The tables beside this file, compiled in (see CMakeLists.txt), so that the binary can be moved.
namespace carousel::bench {

extern const std::string_view kShapesCsv;
extern const std::string_view kPeersCsv;

}  // namespace carousel::bench
