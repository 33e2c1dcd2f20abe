// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/dnnl_compat.hpp"

#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

namespace carousel::onednn {

/// Weights in every layout that a primitive has asked for. Each layout is made once and shared by
/// all streams. The plain layout is kept as the source of those that are asked for later.
class PackedTensor {
 public:
  PackedTensor() = default;
  /// Copies `values`, which are in the layout that `plain` describes.
  PackedTensor(const Desc& plain, std::span<const float> values);

  /// The weights in the layout `wanted`. Thread-safe; throws dnnl::error.
  [[nodiscard]] dnnl::memory as(const Desc& wanted) const;

  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<dnnl::memory> layouts_;
};

}  // namespace carousel::onednn
