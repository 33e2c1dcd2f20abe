// SPDX-License-Identifier: Apache-2.0
#include <carousel/npy.hpp>
#include <carousel/tensor.hpp>

#include "core/model/element_count.hpp"
#include "core/model/formats/files.hpp"
#include "core/model/formats/npy_header.hpp"
#include "core/model/own_errors.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carousel {
namespace {

void check(const NpyFile& file) {
  const std::optional<std::int64_t> count = element_count(file.shape);
  if (count && std::cmp_equal(*count, file.values.size())) return;
  throw Error(ErrorCode::invalid_argument,
              file.file.string() + ": cannot write " + std::to_string(file.values.size()) +
                  " values as an array of shape " + shape_text(file.shape));
}

void write_npy_files(std::span<const NpyFile> files) {
  std::vector<std::unique_ptr<loading::AtomicFile>> written;
  for (const NpyFile& file : files) {
    check(file);
    const std::string header = loading::npy_header(file.shape);
    written.push_back(std::make_unique<loading::AtomicFile>(file.file));
    written.back()->write(std::as_bytes(std::span(header)));
    written.back()->write(std::as_bytes(file.values));
  }
  for (const auto& file : written) file->commit();
}

}  // namespace

void write_npy(std::span<const NpyFile> files) {
  with_own_errors([&] { write_npy_files(files); });
}

}  // namespace carousel
