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
  return load_any(bytes, std::string(source.empty() ? "(memory)" : source), std::nullopt, options);
}

Model load(const std::filesystem::path& file, const LoadOptions& options) {
  return load_any(loading::read_file(file), file.string(), file.parent_path(), options);
}

}  // namespace carousel
