// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"
#include "parse.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The attributes of a node. All throw Refusal when there is one of another type.
namespace carousel::loading::onnx {

[[nodiscard]] const schema::AttributeProto* find_attribute(const schema::NodeProto& node,
                                                           std::string_view name);

[[nodiscard]] std::int64_t integer(const schema::NodeProto& node, std::string_view name,
                                   std::int64_t otherwise);
[[nodiscard]] float real(const schema::NodeProto& node, std::string_view name, float otherwise);
[[nodiscard]] std::string text(const schema::NodeProto& node, std::string_view name,
                               std::string_view otherwise);

/// Nothing when the node has no such attribute.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integers(const schema::NodeProto& node,
                                                                std::string_view name);
[[nodiscard]] std::vector<float> reals(const schema::NodeProto& node, std::string_view name);
[[nodiscard]] std::vector<std::string> texts(const schema::NodeProto& node, std::string_view name);

}  // namespace carousel::loading::onnx
