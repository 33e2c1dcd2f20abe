// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/measure/roofline.hpp"

#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/precision.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What commands ask of a model or network of any kind.
namespace carousel::cli {

/// How many ids an input takes: each is in [0, id_count). 0 for an input that takes features.
[[nodiscard]] std::int64_t id_count(const Model& model, std::string_view input);
/// The same of the first input.
[[nodiscard]] std::int64_t id_count(const Model& model);

/// Features of what an output or a layer reads by that name: of a layer, a final state
/// ("lstm.l0:h") or an input. 0 where there is none.
[[nodiscard]] std::int64_t source_size(const Model& model, std::string_view name);

/// The names of inputs, outputs or whatever else has a name.
template <class Things>
[[nodiscard]] std::vector<std::string> names_of(const Things& things) {
  std::vector<std::string> names;
  for (const auto& each : things) names.emplace_back(each.name);
  return names;
}

/// The sizes of the matrices that the layers multiply with, in the order of the layers.
[[nodiscard]] std::vector<MatrixSizes> matrix_sizes(const Model& model);

/// The element types of a layer's matrices, or of all its weights where it has none: "F16", or
/// "F16, F32" where they differ. Empty for a layer without weights.
[[nodiscard]] std::string stored_types(const ModelLayer& layer);

/// ", in float16", or nothing for float32: to be added to what describes a layer.
[[nodiscard]] std::string precision_note(Precision precision);

/// Which backends compute the network, each once: "xsimd:avx512" or "xsimd:avx512+onednn". Layers
/// without arithmetic do not count, unless there are no others.
[[nodiscard]] std::string backends_of(const Network& network);

}  // namespace carousel::cli
