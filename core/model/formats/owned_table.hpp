// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "safetensors.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace carousel::loading {

/// A table of tensors together with the bytes that they point to, for formats whose files do not
/// hold tensors as safetensors does.
struct OwnedTable {
  safetensors::Table table;
  std::deque<std::vector<std::byte>> buffers;  ///< A deque, so that buffers stay where they are.

  void add(std::string name, safetensors::DType dtype, std::vector<std::int64_t> shape,
           std::vector<std::byte> bytes) {
    buffers.push_back(std::move(bytes));
    table.tensors.push_back({std::move(name), dtype, std::move(shape), buffers.back()});
  }
};

}  // namespace carousel::loading
