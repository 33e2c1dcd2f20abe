// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel {

/// Runs layers on oneDNN (https://github.com/uxlfoundation/oneDNN), Intel's library of JIT-compiled
/// primitives: recurrent layers through its RNN primitive, dense layers through its inner product.
[[nodiscard]] const Backend& onednn_backend();

}  // namespace carousel
