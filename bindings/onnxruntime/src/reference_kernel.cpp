// SPDX-License-Identifier: Apache-2.0
#include "reference_kernel.hpp"

#include "core/cross_check/roundings.hpp"
#include "one_node_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>
#include <utility>

namespace carousel::onnxruntime {
namespace {

using onnx_schema::ModelProto;
using Shape = std::vector<std::int64_t>;

std::vector<OperatorInput> inputs_of(const RecurrentNode& node) {
  std::vector<OperatorInput> given;
  for (const OperatorInput input : {kX, kLengths, kInitialH, kInitialC}) {
    if (node.inputs.at(input).exists()) given.push_back(input);
  }
  return given;
}

/// The node with steps first, whatever its attribute `layout` says: ONNX Runtime has that only.
ModelProto steps_first_model(const RecurrentNode& node, std::span<const OperatorInput> given,
                             std::span<const OperatorOutput> asked) {
  ModelProto model = one_node_model(node, given, asked);
  auto& attributes = *model.mutable_graph()->mutable_node(0)->mutable_attribute();
  for (int k = attributes.size() - 1; k >= 0; --k) {
    if (attributes[k].name() == "layout") attributes.DeleteSubrange(k, 1);
  }
  return model;
}

void change_weights(ModelProto& model, std::int64_t terms) {
  detail::Signs signs;
  for (onnx_schema::TensorProto& weight : *model.mutable_graph()->mutable_initializer()) {
    std::vector<float> values(weight.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), weight.raw_data().data(), weight.raw_data().size());
    detail::change_by_roundings(values, terms, signs);
    weight.set_raw_data(values.data(), values.size() * sizeof(float));
  }
}

Ort::Session open_session(const Ort::Env& environment, const ModelProto& model) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  const std::string bytes = model.SerializeAsString();
  return {environment, bytes.data(), bytes.size(), options};
}

/// A tensor over values that live elsewhere; ONNX Runtime only reads inputs.
template <class T>
Ort::Value view_of(const std::vector<T>& values, const Shape& shape) {
  static const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  return Ort::Value::CreateTensor<T>(memory, const_cast<T*>(values.data()), values.size(),
                                     shape.data(), shape.size());
}

double distance(float found, float expected) {
  if (found == expected || (std::isnan(found) && std::isnan(expected))) return 0;
  const double apart = std::fabs(static_cast<double>(found) - static_cast<double>(expected));
  return std::isnan(apart) ? std::numeric_limits<double>::infinity() : apart;
}

/// "step 3, direction 0, row 1, unit 6" of an element of [steps, directions, batch, units].
std::string place(std::size_t element, const Shape& shape) {
  auto rest = static_cast<std::int64_t>(element);
  const std::array<const char*, 4> axes{"step", "direction", "row", "unit"};
  std::string text;
  for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
    const char* name = axes.at(axis + axes.size() - shape.size());
    text = std::string(name) + " " + std::to_string(rest % shape[axis]) +
           (text.empty() ? "" : ", ") + text;
  }
  return text;
}

}  // namespace

ReferenceKernel::ReferenceKernel(const RecurrentNode& node, std::vector<OperatorOutput> asked)
    : where_(node.where),
      spec_(std::get<RecurrentSpec>(node.layer.spec)),
      given_(inputs_of(node)),
      asked_(std::move(asked)),
      environment_(ORT_LOGGING_LEVEL_WARNING, "carousel") {
  constexpr std::int64_t kBiases = 2;
  ModelProto model = steps_first_model(node, given_, asked_);
  try {
    exact_ = open_session(environment_, model);
    change_weights(model, spec_.input_size + spec_.hidden_size + kBiases);
    changed_ = open_session(environment_, model);
  } catch (const Ort::Exception& error) {
    refuse_node(where_,
                std::string("cross_check: ONNX Runtime itself cannot run it: ") + error.what());
  }
}

ReferenceKernel::Outputs ReferenceKernel::run_session(Ort::Session& session,
                                                      const DenseRun& run) const {
  std::vector<const char*> input_names;
  std::vector<Ort::Value> values;
  const Shape states{spec_.directions(), run.batch, spec_.hidden_size};
  for (const OperatorInput input : given_) {
    input_names.push_back(kInputNames.at(input));
    if (input == kX) {
      values.push_back(view_of(run.x, {run.steps, run.batch, spec_.input_size}));
    } else if (input == kLengths) {
      values.push_back(view_of(run.lengths, {run.batch}));
    } else {
      values.push_back(view_of(run.initial.at(input - kInitialH), states));
    }
  }
  std::vector<const char*> output_names;
  for (const OperatorOutput output : asked_) output_names.push_back(kOutputNames.at(output));
  const std::vector<Ort::Value> made =
      session.Run(Ort::RunOptions(), input_names.data(), values.data(), values.size(),
                  output_names.data(), output_names.size());
  Outputs outputs;
  for (std::size_t k = 0; k < asked_.size(); ++k) {
    const auto* first = elements<float>(made[k]);
    outputs.at(asked_[k]).assign(first,
                                 first + made[k].GetTensorTypeAndShapeInfo().GetElementCount());
  }
  return outputs;
}

void ReferenceKernel::compare(OperatorOutput output, const DenseRun& run,
                              const std::vector<float>& expected, double tolerance) const {
  const std::vector<float>& found = run.outputs.at(output);
  if (found.size() != expected.size()) {
    throw Error(ErrorCode::internal, where_ + ": cross_check: " + kOutputNames.at(output) +
                                         " has not as many elements as ONNX Runtime's");
  }
  std::size_t worst = 0;
  double greatest = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const double apart = distance(found[k], expected[k]);
    if (apart <= greatest) continue;
    worst = k;
    greatest = apart;
  }
  if (greatest <= tolerance) return;
  Shape shape{spec_.directions(), run.batch, spec_.hidden_size};
  if (output == kY) shape.insert(shape.begin(), run.steps);
  std::ostringstream text;
  text.precision(9);
  text << where_ << ": cross_check: " << kOutputNames.at(output) << " is " << found[worst]
       << " by Carousel and " << expected[worst] << " by ONNX Runtime at " << place(worst, shape)
       << ": they differ by " << greatest << ", roundings explain " << tolerance;
  throw Error(ErrorCode::internal, text.str());
}

void ReferenceKernel::check(const DenseRun& run) const {
  const Outputs expected = run_session(exact_, run);
  const Outputs with_changes = run_session(changed_, run);
  for (const OperatorOutput output : asked_) {
    compare(output, run, expected.at(output),
            detail::rounding_tolerance(expected.at(output), with_changes.at(output)));
  }
}

}  // namespace carousel::onnxruntime
