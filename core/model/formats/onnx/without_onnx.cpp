// SPDX-License-Identifier: Apache-2.0
// In place of all else in this folder when the build has no protobuf.
#include "load_onnx.hpp"

#include "core/model/formats/text.hpp"

namespace carousel::loading {

namespace {

[[noreturn]] void refuse(std::string_view file) {
  fail(file,
       "this build of Carousel has no ONNX support (CAROUSEL_ONNX; it needs protobuf and ONNX's "
       "schema: libprotobuf-dev, protobuf-compiler, libonnx-dev)",
       ErrorCode::unsupported);
}

}  // namespace

Model model_from_onnx(std::span<const std::byte>, std::string_view source,
                      const std::optional<std::filesystem::path>&, const LoadOptions&) {
  refuse(source);
}

std::vector<std::byte> to_onnx(const Model&, const SaveOnnxOptions&) { refuse("ONNX file"); }

}  // namespace carousel::loading
