// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/json_reader.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// \file
/// Models as JSON, in the dialects of several packages. The content tells which, never the name.
namespace carousel::loading {

/// Reads any dialect. Throws Error naming what the file is where it is none.
[[nodiscard]] Model model_from_json(std::span<const std::byte> bytes, const std::string& source,
                                    const LoadOptions& options);

// --- The dialects, a file each ---

/// RTNeural's export of a Keras model, and AIDA-X's, which has more keys:
/// {"in_shape": [null, null, 1], "layers": [{"type": "lstm", ...}, ...]}
[[nodiscard]] Model model_from_rtneural(const Json& json, const std::string& source);

/// GuitarML's, Proteus's and NeuralPi's:
/// {"model_data": {"unit_type": "LSTM", ...}, "state_dict": {"rec.weight_ih_l0": [[...]], ...}}
[[nodiscard]] Model model_from_guitarml(const Json& json, const std::string& source,
                                        const LoadOptions& options);

/// NeuralAmpModeler's .nam:
/// {"architecture": "LSTM", "config": {"hidden_size": 3, ...}, "weights": [0.1, ...]}
[[nodiscard]] Model model_from_nam(const Json& json, const std::string& source);

/// A PyTorch state dict with its tensors as nested arrays: {"lstm.weight_ih_l0": [[...]], ...}
[[nodiscard]] Model model_from_json_state_dict(const Json& json, const std::string& source,
                                               const LoadOptions& options);

// --- What several dialects share ---

/// Refuses options that say what a file tells by itself.
void refuse_naming_options(const std::string& source, const LoadOptions& options);

/// The first `channels` features of the model's input are added to its output; one channel to every
/// output. `gain` names the layer that the input goes through before anything else; empty: none.
/// Throws Error naming `key` where the numbers of features do not fit.
void add_skip(Model& model, std::int64_t channels, const std::string& key,
              const std::string& gain = "");

/// Keeps a number or text of the file as metadata of the model, if the file has it.
void keep_metadata(const Json& json, const char* key, Model& model);

}  // namespace carousel::loading
