// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "external_data.hpp"
#include "graph.hpp"
#include "network.hpp"
#include "picking.hpp"
#include "values.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carousel::loading::onnx {

/// What a pass through the graph found out about an axis of an input; the next pass begins with it.
struct Knowledge {
  struct Meaning {
    Role role = Role::none;
    bool needed = false;  ///< An operator cannot do with another one; else it is a guess.
  };
  std::map<InputAxis, Meaning> meanings{};
  std::map<InputAxis, std::int64_t> sizes{};
};

/// Thrown when something new is known, so that all has to be gone through again.
struct Restart {};

struct Call;

/// One step of a loop while its body is gone through.
struct StepOfLoop {
  std::size_t index = 0;  ///< The flow that stands for the number of the step.
  /// What the step reads one element of, the axis of steps first.
  std::optional<Tensor> sequence{};
  Tensor step{};  ///< That element.
};

/// What is found out while the nodes of a graph are gone through.
struct Context {
  std::optional<std::filesystem::path> folder;  ///< Of external data; nothing: a model in memory.
  Budget budget;
  const LoadOptions& options;
  Knowledge& knowledge;
  std::int64_t operator_set = 0;
  Atoms atoms{};
  std::map<std::string, AtomId> named_atoms{};  ///< By the name of a size.
  Network network{};
  StepOfLoop* loop = nullptr;  ///< Of the loop whose body is gone through, if it is one.
};

/// A subgraph to go through.
struct Subgraph {
  const schema::GraphProto& graph;
  std::string label;                     ///< "then_branch"
  std::map<std::string, Value> given{};  ///< What its inputs are.
  bool first_output_only = false;        ///< The others are not evaluated.
};

/// A node with what is known of its inputs.
struct Call {
  Context& context;
  const Graph& graph;
  const schema::NodeProto& node;
  std::string where;                   ///< "node 'x' (Conv)"
  std::vector<const Value*> inputs{};  ///< Null: omitted.
  /// Goes through a subgraph of the node, in its scope: the values of the subgraph's outputs.
  std::function<std::vector<Value>(const Call&, const Subgraph&)> run_branch{};

  [[nodiscard]] bool has(std::size_t input) const {
    return input < inputs.size() && inputs[input] != nullptr;
  }
  /// Throws Refusal when it is omitted.
  [[nodiscard]] const Value& input(std::size_t input) const;
  [[nodiscard]] bool is_tensor(std::size_t input) const;
  /// A tensor of the network, its atoms those that stand for all that are the same, ids as
  /// features. Throws Refusal for other values, and for a tensor with padded steps.
  [[nodiscard]] Tensor tensor(std::size_t input) const;
  /// The same for Conv, which takes padded steps.
  [[nodiscard]] Tensor padded_tensor(std::size_t input) const;
  /// The same for operators that leave values alone: also ids as they are.
  [[nodiscard]] Tensor raw_tensor(std::size_t input) const;
  /// The elements of a constant, also of one that is repeated. Throws Refusal for other values.
  [[nodiscard]] const Array& constant(std::size_t input, const char* what) const;
  [[nodiscard]] std::int64_t operator_set() const { return context.operator_set; }
  [[nodiscard]] std::size_t outputs() const { return static_cast<std::size_t>(node.output_size()); }
  [[nodiscard]] const Atoms& atoms() const { return context.atoms; }
};

/// Results in the order of the node's outputs (more than it has do no harm). Throws Refusal.
using Operator = std::vector<Value> (*)(const Call&);

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
[[nodiscard]] Value constant_value(Array array);

/// An axis of that size, with that meaning.
[[nodiscard]] Axis new_axis(Context& context, std::optional<std::int64_t> size, Role role,
                            std::optional<InputAxis> origin = std::nullopt);
/// The option of the command that gives the shape of an input.
inline constexpr std::string_view kShapeOption = "--input-shape";
/// "give the shape of input 'x' when the file is loaded (--input-shape)"
[[nodiscard]] std::string shape_wanted(const std::optional<InputAxis>& origin);

/// The axis of an input that all of the axis derives from, if it does.
[[nodiscard]] std::optional<InputAxis> origin_of(const Context& context, const Axis& axis);
/// Fixes the meaning of an axis that holds one atom at most. Throws Refusal when it has another,
/// and Restart when the meaning is that of an axis of an input.
void fix_role(Context& context, const Axis& axis, Role role, const std::string& what,
              bool needed = true);
/// Fixes the size of an axis in the same way.
void require_size(Context& context, const Axis& axis, std::int64_t size, const std::string& what);
/// Makes both axes the same. Throws Refusal when they cannot be.
void unite(Context& context, const Axis& a, const Axis& b, const std::string& what);

/// The operands of a node, each a tensor, or nothing if there is another value among them.
[[nodiscard]] std::optional<std::vector<Tensor>> all_tensors(const Call& call);

// --- The operators ---

std::vector<Value> constant(const Call& call);
std::vector<Value> constant_of_shape(const Call& call);
std::vector<Value> shape(const Call& call);
std::vector<Value> size(const Call& call);
std::vector<Value> range(const Call& call);

std::vector<Value> identity(const Call& call);
std::vector<Value> cast(const Call& call);
std::vector<Value> cast_like(const Call& call);
std::vector<Value> dropout(const Call& call);
std::vector<Value> transpose(const Call& call);
std::vector<Value> squeeze(const Call& call);
std::vector<Value> unsqueeze(const Call& call);
std::vector<Value> reshape(const Call& call);
std::vector<Value> flatten(const Call& call);
std::vector<Value> expand(const Call& call);
std::vector<Value> tile(const Call& call);
std::vector<Value> pad(const Call& call);
std::vector<Value> concat(const Call& call);
std::vector<Value> slice(const Call& call);
std::vector<Value> split(const Call& call);
std::vector<Value> gather(const Call& call);
std::vector<Value> reverse_sequence(const Call& call);

std::vector<Value> embedding(const Call& call);  ///< Gather from a table
std::vector<Value> recurrent(const Call& call);
std::vector<Value> matmul(const Call& call);
std::vector<Value> gemm(const Call& call);
std::vector<Value> binary(const Call& call);    ///< Add, Sub, Mul, Less, And, PRelu, ...
std::vector<Value> variadic(const Call& call);  ///< Min, Max, Sum, Mean
std::vector<Value> unary(const Call& call);     ///< Neg, Sqrt, Not, ...
std::vector<Value> clip(const Call& call);
std::vector<Value> where(const Call& call);
std::vector<Value> activation(const Call& call);
std::vector<Value> softmax(const Call& call);
std::vector<Value> reduce(const Call& call);
std::vector<Value> convolution(const Call& call);
std::vector<Value> transposed_convolution(const Call& call);
std::vector<Value> pool(const Call& call);
std::vector<Value> global_pool(const Call& call);
std::vector<Value> batch_normalization(const Call& call);
std::vector<Value> layer_normalization(const Call& call);
std::vector<Value> instance_normalization(const Call& call);
std::vector<Value> group_normalization(const Call& call);
std::vector<Value> dequantize(const Call& call);
std::vector<Value> branch(const Call& call);  ///< If
std::vector<Value> loop(const Call& call);    ///< Loop
std::vector<Value> scan(const Call& call);    ///< Scan

}  // namespace carousel::loading::onnx
