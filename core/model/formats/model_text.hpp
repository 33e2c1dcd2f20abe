// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <string>
#include <string_view>
#include <vector>

/// \file
/// What a model is beside its weights, as JSON for the metadata of a file. Readers throw Error
/// naming `source`, the metadata key, the entry and the field that is wrong or unknown.
namespace carousel::loading {

/// What each layer reads, by name; nothing for one that reads the layer before it (the first: the
/// model's first input), whether it says so or not.
[[nodiscard]] std::vector<std::vector<std::string>> told_inputs(const Model& model);

/// An array with an object for each layer: its name, what it reads where that is not the layer
/// before it, which states a run sets and from what, and its spec; see spec_text.hpp.
/// [{"kind":"dense","name":"fc","inputs":["both"],"input_size":5,"output_size":1}]
/// [{"kind":"recurrent","cell":"gru",...,"name":"gru","initial_states":{"h":"h0"}}]
[[nodiscard]] std::string layers_to_text(const Model& model);
/// The layers without weights.
[[nodiscard]] std::vector<ModelLayer> layers_from_text(std::string_view text,
                                                       std::string_view source);

/// [{"name":"audio","size":3},{"name":"word","size":1,"ids":true}]
/// [{"name":"h0","size":4,"one_step":true,"axes":[1,"batch",4]}]
[[nodiscard]] std::string inputs_to_text(const std::vector<ModelInput>& inputs);
[[nodiscard]] std::vector<ModelInput> inputs_from_text(std::string_view text,
                                                       std::string_view source);

/// [{"name":"y","layer":"fc"}]
[[nodiscard]] std::string outputs_to_text(const std::vector<ModelOutput>& outputs);
[[nodiscard]] std::vector<ModelOutput> outputs_from_text(std::string_view text,
                                                         std::string_view source);

/// ["embedding","lstm.l0","fc"]
[[nodiscard]] std::string names_to_text(const std::vector<std::string>& names);
[[nodiscard]] std::vector<std::string> names_from_text(std::string_view text,
                                                       std::string_view source,
                                                       std::string_view key);

}  // namespace carousel::loading
