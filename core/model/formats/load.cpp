// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "json/load_json.hpp"
#include "onnx/load_onnx.hpp"
#include "recognize.hpp"
#include "safetensors.hpp"
#include "state_dict.hpp"
#include "text.hpp"
#include "torch/load_torch.hpp"

#include <carousel/model.hpp>

#include <algorithm>
#include <cctype>

#include "core/model/formatted.hpp"
#include "core/model/own_errors.hpp"

namespace carousel {

bool loading::is_onnx_name(std::string_view source) {
  constexpr std::string_view ending = ".onnx";
  return source.size() >= ending.size() &&
         std::ranges::equal(source.substr(source.size() - ending.size()), ending,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

namespace {

void refuse_graph_options(const std::string& source, const LoadOptions& options) {
  if (options.from || options.to) {
    loading::fail(source, "the options from and to (--from, --to) are for ONNX files",
                  ErrorCode::invalid_argument);
  }
}

/// The format of all but ONNX files follows from their content.
Model from_content(std::span<const std::byte> bytes, const std::string& source,
                   const LoadOptions& options) {
  if (bytes.empty()) loading::fail(source, "is empty");
  loading::refuse_foreign(bytes, source);
  refuse_graph_options(source, options);
  switch (loading::recognize(bytes)) {
    case loading::FileKind::json: return loading::model_from_json(bytes, source, options);
    case loading::FileKind::torch_archive:
      return loading::model_from_torch_archive(bytes, source, options);
    default:
      return loading::model_from_table(loading::safetensors::parse(bytes, source), source, options);
  }
}

/// A file that is called .onnx and is nothing of the kind.
void refuse_other_content(std::span<const std::byte> bytes, const std::string& source) {
  if (loading::recognize(bytes) == loading::FileKind::foreign) {
    loading::refuse_foreign(bytes, source);
  }
}

/// Refuses by its first bytes what would be refused when all of it had been read.
void check_head(std::span<const std::byte> head, std::uintmax_t size, const std::string& source) {
  using loading::FileKind;
  constexpr std::uintmax_t kMostOnnx = std::uintmax_t{1} << 31U;  // of a Protocol Buffers message
  const FileKind kind = loading::recognize(head);
  if (loading::is_onnx_name(source)) {
    if (size < kMostOnnx) return;
    loading::fail(source, formatted("has {} bytes, but an ONNX file has less than 2 GiB; larger "
                                    "weights stand in files beside it",
                                    size));
  }
  // Of a zip archive, the list of files at its end is looked at later.
  if (kind == FileKind::onnx) loading::refuse_foreign(head, source);
  if (kind == FileKind::unknown || kind == FileKind::safetensors) {
    (void)loading::safetensors::header_length(head, size, source);
  }
}

/// `folder` is where files beside the model may be read from; nothing: nowhere.
Model load_any(std::span<const std::byte> bytes, const std::string& source,
               const std::optional<std::filesystem::path>& folder, const LoadOptions& options) {
  const bool onnx = loading::is_onnx_name(source);
  if (onnx) refuse_other_content(bytes, source);
  Model model = onnx ? loading::model_from_onnx(bytes, source, folder, options)
                     : from_content(bytes, source, options);
  validate(model);
  return model;
}

}  // namespace

Model load(std::span<const std::byte> bytes, std::string_view source, const LoadOptions& options) {
  return with_own_errors([&] {
    return load_any(bytes, std::string(source.empty() ? "(memory)" : source), std::nullopt,
                    options);
  });
}

Model load(const std::filesystem::path& file, const LoadOptions& options) {
  const auto check = [&](std::span<const std::byte> head, std::uintmax_t size) {
    check_head(head, size, file.string());
  };
  return with_own_errors([&] {
    return load_any(loading::read_file(file, check), file.string(), file.parent_path(), options);
  });
}

}  // namespace carousel
