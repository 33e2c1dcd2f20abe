// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/npy.hpp>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace carousel::cli {

/// The arrays that a command writes at its end: all of them, or none if one cannot be written.
class ArrayWriter {
 public:
  /// The values are kept by the caller until `write`.
  void add(const std::string& file, std::vector<std::int64_t> shape, std::span<const float> values);
  /// The values are kept here.
  void add(const std::string& file, std::vector<std::int64_t> shape, std::vector<float> values);
  void write() const;
  /// "y.npy [7, 3, 5], z.npy [7, 3]"
  [[nodiscard]] std::string text() const;

 private:
  std::vector<NpyFile> files_;
  std::deque<std::vector<float>> kept_;
};

}  // namespace carousel::cli
