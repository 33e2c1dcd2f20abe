// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"
#include "parse.hpp"
#include "work.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// How many bytes constants may take altogether: a file can ask for far more than its own size, by
/// naming one range of a file many times or by expanding a value.
class Budget {
 public:
  /// `work` must outlive it.
  Budget(std::size_t file_size, Work& work) : left_(kLeast + kFactor * file_size), work_(work) {}

  /// Throws Refusal when they are no longer there.
  void take(std::size_t bytes);
  /// Another file that constants are read from.
  void allow_file(const std::string& path, std::uintmax_t size);
  /// What the constants may cost in time.
  [[nodiscard]] Work& work() const noexcept { return work_; }

 private:
  static constexpr std::size_t kLeast = std::size_t{1} << 26U;
  static constexpr std::size_t kFactor = 8;

  std::size_t left_;
  Work& work_;
  std::set<std::string> files_;
};

/// As many bytes. Throws Refusal (out_of_memory) saying how many, where there is no memory for
/// them.
void allocate(std::vector<std::byte>& data, std::size_t size);

/// Reads the bytes of a tensor that are kept in a file beside the model, `size` of them, from a
/// file inside `folder`; nothing is read through absolute paths, "..", or symbolic links that lead
/// out of it. https://onnx.ai/onnx/repo-docs/ExternalData.html Throws Refusal; takes `size` from
/// the budget. `folder` is empty for a model in memory, which has no files beside it.
void read_external(const schema::TensorProto& tensor,
                   const std::optional<std::filesystem::path>& folder, std::size_t size,
                   Budget& budget, std::vector<std::byte>& bytes);

}  // namespace carousel::loading::onnx
