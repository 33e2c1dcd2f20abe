// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"
#include "parse.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Puts a graph together, message by message.
namespace carousel::loading::onnx {

/// A size of a graph's input or output: a number, or the name of what is known only at run time.
using NamedSize = std::variant<std::int64_t, std::string>;

/// The attributes of a node that has just been added.
class AttributeWriter {
 public:
  explicit AttributeWriter(schema::NodeProto& node) : node_(node) {}

  AttributeWriter& integer(const char* name, std::int64_t value);
  AttributeWriter& integers(const char* name, std::initializer_list<std::int64_t> values);
  AttributeWriter& real(const char* name, float value);
  AttributeWriter& reals(const char* name, std::span<const float> values);
  AttributeWriter& text(const char* name, std::string_view value);
  AttributeWriter& texts(const char* name, std::span<const std::string> values);

 private:
  schema::AttributeProto& add(const char* name, schema::AttributeProto::AttributeType type);

  schema::NodeProto& node_;
};

class GraphWriter {
 public:
  explicit GraphWriter(schema::GraphProto& graph) : graph_(graph) {}

  /// A name that no value of the graph has so far: that one, or with something added to it. It is
  /// taken from then on.
  std::string reserve(const std::string& wanted);

  void input(const std::string& name, int type, const std::vector<NamedSize>& sizes);
  void output(const std::string& name, const std::vector<NamedSize>& sizes);

  /// Constants; these return the name that was free for them.
  std::string floats(const std::string& name, const std::vector<std::int64_t>& shape,
                     std::span<const float> values);
  std::string integers(const std::string& name, std::span<const std::int64_t> values);
  /// A weight, an array of floats. Where its elements are of 16 bits, a node casts them to float,
  /// so that every engine runs the graph; the name is that of the result.
  std::string weight(const std::string& name, const std::vector<std::int64_t>& shape,
                     const Array& array);

  /// A node called after its first output. An empty input is omitted.
  AttributeWriter node(const char* op, const std::vector<std::string>& inputs,
                       const std::vector<std::string>& outputs);

 private:
  schema::TensorProto& constant(const std::string& name, const std::vector<std::int64_t>& shape,
                                int type, std::span<const std::byte> values);

  schema::GraphProto& graph_;
  std::set<std::string> taken_;
};

}  // namespace carousel::loading::onnx
