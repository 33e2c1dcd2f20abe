// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "onnx/load_onnx.hpp"
#include "safetensors.hpp"
#include "state_dict.hpp"
#include "text.hpp"

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

Model from_safetensors(std::span<const std::byte> bytes, const std::string& source,
                       const LoadOptions& options) {
  if (options.from || options.to) {
    loading::fail(source, "the options from and to (--from, --to) are for ONNX files",
                  ErrorCode::invalid_argument);
  }
  return loading::model_from_table(loading::safetensors::parse(bytes, source), source, options);
}

/// `folder` is where files beside the model may be read from; nothing: nowhere.
Model load_any(std::span<const std::byte> bytes, const std::string& source,
               const std::optional<std::filesystem::path>& folder, const LoadOptions& options) {
  Model model = loading::is_onnx_name(source)
                    ? loading::model_from_onnx(bytes, source, folder, options)
                    : from_safetensors(bytes, source, options);
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
