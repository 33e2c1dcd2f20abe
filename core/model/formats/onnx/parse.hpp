// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx_schema.pb.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace carousel::loading::onnx {

namespace schema = carousel::onnx_schema;

/// The message in the bytes of an ONNX file. Throws Error unless it is one: damaged, nested deeper
/// than any exporter nests, more nodes or tensors than a network has, or an operator set before 7.
[[nodiscard]] std::unique_ptr<schema::ModelProto> parse(std::span<const std::byte> bytes,
                                                        std::string_view source);

/// The version of the standard operators that the model imports.
[[nodiscard]] std::int64_t operator_set(const schema::ModelProto& model);

}  // namespace carousel::loading::onnx
