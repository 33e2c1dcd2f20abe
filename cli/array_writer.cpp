// SPDX-License-Identifier: Apache-2.0
#include "array_writer.hpp"

#include "format.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace carousel::cli {

void ArrayWriter::add(const std::string& file, std::vector<std::int64_t> shape,
                      std::span<const float> values) {
  const auto same = [path = std::filesystem::weakly_canonical(file)](const NpyFile& other) {
    return path == std::filesystem::weakly_canonical(other.file);
  };
  // Devices take any number of arrays: /dev/null, /dev/stdout.
  if (std::ranges::any_of(files_, same) && !std::filesystem::is_character_file(file)) {
    throw Error(ErrorCode::invalid_argument, file + ": two arrays are to be written to this file");
  }
  files_.push_back({file, std::move(shape), values});
}

void ArrayWriter::add(const std::string& file, std::vector<std::int64_t> shape,
                      std::vector<float> values) {
  add(file, std::move(shape), std::span<const float>(kept_.emplace_back(std::move(values))));
}

void ArrayWriter::write() const { write_npy(files_); }

std::string ArrayWriter::text() const {
  std::string text;
  for (const NpyFile& file : files_) {
    text += (text.empty() ? "" : ", ") + file.file.string() + " " + format_shape(file.shape);
  }
  return text;
}

}  // namespace carousel::cli
