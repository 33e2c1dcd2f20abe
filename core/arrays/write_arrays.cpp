// SPDX-License-Identifier: Apache-2.0
#include <carousel/npy.hpp>
#include <carousel/tensor.hpp>

#include "core/model/element_count.hpp"
#include "core/model/formats/files.hpp"
#include "core/model/formats/npy_header.hpp"
#include "core/model/formatted.hpp"
#include "core/model/own_errors.hpp"

#include <cstddef>
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
              formatted("{}: cannot write {} values as an array of shape {}", file.file.string(),
                        file.values.size(), shape_text(file.shape)));
}

void write_npy_files(std::span<const NpyFile> files) {
  for (const NpyFile& file : files) check(file);
  std::vector<std::string> headers;
  for (const NpyFile& file : files) headers.push_back(loading::npy_header(file.shape));
  std::vector<loading::FileContent> contents;
  for (std::size_t k = 0; k < files.size(); ++k) {
    contents.push_back(
        {files[k].file, {std::as_bytes(std::span(headers[k])), std::as_bytes(files[k].values)}});
  }
  loading::write_files(contents);
}

}  // namespace

void write_npy(std::span<const NpyFile> files) {
  with_own_errors([&] { write_npy_files(files); });
}

}  // namespace carousel
