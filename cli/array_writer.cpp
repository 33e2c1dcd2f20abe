// SPDX-License-Identifier: Apache-2.0
#include "array_writer.hpp"

#include "format.hpp"

#include <utility>

namespace carousel::cli {

void ArrayWriter::add(const std::string& file, std::vector<std::int64_t> shape,
                      std::span<const float> values) {
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
