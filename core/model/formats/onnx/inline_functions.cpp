// SPDX-License-Identifier: Apache-2.0
#include "inline_functions.hpp"

#include <map>
#include <string>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// Functions in functions; exporters stay below ten.
constexpr int kMaxDepth = 32;
constexpr int kMaxNodes = 1 << 18;

using Key = std::pair<std::string, std::string>;
using Names = std::map<std::string, std::string>;

class Inliner {
 public:
  Inliner(schema::ModelProto& model, std::string_view source) : model_(model), source_(source) {
    for (const schema::FunctionProto& function : model.functions()) {
      functions_.emplace(Key{function.domain(), function.name()}, &function);
    }
  }

  void run() {
    if (!functions_.empty()) expand(*model_.mutable_graph(), 0);
  }

 private:
  [[nodiscard]] const schema::FunctionProto* find(const schema::NodeProto& node) const {
    const auto found = functions_.find(Key{node.domain(), node.op_type()});
    return found == functions_.end() ? nullptr : found->second;
  }

  void expand(schema::GraphProto& graph, int depth) {
    if (depth > kMaxDepth) {
      fail(source_, formatted("has functions nested more than {} deep", kMaxDepth));
    }
    google::protobuf::RepeatedPtrField<schema::NodeProto> nodes;
    nodes.Swap(graph.mutable_node());
    for (schema::NodeProto& node : nodes) {
      for (schema::AttributeProto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) expand(*attribute.mutable_g(), depth + 1);
      }
      const schema::FunctionProto* function = find(node);
      if (function == nullptr) {
        graph.add_node()->Swap(&node);
      } else {
        schema::GraphProto body = body_of(*function, node);
        expand(body, depth + 1);
        for (schema::NodeProto& inner : *body.mutable_node()) graph.add_node()->Swap(&inner);
      }
      if (++count_ > kMaxNodes) fail(source_, "has functions that make too many nodes");
    }
  }

  /// The nodes of a function with the names that they have where it is called.
  schema::GraphProto body_of(const schema::FunctionProto& function, const schema::NodeProto& call) {
    const std::string prefix =
        formatted("{}/{}/", call.name().empty() ? function.name() : call.name(), calls_++);
    Names names;
    for (int k = 0; k < function.input_size(); ++k) {
      names[function.input(k)] = k < call.input_size() ? call.input(k) : "";
    }
    for (int k = 0; k < function.output_size(); ++k) {
      const bool used = k < call.output_size() && !call.output(k).empty();
      names[function.output(k)] = used ? call.output(k) : prefix + function.output(k);
    }
    schema::GraphProto body;
    *body.mutable_node() = function.node();
    rename(body, names, prefix);
    for (schema::NodeProto& node : *body.mutable_node()) set_attributes(node, function, call);
    return body;
  }

  static void rename(schema::GraphProto& graph, Names& names, const std::string& prefix) {
    const auto renamed = [&](std::string& name) {
      if (name.empty()) return;
      const auto found = names.find(name);
      name = found != names.end() ? found->second : prefix + name;
    };
    for (auto& input : *graph.mutable_input()) renamed(*input.mutable_name());
    for (auto& tensor : *graph.mutable_initializer()) renamed(*tensor.mutable_name());
    for (auto& output : *graph.mutable_output()) renamed(*output.mutable_name());
    graph.clear_value_info();
    for (schema::NodeProto& node : *graph.mutable_node()) {
      for (std::string& name : *node.mutable_input()) renamed(name);
      for (std::string& name : *node.mutable_output()) renamed(name);
      if (!node.name().empty()) node.set_name(prefix + node.name());
      for (schema::AttributeProto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) rename(*attribute.mutable_g(), names, prefix);
      }
    }
  }

  /// Attributes that refer to those of the call; what the call leaves out is left out, unless the
  /// function could have a default for it, which this version of the schema does not read.
  void set_attributes(schema::NodeProto& node, const schema::FunctionProto& function,
                      const schema::NodeProto& call) const {
    google::protobuf::RepeatedPtrField<schema::AttributeProto> attributes;
    attributes.Swap(node.mutable_attribute());
    for (schema::AttributeProto& attribute : attributes) {
      if (attribute.has_g()) {
        for (schema::NodeProto& inner : *attribute.mutable_g()->mutable_node()) {
          set_attributes(inner, function, call);
        }
      }
      if (attribute.ref_attr_name().empty()) {
        node.add_attribute()->Swap(&attribute);
        continue;
      }
      if (const schema::AttributeProto* value = find_value(attribute.ref_attr_name(), call)) {
        schema::AttributeProto& made = *node.add_attribute();
        made = *value;
        made.set_name(attribute.name());
      } else if (!function.unknown_fields().empty()) {
        fail(source_,
             formatted("calls the function {} without its attribute {}; defaults of functions are "
                       "not supported",
                       quote(function.name()), quote(attribute.ref_attr_name())),
             ErrorCode::unsupported);
      }
    }
  }

  static const schema::AttributeProto* find_value(const std::string& name,
                                                  const schema::NodeProto& call) {
    for (const schema::AttributeProto& given : call.attribute()) {
      if (given.name() == name) return &given;
    }
    return nullptr;
  }

  schema::ModelProto& model_;
  std::string_view source_;
  std::map<Key, const schema::FunctionProto*> functions_;
  int count_ = 0;
  int calls_ = 0;
};

}  // namespace

void inline_functions(schema::ModelProto& model, std::string_view source) {
  Inliner(model, source).run();
}

}  // namespace carousel::loading::onnx
