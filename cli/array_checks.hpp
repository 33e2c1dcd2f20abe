// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/npy.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// Integer ids of `array` as the engine takes them; throws Error naming `what`, the place and the
/// range when one is outside [0, count), or of int32 where `count` is 0.
[[nodiscard]] std::vector<std::int32_t> checked_ids(const NpyArray& array, std::int64_t count,
                                                    const std::string& what);

/// Like PyTorch, "features [3] where [steps, batch, 4] was expected". `hint` comes after it.
[[noreturn]] void refuse_array(const std::string& what, const std::string& expected,
                               const NpyArray& found, const std::string& hint = {});

}  // namespace carousel::cli
