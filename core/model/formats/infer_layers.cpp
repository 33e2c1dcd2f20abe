// SPDX-License-Identifier: Apache-2.0
// What a PyTorch state dict is, by the names and shapes of its tensors.
#include "infer_stack.hpp"
#include "module_chain.hpp"
#include "module_names.hpp"
#include "module_places.hpp"
#include "reading.hpp"
#include "state_dict.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::array<std::pair<std::string_view, ActivationKind>, 5> kTails{{
    {"sigmoid", ActivationKind::sigmoid},
    {"tanh", ActivationKind::tanh},
    {"relu", ActivationKind::relu},
    {"softmax", ActivationKind::softmax},
    {"log_softmax", ActivationKind::log_softmax},
}};

ModelLayer layer_of(const TensorReader& reader, const MatrixModule& module, const LayerSpec& spec) {
  check_spec(reader, spec);
  return {.spec = spec, .name = module.name};
}

ModelLayer embedding_layer(const TensorReader& reader, const MatrixModule& module) {
  return layer_of(reader, module, EmbeddingSpec{module.rows, module.columns});
}

ModelLayer dense_layer(const TensorReader& reader, const MatrixModule& module) {
  return layer_of(
      reader, module,
      DenseSpec{.input_size = module.columns, .output_size = module.rows, .bias = module.bias});
}

/// The activation that the metadata tells of, if it does.
std::optional<ActivationKind> find_tail(const TensorReader& reader, const Metadata& metadata) {
  const std::string* found = find_metadata(metadata, kTailKey);
  if (found == nullptr) return std::nullopt;
  std::string names;
  for (const auto& [name, kind] : kTails) {
    if (*found == name) return kind;
    names += (names.empty() ? "" : ", ") + quote(name);
  }
  fail(reader.source(),
       formatted("metadata {} must be one of {}, found {}", quote(kTailKey), names, quote(*found)));
}

/// What a matrix would have to be in a place, if it has a name that is usual there but another
/// shape.
std::string hint_of(const StoredTensor& tensor, std::string_view place, std::int64_t columns,
                    bool (*is_usual)(std::string_view)) {
  constexpr std::string_view ending = ".weight";
  if (!tensor.name.ends_with(ending)) return "";
  const bool fits = tensor.shape.size() == 2 && tensor.shape[1] == columns;
  const std::string_view module =
      std::string_view(tensor.name).substr(0, tensor.name.size() - ending.size());
  if (fits || !is_usual(module)) return "";
  return formatted(" (a weight of the {} would have shape [any, {}])", place, columns);
}

bool is_recurrent(const ModelLayer& layer) {
  return std::holds_alternative<RecurrentSpec>(layer.spec);
}

}  // namespace

std::vector<ModelLayer> infer_layers(const TensorReader& reader, const Metadata& metadata,
                                     const LoadOptions& options) {
  if (options.head && !options.head->empty() && options.head == options.embedding) {
    fail(reader.source(),
         formatted("module {} cannot be both embedding and head", quote(*options.head)),
         ErrorCode::invalid_argument);
  }
  const std::vector<std::string> prefixes = find_prefixes(reader, options.prefix);
  const std::vector<ModelLayer> stack =
      infer_chain(reader, metadata, prefixes, options.prefix.has_value());
  std::vector<std::string> left_out = all_prefixes(reader);
  std::erase_if(left_out, [&](const std::string& prefix) {
    return std::ranges::find(prefixes, prefix) != prefixes.end();
  });
  const Stack sizes = measure_stack(reader, stack);
  const std::vector<MatrixModule> modules = matrix_modules(reader, sizes, options);
  const Reading reading = find_reading(reader, modules, sizes, left_out, options);
  std::vector<ModelLayer> layers;
  if (reading.table) layers.push_back(embedding_layer(reader, modules[*reading.table]));
  for (const std::size_t k : reading.before) layers.push_back(dense_layer(reader, modules[k]));
  layers.insert(layers.end(), stack.begin(), stack.end());
  for (const std::size_t k : reading.after) layers.push_back(dense_layer(reader, modules[k]));
  if (const std::optional<ActivationKind> tail = find_tail(reader, metadata)) {
    layers.push_back({.spec = ActivationSpec{{*tail}, output_size(layers.back().spec)}});
  }
  return layers;
}

std::string extra_hint(const StoredTensor& tensor, const std::vector<ModelLayer>& layers) {
  const auto first = std::ranges::find_if(layers, is_recurrent);
  const auto last = std::find_if(layers.rbegin(), layers.rend(), is_recurrent);
  if (first == layers.end()) return "";
  return hint_of(tensor, "embedding", input_size(first->spec), has_embedding_name) +
         hint_of(tensor, "head", output_size(last->spec), has_head_name);
}

std::string_view tail_text(const LayerSpec& last) {
  const auto* spec = std::get_if<ActivationSpec>(&last);
  for (const auto& [name, kind] : kTails) {
    if (spec != nullptr && spec->function.kind == kind) return name;
  }
  return "";
}

}  // namespace carousel::loading
