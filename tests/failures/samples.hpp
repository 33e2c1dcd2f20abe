// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// Small files and models for calls that fail.
namespace carousel::failures {

/// The contents of a seed of the fuzzers: "safetensors/lstm".
[[nodiscard]] std::vector<std::byte> seed(const std::string& name);
/// The same without its last bytes.
[[nodiscard]] std::vector<std::byte> damaged_seed(const std::string& name);

/// A GRU with a dense layer and an activation after it.
[[nodiscard]] Model small_model();

/// An empty folder that is removed with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
  /// How many files there are in it.
  [[nodiscard]] std::size_t files() const;

 private:
  std::filesystem::path path_;
};

}  // namespace carousel::failures
