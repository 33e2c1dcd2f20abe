// SPDX-License-Identifier: Apache-2.0
#include "attributes.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using schema::AttributeProto;
using schema::NodeProto;

/// Files of the first versions of ONNX leave the type out; the field that is set tells it then.
const AttributeProto* find_typed(const NodeProto& node, std::string_view name,
                                 AttributeProto::AttributeType type) {
  const AttributeProto* attribute = find_attribute(node, name);
  if (attribute != nullptr && attribute->has_type() && attribute->type() != type) {
    throw Malformed(formatted("attribute {} is of the wrong type", quote(name)));
  }
  return attribute;
}

}  // namespace

const AttributeProto* find_attribute(const NodeProto& node, std::string_view name) {
  for (const AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

std::int64_t integer(const NodeProto& node, std::string_view name, std::int64_t otherwise) {
  const AttributeProto* attribute = find_typed(node, name, AttributeProto::INT);
  return attribute == nullptr ? otherwise : attribute->i();
}

float real(const NodeProto& node, std::string_view name, float otherwise) {
  const AttributeProto* attribute = find_typed(node, name, AttributeProto::FLOAT);
  return attribute == nullptr ? otherwise : attribute->f();
}

std::string text(const NodeProto& node, std::string_view name, std::string_view otherwise) {
  const AttributeProto* attribute = find_typed(node, name, AttributeProto::STRING);
  return attribute == nullptr ? std::string(otherwise) : attribute->s();
}

std::optional<std::vector<std::int64_t>> integers(const NodeProto& node, std::string_view name) {
  const AttributeProto* attribute = find_typed(node, name, AttributeProto::INTS);
  if (attribute == nullptr) return std::nullopt;
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::vector<float> reals(const NodeProto& node, std::string_view name) {
  const AttributeProto* attribute = find_typed(node, name, AttributeProto::FLOATS);
  if (attribute == nullptr) return {};
  return {attribute->floats().begin(), attribute->floats().end()};
}

std::vector<std::string> texts(const NodeProto& node, std::string_view name) {
  const AttributeProto* attribute = find_typed(node, name, AttributeProto::STRINGS);
  if (attribute == nullptr) return {};
  return {attribute->strings().begin(), attribute->strings().end()};
}

}  // namespace carousel::loading::onnx
