// SPDX-License-Identifier: Apache-2.0
#include "frame_writer.hpp"

#include <limits>

#include "core/model/activation_parameters.hpp"
#include "core/model/formatted.hpp"
#include "elementwise.hpp"
#include "stored_array.hpp"

namespace carousel::loading::onnx {
namespace {

const char* operator_of(ElementwiseOperation operation) {
  switch (operation) {
    case ElementwiseOperation::add: return "Add";
    case ElementwiseOperation::subtract: return "Sub";
    case ElementwiseOperation::multiply: return "Mul";
    case ElementwiseOperation::divide: return "Div";
    case ElementwiseOperation::power: return "Pow";
    case ElementwiseOperation::minimum: return "Min";
    case ElementwiseOperation::maximum: return "Max";
    case ElementwiseOperation::prelu: return "PRelu";
    case ElementwiseOperation::equal: return "Equal";
    case ElementwiseOperation::less: return "Less";
    case ElementwiseOperation::greater: return "Greater";
  }
  return "";
}

const char* operator_of(ReduceOperation operation) {
  switch (operation) {
    case ReduceOperation::mean: return "ReduceMean";
    case ReduceOperation::sum: return "ReduceSum";
    case ReduceOperation::maximum: return "ReduceMax";
    case ReduceOperation::minimum: return "ReduceMin";
    case ReduceOperation::l2: return "ReduceL2";
  }
  return "";
}

}  // namespace

std::string reason_against(const ElementwiseSpec& spec) {
  const bool slopes = spec.operation == ElementwiseOperation::prelu;
  return slopes && spec.constant == ElementwiseSpec::Constant::first
             ? "ONNX's PRelu has no constant to bend"
             : "";
}

std::string reason_against(const ReduceStepsSpec& spec) {
  return spec.lengths ? "ONNX reduces all steps, not the real ones of each row" : "";
}

std::string reason_against(const SelectStepsSpec& spec) {
  return spec.lengths ? "ONNX selects from all steps, not from the real ones of each row" : "";
}

std::string FrameWriter::between(const Place& place, const char* what) {
  return graph_.reserve(formatted("{}.{}", place.name, what));
}

std::string FrameWriter::number(const Place& place, const char* what, float value) {
  return graph_.floats(formatted("{}.{}", place.name, what), {}, {&value, 1});
}

std::string FrameWriter::integers(const Place& place, const char* what,
                                  std::vector<std::int64_t> values) {
  return graph_.integers(formatted("{}.{}", place.name, what), values);
}

std::string FrameWriter::node(const Place& place, const char* op,
                              const std::vector<std::string>& inputs, std::string output) {
  if (output.empty()) output = between(place, op);
  graph_.node(op, inputs, {output});
  return output;
}

// --- Elementwise ---

void FrameWriter::write(const ElementwiseSpec& spec, const Weights& weights, const Place& place) {
  std::vector<std::string> operands = place.inputs;
  if (spec.constant != ElementwiseSpec::Constant::none) {
    const auto at =
        spec.constant == ElementwiseSpec::Constant::first ? operands.begin() : operands.end();
    operands.insert(at, graph_.weight(place.name + ".operand", {spec.size},
                                      stored_array(find_weight(weights, "operand"))));
  }
  if (!is_comparison(spec.operation)) {
    node(place, operator_of(spec.operation), operands, place.output);
    return;
  }
  const std::string truth = node(place, operator_of(spec.operation), operands);
  graph_.node("Cast", {truth}, {place.output}).integer("to", schema::TensorProto::FLOAT);
}

// --- Groups of features ---

std::string FrameWriter::grouped(const Place& place, const std::string& input, std::int64_t size,
                                 std::int64_t group) {
  if (group == size) return input;
  return node(place, "Reshape", {input, integers(place, "groups", {0, 0, size / group, group})});
}

void FrameWriter::ungrouped(const Place& place, const std::string& input, std::int64_t size) {
  node(place, "Reshape", {input, integers(place, "features", {0, 0, size})}, place.output);
}

void FrameWriter::write(const NormalizationSpec& spec, const Weights& weights, const Place& place) {
  std::string x = grouped(place, place.inputs.front(), spec.size, spec.group_size());
  const auto mean_of = [&](const std::string& of) {
    std::string mean = between(place, "mean");
    graph_.node("ReduceMean", {of}, {mean}).integers("axes", {-1}).integer("keepdims", 1);
    return mean;
  };
  if (spec.center) x = node(place, "Sub", {x, mean_of(x)});
  const std::string variance = mean_of(node(place, "Mul", {x, x}));
  const std::string sum = node(place, "Add", {variance, number(place, "epsilon", spec.epsilon)});
  std::string y = node(place, "Div", {x, node(place, "Sqrt", {sum})});
  const auto weight = [&](const char* role) {
    return graph_.weight(formatted("{}.{}", place.name, role), {spec.size},
                         stored_array(find_weight(weights, role)));
  };
  const bool groups = spec.group_size() != spec.size;
  if (groups) y = node(place, "Reshape", {y, integers(place, "features", {0, 0, spec.size})});
  if (spec.scale) y = node(place, "Mul", {y, weight("weight")});
  if (spec.bias) y = node(place, "Add", {y, weight("bias")});
  node(place, "Identity", {y}, place.output);
}

void FrameWriter::reduce(const Place& place, ReduceOperation operation, const std::string& input,
                         std::int64_t axis, bool keep) {
  std::vector<std::string> inputs{input};
  const bool sum = operation == ReduceOperation::sum;  // takes its axes as an input since set 13
  if (sum) inputs.push_back(integers(place, "axes", {axis}));
  AttributeWriter attributes = graph_.node(operator_of(operation), inputs, {place.output});
  if (!sum) attributes.integers("axes", {axis});
  attributes.integer("keepdims", keep ? 1 : 0);
}

void FrameWriter::write(const ReduceFeaturesSpec& spec, const Weights&, const Place& place) {
  const bool groups = spec.group_size() != spec.size;
  reduce(place, spec.operation, grouped(place, place.inputs.front(), spec.size, spec.group_size()),
         -1, !groups);
}

// --- Other order of features ---

void FrameWriter::write(const RearrangeSpec& spec, const Weights&, const Place& place) {
  std::vector<std::int64_t> indices;
  bool filled = false;
  for (const FeatureRun& run : spec.runs) {
    filled = filled || run.first < 0;
    for (std::int64_t k = 0; k < run.count; ++k) {
      indices.push_back(run.first < 0 ? spec.input_size : run.first + k * run.stride);
    }
  }
  std::string x = place.inputs.front();
  if (filled) {
    x = node(
        place, "Pad",
        {x, integers(place, "pads", {0, 0, 0, 0, 0, 1}), number(place, "filler", spec.filler)});
  }
  graph_.node("Gather", {x, integers(place, "indices", indices)}, {place.output})
      .integer("axis", 2);
}

// --- Steps ---

void FrameWriter::write(const ReduceStepsSpec& spec, const Weights&, const Place& place) {
  reduce(place, spec.operation, place.inputs.front(), 0, true);
}

void FrameWriter::write(const SelectStepsSpec& spec, const Weights&, const Place& place) {
  std::int64_t end = spec.end;
  if (end == SelectStepsSpec::kOpen && spec.stride < 0) {
    end = std::numeric_limits<std::int64_t>::min();
  }
  node(place, "Slice",
       {place.inputs.front(), integers(place, "first", {spec.first}), integers(place, "end", {end}),
        integers(place, "axis", {0}), integers(place, "stride", {spec.stride})},
       place.output);
}

/// As [batch, steps, 1, features], where repetition and merging of axes are plain.
void FrameWriter::write(const RepeatStepsSpec& spec, const Weights&, const Place& place) {
  const std::string rows = between(place, "rows");
  graph_.node("Transpose", {place.inputs.front()}, {rows}).integers("perm", {1, 0, 2});
  const std::string one = node(place, "Unsqueeze", {rows, integers(place, "axis", {2})});
  const std::string all =
      node(place, "Tile", {one, integers(place, "repeats", {1, 1, spec.count, 1})});
  const std::string merged =
      node(place, "Reshape", {all, integers(place, "shape", {0, -1, spec.size})});
  graph_.node("Transpose", {merged}, {place.output}).integers("perm", {1, 0, 2});
}

void FrameWriter::write(const CastIdsSpec&, const Weights&, const Place& place) {
  const std::string features = between(place, "Cast");
  graph_.node("Cast", {place.inputs.front()}, {features}).integer("to", schema::TensorProto::FLOAT);
  node(place, "Unsqueeze", {features, integers(place, "axis", {2})}, place.output);
}

}  // namespace carousel::loading::onnx
