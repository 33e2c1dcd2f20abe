// SPDX-License-Identifier: Apache-2.0
#include "loading/same_layers.hpp"
#include "onnx/network_case.hpp"
#include "support/every_backend.hpp"

#include <algorithm>

#include "core/model/formats/model_text.hpp"
#include "core/model/formats/onnx/load_onnx.hpp"
#include "core/model/formats/state_dict.hpp"

namespace carousel::onnx_test {
namespace {

using testing::Bytes;
using testing::raw;

std::map<std::string, std::string> own_metadata(const Model& model) {
  auto metadata = model.metadata;
  std::erase_if(metadata, [](const auto& entry) {
    return entry.first.starts_with("onnx.") || entry.first == loading::kLayersKey ||
           entry.first == loading::kTailKey || entry.first == loading::kActivationKey ||
           entry.first == loading::kInputsKey || entry.first == loading::kOutputsKey ||
           entry.first == loading::kLengthsKey;
  });
  return metadata;
}

/// With inputs and outputs that are told, without the order of axes of the file that it is from:
/// ONNX files are written steps first, and what is read from them need not tell what is usual.
Model steps_first(Model model) {
  model.inputs = model_inputs(model);
  model.outputs = model_outputs(model);
  for (ModelInput& input : model.inputs) input.axes.clear();
  for (ModelOutput& output : model.outputs) output.axes.clear();
  return model;
}

/// Every spec, name, bit and word.
void expect_equal(const Model& a, const Model& b) {
  EXPECT_EQ(own_metadata(a), own_metadata(b));
  EXPECT_EQ(layer_names(a), layer_names(b));
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(loading::told_inputs(a), loading::told_inputs(b));
  testing::expect_same_layers(a, b);
}

void expect_same_bits(const NetworkCase& a, const NetworkCase& b) {
  for (const std::string& id : testing_support::deterministic_ids()) {
    if (!supported(a, id)) continue;
    const Results left = run(a, id);
    const Results right = run(b, id);
    EXPECT_EQ(raw(left.y), raw(right.y)) << id;
    ASSERT_EQ(left.states.size(), right.states.size()) << id;
    for (std::size_t k = 0; k < left.states.size(); ++k) {
      EXPECT_EQ(raw(left.states[k]), raw(right.states[k])) << id << ", state " << k;
    }
  }
}

NetworkCase with_model(const NetworkCase& c, const Bytes& file, const std::string& source) {
  NetworkCase other = c;
  other.model = load(file, source);
  return other;
}

bool onnx_has_it(const LayerSpec& spec) {
  if (const auto* activation = std::get_if<ActivationSpec>(&spec)) {
    return activation->function.kind != ActivationKind::affine &&
           activation->function.kind != ActivationKind::scaled_tanh;
  }
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  return recurrent == nullptr ||
         (!traits(recurrent->cell).onnx_operator.empty() && !recurrent->layer_norm &&
          recurrent->proj_size == 0 && recurrent->cell_clip == 0.0F &&
          recurrent->coupling != GateCoupling::input_from_forget);
}

}  // namespace

bool expect_converts(const NetworkCase& c) {
  SCOPED_TRACE(c.name + ", converted");
  const Bytes safetensors = loading::to_safetensors(c.model);
  const NetworkCase plain = with_model(c, safetensors, "c.safetensors");
  expect_equal(c.model, plain.model);
  expect_same_bits(c, plain);
  EXPECT_EQ(loading::to_safetensors(plain.model), safetensors);
  const bool expressible = std::ranges::all_of(
      c.model.layers, [](const ModelLayer& layer) { return onnx_has_it(layer.spec); });
  if (!expressible) {
    const auto error = testing::error_of([&] { static_cast<void>(loading::to_onnx(c.model, {})); });
    EXPECT_TRUE(testing::contains(error, " cannot be saved as ONNX: "));
    return false;
  }
  const Bytes onnx = loading::to_onnx(plain.model, {});
  const NetworkCase again = with_model(c, onnx, "c.onnx");
  expect_equal(steps_first(c.model), steps_first(again.model));
  expect_same_bits(c, again);
  EXPECT_EQ(loading::to_onnx(again.model, {}), onnx);
  EXPECT_EQ(loading::to_safetensors(steps_first(again.model)),
            loading::to_safetensors(steps_first(plain.model)))
      << "not the same after ONNX";
  return true;
}

}  // namespace carousel::onnx_test
