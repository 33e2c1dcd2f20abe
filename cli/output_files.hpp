// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/files.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace carousel::cli {

/// The files that a command writes at its end: all of them, or none if one cannot be written.
class OutputFiles {
 public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;
  /// Removes the folders that were made for files which were not written.
  ~OutputFiles();

  /// An array (.npy). The values are kept by the caller until `write`.
  void add_array(const std::filesystem::path& file, const std::vector<std::int64_t>& shape,
                 std::span<const float> values);
  /// An array whose values are kept here.
  void add_array(const std::filesystem::path& file, const std::vector<std::int64_t>& shape,
                 std::vector<float> values);
  /// A text, for which the folders that are missing are made.
  void add_text(const std::filesystem::path& file, std::string text);
  /// Makes the folder and those that it is in, where they are missing. Throws Error saying why that
  /// cannot be.
  void make_folder(const std::filesystem::path& folder);
  /// A file that the command reads and that no output may replace, such as its model.
  void keep(const std::filesystem::path& file) { kept_.push_back(file); }
  void write();
  /// Of the arrays: "y.npy [7, 3, 5], z.npy [7, 3]"
  [[nodiscard]] const std::string& arrays_text() const noexcept { return arrays_text_; }

 private:
  void require_apart() const;

  std::vector<loading::FileContent> contents_;
  std::deque<std::string> texts_;  ///< And the headers of arrays.
  std::deque<std::vector<float>> values_;
  std::vector<std::filesystem::path> kept_;
  std::vector<std::filesystem::path> folders_;  ///< Those made here, the outer ones first.
  std::string arrays_text_;
};

/// Writes one text, and makes the folders that it needs.
void write_file(const std::filesystem::path& file, std::string text);

}  // namespace carousel::cli
