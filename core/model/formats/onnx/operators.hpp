// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "external_data.hpp"
#include "graph.hpp"
#include "picking.hpp"
#include "values.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// What is found out while the nodes of a graph are gone through.
struct Context {
  const Graph& graph;
  std::optional<std::filesystem::path> folder;  ///< Of external data; nothing: a model in memory.
  Budget budget;
  std::vector<Atom> atoms;
  std::vector<Stage> stages;
  std::map<std::string, std::vector<Axis>> input_axes;
  /// Graph inputs that are sequences, with the stage of each.
  std::map<std::string, std::size_t> sequence_inputs;
  /// The graph input that has the lengths of the sequences.
  std::optional<std::string> lengths_input;
  /// Graph inputs that are initial states, with how many slots of each are taken.
  std::map<std::string, std::int64_t> state_inputs;
};

/// A node with what is known of its inputs.
struct Call {
  Context& context;
  const schema::NodeProto& node;
  std::size_t index;
  std::vector<const Value*> inputs;  ///< Null: omitted.

  [[nodiscard]] bool has(std::size_t input) const {
    return input < inputs.size() && inputs[input] != nullptr;
  }
  /// Throws Refusal when it is omitted.
  [[nodiscard]] const Value& input(std::size_t input) const;
  [[nodiscard]] std::int64_t operator_set() const { return context.graph.operator_set(); }
  [[nodiscard]] std::size_t outputs() const { return static_cast<std::size_t>(node.output_size()); }
};

/// Results in the order of the node's outputs (more than it has do no harm). Throws Refusal.
using Operator = std::vector<Value> (*)(const Call&);

/// Null when the operator is not supported.
[[nodiscard]] Operator find_operator(const schema::NodeProto& node);
/// "Add, Cast, Concat, ..."
[[nodiscard]] std::string supported_operators();

// --- Shared by the operators ---

/// The argument that older operator sets have as attribute and newer ones as input; nothing:
/// omitted.
[[nodiscard]] std::optional<std::vector<std::int64_t>> axes_argument(const Call& call,
                                                                     const char* attribute,
                                                                     std::size_t input,
                                                                     std::int64_t since);
/// The shape of a constant or of computed sizes. Throws Refusal for other values.
[[nodiscard]] Shape known_shape(const Value& value);
/// A constant or computed sizes with their elements moved.
[[nodiscard]] Value moved(Context& context, const Value& value, const Picking& picking);
/// The same elements in another shape with as many.
[[nodiscard]] Value reshaped(const Value& value, Shape shape);
/// The value that all elements have, if they have.
[[nodiscard]] std::optional<Filled> uniform(const Value& value);
/// An axis of that size, with that meaning.
[[nodiscard]] Axis new_axis(Context& context, std::optional<std::int64_t> size, Role role);
/// Fixes the meaning of an axis that holds one atom at most. Throws Refusal when it has another.
void bind(Context& context, const Axis& axis, Role role, const char* what);
/// The tensor as the output of a stage: that of a graph input becomes an input of the network, the
/// final h of a layer its last step. Throws Refusal for others.
[[nodiscard]] Sequence as_sequence(const Call& call, const Tensor& tensor);
/// Fixes the meaning of the last axis where the tensor is an input of the network.
void bind_features(Context& context, const Tensor& tensor, const Sequence& from, const char* what);
/// Whether the last axis has all features of the stage that the tensor comes from, and as many as
/// `expected` unless that is known only when the network runs.
[[nodiscard]] bool has_features(const Context& context, const Tensor& tensor, const Sequence& from,
                                std::int64_t expected);
/// A new stage that reads those, and its output: the first one's axes with the last one replaced by
/// its own features. Throws Refusal when the layer's spec is not valid.
[[nodiscard]] Value add_stage(const Call& call, const Tensor& like, const Sequence& from,
                              std::vector<std::size_t> parents, ModelLayer layer);

// --- The operators ---

std::vector<Value> constant(const Call& call);
std::vector<Value> constant_of_shape(const Call& call);
std::vector<Value> shape(const Call& call);
std::vector<Value> arithmetic(const Call& call);
std::vector<Value> where(const Call& call);

std::vector<Value> identity(const Call& call);
std::vector<Value> cast(const Call& call);
std::vector<Value> dropout(const Call& call);
std::vector<Value> transpose(const Call& call);
std::vector<Value> squeeze(const Call& call);
std::vector<Value> unsqueeze(const Call& call);
std::vector<Value> reshape(const Call& call);
std::vector<Value> expand(const Call& call);
std::vector<Value> tile(const Call& call);
std::vector<Value> concat(const Call& call);
std::vector<Value> slice(const Call& call);
std::vector<Value> split(const Call& call);
std::vector<Value> gather(const Call& call);

std::vector<Value> embedding(const Call& call);  ///< Gather from a table
std::vector<Value> recurrent(const Call& call);
std::vector<Value> matmul(const Call& call);
std::vector<Value> gemm(const Call& call);
std::vector<Value> add(const Call& call);
std::vector<Value> activation(const Call& call);

}  // namespace carousel::loading::onnx
