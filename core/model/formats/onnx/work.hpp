// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace carousel::loading::onnx {

/// How much may be computed with constants while a file is loaded, in all passes through its graph
/// together: a small file can read a large constant many times. The unit is one element that a node
/// reads or writes.
class Work {
 public:
  explicit Work(std::size_t file_size) noexcept;

  /// Throws Refusal when there is no longer that much; `what` is what takes it, "reads constants".
  void take(std::size_t elements, const char* what);
  /// Another file that constants are read from.
  void allow_file(const std::string& path, std::uintmax_t size);

  /// What a node takes whatever it reads, and how many multiplications of a matrix product take as
  /// long as an element.
  static constexpr std::size_t kPerNode = 32;
  static constexpr std::size_t kMultiplications = 8;

 private:
  void allow(std::uintmax_t bytes) noexcept;

  std::uintmax_t bytes_ = 0;
  std::size_t allowed_;
  std::size_t left_;
  std::set<std::string> files_;
};

}  // namespace carousel::loading::onnx
