// SPDX-License-Identifier: Apache-2.0
// Which operators and which of their attributes are known.
#include "operator_table.hpp"

#include "attributes.hpp"
#include "recurrent_node.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using schema::NodeProto;

constexpr std::string_view kBroadcast = "axis<7 broadcast<7";
constexpr std::string_view kReduce = "axes<18 keepdims noop_with_empty_axes";
constexpr std::string_view kOfRecurrent =
    "activation_alpha activation_beta activations clip direction hidden_size layout "
    "output_sequence";
constexpr std::string_view kLstm =
    "activation_alpha activation_beta activations clip direction hidden_size input_forget layout "
    "output_sequence";
constexpr std::string_view kGru =
    "activation_alpha activation_beta activations clip direction hidden_size layout "
    "linear_before_reset output_sequence";

/// Operators by name. Attributes that say nothing about results (the seed of a Dropout, whether the
/// outputs that a node has are computed) are among the known ones too.
constexpr KnownOperator kOperators[] = {
    {"Abs", unary},
    {"Add", binary, kBroadcast, "2"},
    {"And", binary, kBroadcast, "2"},
    {"AveragePool", pool,
     "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides"},
    {"BatchNormalization", batch_normalization,
     "epsilon is_test=1 momentum spatial=1 training_mode", "5", "5<14 3"},
    {"Cast", cast, "round_mode saturate to"},
    {"CastLike", cast_like, "round_mode saturate", "2"},
    {"Ceil", unary},
    {"Celu", activation, "alpha"},
    {"Clip", clip, "max<11 min<11", "1<11 3"},
    {"Concat", concat, "axis", "*"},
    {"Constant", constant,
     "sparse_value value value_float value_floats value_int value_ints value_string value_strings",
     "0"},
    {"ConstantOfShape", constant_of_shape, "value"},
    {"Conv", convolution, "auto_pad dilations group kernel_shape pads strides", "3"},
    {"ConvTranspose", transposed_convolution,
     "auto_pad dilations group kernel_shape output_padding output_shape pads strides", "3"},
    {"DequantizeLinear", dequantize, "axis block_size=0 output_dtype=0|1", "3"},
    {"Div", binary, kBroadcast, "2"},
    {"Dropout", dropout, "is_test=1 ratio seed", "1<12 3", "2"},
    {"Elu", activation, "alpha"},
    {"Equal", binary, kBroadcast, "2"},
    {"Erf", unary},
    {"Exp", unary},
    {"Expand", expand, "", "2"},
    {"Flatten", flatten, "axis"},
    {"Floor", unary},
    {"GRU", recurrent, kGru, "6", "2"},
    {"Gather", gather, "axis", "2"},
    {"Gelu", activation, "approximate"},
    {"Gemm", gemm, "alpha beta broadcast<7 transA transB", "3"},
    {"GlobalAveragePool", global_pool},
    {"GlobalMaxPool", global_pool},
    {"Greater", binary, kBroadcast, "2"},
    {"GreaterOrEqual", binary, "", "2"},
    {"GroupNormalization", group_normalization, "epsilon num_groups stash_type=1", "3"},
    {"HardSigmoid", activation, "alpha beta"},
    {"HardSwish", activation},
    {"Identity", identity},
    {"If", branch, "else_branch then_branch", "1", "*"},
    {"InstanceNormalization", instance_normalization, "epsilon", "3"},
    {"LSTM", recurrent, kLstm, "8", "3"},
    {"LayerNormalization", layer_normalization, "axis epsilon stash_type=1", "3", "3"},
    {"LeakyRelu", activation, "alpha"},
    {"Less", binary, kBroadcast, "2"},
    {"LessOrEqual", binary, "", "2"},
    {"Log", unary},
    {"LogSoftmax", softmax, "axis"},
    {"Loop", loop, "body", "*", "*"},
    {"MatMul", matmul, "", "2"},
    {"Max", variadic, "", "*"},
    {"MaxPool", pool, "auto_pad ceil_mode dilations kernel_shape pads storage_order strides", "1",
     "1<8 2"},
    {"Mean", variadic, "", "*"},
    {"Min", variadic, "", "*"},
    {"Mish", activation},
    {"Mul", binary, kBroadcast, "2"},
    {"Neg", unary},
    {"Not", unary},
    {"Or", binary, kBroadcast, "2"},
    {"PRelu", binary, "", "2"},
    {"Pad", pad, "mode pads<11 value<11", "1<11 3<18 4"},
    {"Pow", binary, kBroadcast, "2"},
    {"RNN", recurrent, kOfRecurrent, "6", "2"},
    {"Range", range, "", "3"},
    {"Reciprocal", unary},
    {"ReduceL1", reduce, kReduce, "1<18 2"},
    {"ReduceL2", reduce, kReduce, "1<18 2"},
    {"ReduceMax", reduce, kReduce, "1<18 2"},
    {"ReduceMean", reduce, kReduce, "1<18 2"},
    {"ReduceMin", reduce, kReduce, "1<18 2"},
    {"ReduceSum", reduce, "axes<13 keepdims noop_with_empty_axes", "1<13 2"},
    {"ReduceSumSquare", reduce, kReduce, "1<18 2"},
    {"Relu", activation},
    {"Reshape", reshape, "allowzero", "2"},
    {"ReverseSequence", reverse_sequence, "batch_axis time_axis", "2"},
    {"Round", unary},
    {"Scan", scan,
     "body num_scan_inputs scan_input_axes scan_input_directions scan_output_axes "
     "scan_output_directions",
     "*", "*"},
    {"Selu", activation, "alpha gamma"},
    {"Shape", shape, "end start"},
    {"Sigmoid", activation},
    {"Sign", unary},
    {"Size", size},
    {"Slice", slice, "axes<10 ends<10 starts<10", "1<10 5"},
    {"Softmax", softmax, "axis"},
    {"Softplus", activation},
    {"Softsign", activation},
    {"Split", split, "axis num_outputs split<13", "1<13 2", "*"},
    {"Sqrt", unary},
    {"Squeeze", squeeze, "axes<13", "1<13 2"},
    {"Sub", binary, kBroadcast, "2"},
    {"Sum", variadic, "", "*"},
    {"Tanh", activation},
    {"ThresholdedRelu", activation, "alpha"},
    {"Tile", tile, "", "2"},
    {"Transpose", transpose, "perm"},
    {"Unsqueeze", unsqueeze, "axes<13", "1<13 2"},
    {"Where", where, "", "3"},
    {"Xor", binary, kBroadcast, "2"},
};

/// Of the domain of ONNX Runtime: what PyTorch's exporters and its own quantizer write.
constexpr KnownOperator kMicrosoft[] = {
    {"DynamicQuantizeLSTM", recurrent,
     "activation_alpha activation_beta activations clip direction hidden_size input_forget", "12",
     "3"},
    {"Gelu", activation},
};

template <std::size_t count>
const KnownOperator* find_known(const KnownOperator (&operators)[count], const std::string& name) {
  const auto* found = std::ranges::find(operators, name, &KnownOperator::name);
  return found == std::end(operators) ? nullptr : found;
}

/// Takes the text before the next `separator` from the front of `text`, and the separator.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

/// An attribute as the table writes it.
struct KnownAttribute {
  std::string_view name;
  std::string_view only{};               ///< The values that it may have, "0|1"; empty: any.
  std::optional<std::int64_t> before{};  ///< The operator set that does not have it any more.
};

KnownAttribute read_attribute_entry(std::string_view entry) {
  KnownAttribute known;
  std::string_view name = take_until(entry, '=');
  known.only = entry;
  known.name = take_until(name, '<');
  if (std::int64_t before = 0; !name.empty()) {
    std::from_chars(name.data(), name.data() + name.size(), before);
    known.before = before;
  }
  return known;
}

std::optional<KnownAttribute> find_known_attribute(std::string_view attributes,
                                                   std::string_view name) {
  while (!attributes.empty()) {
    const KnownAttribute known = read_attribute_entry(take_until(attributes, ' '));
    if (known.name == name) return known;
  }
  return std::nullopt;
}

void check_value(const NodeProto& node, const KnownAttribute& known) {
  const std::string value = std::to_string(integer(node, known.name, 0));
  for (std::string_view rest = known.only; !rest.empty();) {
    if (take_until(rest, '|') == value) return;
  }
  throw Refusal(
      formatted("attribute {} is {}; supported is {}", quote(known.name), value, known.only));
}

void check_attribute(const NodeProto& node, const std::string& name, const KnownOperator& known,
                     std::int64_t operator_set) {
  const std::optional<KnownAttribute> found = find_known_attribute(known.attributes, name);
  const bool gone = found && found->before && operator_set >= *found->before;
  if (!found || gone) {
    throw Refusal(formatted("attribute {} is not one that {}{} has{}", quote(name),
                            node.domain() == kMicrosoftDomain ? "ONNX Runtime's " : "ONNX's ",
                            known.name,
                            gone ? formatted(" since operator set {}", *found->before) : ""));
  }
  if (!found->only.empty()) check_value(node, *found);
}

/// How many inputs or outputs an operator of that operator set has at most, of the table's "1<13
/// 2"; nothing: any number.
std::optional<std::int64_t> most_of(std::string_view counts, std::int64_t operator_set) {
  while (true) {
    const KnownAttribute entry = read_attribute_entry(take_until(counts, ' '));
    if (entry.before && operator_set >= *entry.before) continue;
    if (entry.name == "*") return std::nullopt;
    std::int64_t most = 0;
    std::from_chars(entry.name.data(), entry.name.data() + entry.name.size(), most);
    return most;
  }
}

/// `names` are those of the inputs or the outputs, which `what` says. What is left out at the end
/// is not there.
template <class NameList>
void check_count(const NameList& names, const char* what, std::string_view counts,
                 const KnownOperator& known, std::int64_t operator_set) {
  const std::optional<std::int64_t> most = most_of(counts, operator_set);
  std::int64_t count = names.size();
  while (count > 0 && names.Get(static_cast<int>(count - 1)).empty()) --count;
  if (!most || count <= *most) return;
  throw Malformed(formatted("has {} {}; {} has {} at most in operator set {}", count, what,
                            known.name, *most, operator_set));
}

}  // namespace

const KnownOperator* find_operator(const NodeProto& node) {
  if (node.domain() == kMicrosoftDomain) return find_known(kMicrosoft, node.op_type());
  if (!node.domain().empty() && node.domain() != "ai.onnx") return nullptr;
  return find_known(kOperators, node.op_type());
}

std::span<const KnownOperator> known_operators() noexcept { return kOperators; }

std::string supported_operators() {
  std::string names;
  for (const KnownOperator& known : kOperators) {
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return names;
}

void check_attributes(const NodeProto& node, const KnownOperator& known,
                      std::int64_t operator_set) {
  std::set<std::string_view> names;
  for (const schema::AttributeProto& attribute : node.attribute()) {
    if (!names.insert(attribute.name()).second) {
      throw Malformed(formatted("attribute {} is there twice", quote(attribute.name())));
    }
    check_attribute(node, attribute.name(), known, operator_set);
  }
}

void check_counts(const NodeProto& node, const KnownOperator& known, std::int64_t operator_set) {
  check_count(node.input(), "inputs", known.inputs, known, operator_set);
  check_count(node.output(), "outputs", known.outputs, known, operator_set);
}

}  // namespace carousel::loading::onnx
