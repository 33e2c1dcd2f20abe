// SPDX-License-Identifier: Apache-2.0
#include "module_names.hpp"

#include "tensor_names.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::string_view kFirstTensor = "weight_ih_l0";
constexpr std::string_view kWeightSuffix = ".weight";
constexpr std::size_t kMaxListed = 8;

constexpr std::array kEmbeddingNames{"embedding",
                                     "embeddings",
                                     "embed",
                                     "emb",
                                     "encoder",
                                     "word_embedding",
                                     "word_embeddings",
                                     "token_embedding",
                                     "token_embeddings",
                                     "tok_embeddings",
                                     "char_embedding",
                                     "char_embeddings",
                                     "embed_tokens",
                                     "wte",
                                     "lookup"};
constexpr std::array kHeadNames{"head",   "fc",         "linear",    "decoder",    "output",
                                "out",    "classifier", "proj",      "projection", "lm_head",
                                "logits", "dense",      "hidden2tag"};

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) {
    text += (i == 0 ? "" : ", ") + quote(names[i]);
  }
  return text + (names.size() > kMaxListed ? ", ..." : "");
}

std::vector<std::string> prefixes(const TensorReader& reader) {
  std::vector<std::string> found;
  for (const StoredTensor& tensor : reader.tensors()) {
    if (!tensor.name.ends_with(kFirstTensor)) continue;
    const std::string prefix = tensor.name.substr(0, tensor.name.size() - kFirstTensor.size());
    if (is_prefix(prefix)) found.push_back(prefix);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string given_prefix(const TensorReader& reader, const std::string& given) {
  for (const std::string& prefix : {given, given + "."}) {
    const bool there = reader.find(prefix + std::string(kFirstTensor)) != nullptr;
    if (there && is_prefix(prefix)) return prefix;
  }
  const std::vector<std::string> candidates = prefixes(reader);
  fail(reader.source(),
       "no tensor " + quote(given + std::string(kFirstTensor)) + " for the prefix " + quote(given) +
           (candidates.empty() ? "" : "; there are the prefixes ") + list(candidates),
       ErrorCode::invalid_argument);
}

std::vector<std::string> given_prefixes(const TensorReader& reader, std::string_view given) {
  std::vector<std::string> found;
  for (;;) {
    const std::size_t comma = given.find(',');
    found.push_back(given_prefix(reader, std::string(given.substr(0, comma))));
    if (comma == given.npos) return found;
    given.remove_prefix(comma + 1);
  }
}

/// The layer number in "<prefix><role>_l<number>[_reverse]".
std::optional<std::size_t> layer_number(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  constexpr std::string_view reverse = "_reverse";
  if (name.ends_with(reverse)) name.remove_suffix(reverse.size());
  for (const std::string_view role : kStackedRoles) {
    if (!name.starts_with(role)) continue;
    const std::string_view rest = name.substr(role.size());
    if (rest.starts_with("_l")) return plain_number(rest.substr(2));
  }
  return std::nullopt;
}

std::string_view module_of(std::string_view weight_name) {
  return weight_name.substr(0, weight_name.size() - kWeightSuffix.size());
}

bool fits(const StoredTensor& tensor, const ModuleRole& role) {
  return tensor.shape.size() == 2 && tensor.shape[0] >= 1 && tensor.shape[1] == role.columns;
}

/// Whether everything before the module's last component also stands before the recurrent tensors:
/// "model.fc" beside "model.lstm.", but not "other.fc".
bool is_near(const std::string& module, const std::string& prefix) {
  const std::size_t dot = module.rfind('.');
  return dot == module.npos || prefix.starts_with(module.substr(0, dot + 1));
}

std::string given_module(const TensorReader& reader, const ModuleRole& role,
                         const std::string& given) {
  const std::string name = tensor_name(given, "weight");
  const StoredTensor* tensor = reader.find(name);
  const std::string wanted = "; the " + std::string(role.name) + " needs shape [any, " +
                             std::to_string(role.columns) + "]";
  if (tensor == nullptr) {
    fail(reader.source(), "no tensor " + quote(name) + wanted, ErrorCode::invalid_argument);
  }
  if (!fits(*tensor, role)) {
    fail(reader.source(),
         "tensor " + quote(name) + " has shape " + shape_text(tensor->shape) + wanted,
         ErrorCode::invalid_argument);
  }
  return given;
}

}  // namespace

std::vector<std::string> find_prefixes(const TensorReader& reader,
                                       const std::optional<std::string>& given) {
  if (given) return given_prefixes(reader, *given);
  std::vector<std::string> found = prefixes(reader);
  if (found.empty()) {
    fail(reader.source(),
         "no recurrent layer: no tensor is called '...weight_ih_l0', as those of "
         "PyTorch's LSTM, GRU and RNN modules are");
  }
  return found;
}

void refuse_several(const TensorReader& reader, const std::vector<std::string>& prefixes) {
  fail(reader.source(),
       "several recurrent modules, with the prefixes " + list(prefixes) +
           "; choose one with the option prefix (--prefix), or several in the order in which they "
           "run, separated by commas",
       ErrorCode::invalid_argument);
}

std::size_t count_layers(const TensorReader& reader, const std::string& prefix) {
  std::size_t layers = 1;
  for (const StoredTensor& tensor : reader.tensors()) {
    const std::optional<std::size_t> number = layer_number(tensor.name, prefix);
    // A number beyond the count of tensors cannot be that of a complete stack; the tensor is
    // reported as unexpected, rather than millions of others as missing.
    if (number && *number < reader.tensors().size()) {
      layers = std::max(layers, *number + 1);
    }
  }
  return layers;
}

bool any_layer_has(const TensorReader& reader, const std::string& prefix, std::size_t layers,
                   std::string_view role) {
  for (std::size_t k = 0; k < layers; ++k) {
    if (reader.find(tensor_name(stacked_name(prefix, k), role)) != nullptr) return true;
  }
  return false;
}

ModuleRole embedding_role(std::int64_t input_size) {
  return {"embedding", kEmbeddingNames, input_size};
}

ModuleRole head_role(std::int64_t features) { return {"head", kHeadNames, features}; }

bool has_usual_name(const StoredTensor& tensor, const ModuleRole& role) {
  if (!tensor.name.ends_with(kWeightSuffix)) {
    return false;
  }
  const std::string_view module = module_of(tensor.name);
  const std::string_view last = module.substr(module.rfind('.') + 1);  // npos + 1 is 0
  return std::find(role.names.begin(), role.names.end(), last) != role.names.end();
}

std::string find_module(const TensorReader& reader, const ModuleRole& role,
                        const std::string& prefix, const std::optional<std::string>& given) {
  if (given) {
    return given->empty() ? "" : given_module(reader, role, *given);
  }
  std::vector<std::string> near;
  std::vector<std::string> far;
  for (const StoredTensor& tensor : reader.tensors()) {
    if (has_usual_name(tensor, role) && fits(tensor, role)) {
      const std::string module(module_of(tensor.name));
      (is_near(module, prefix) ? near : far).push_back(module);
    }
  }
  std::vector<std::string>& candidates = near.empty() ? far : near;
  std::sort(candidates.begin(), candidates.end());
  if (candidates.size() > 1) {
    const std::string option(role.name);
    fail(reader.source(),
         "several modules could be the " + option + ": " + list(candidates) +
             "; name one with the option " + option + " (--" + option + "), or '' for none",
         ErrorCode::invalid_argument);
  }
  return candidates.empty() ? "" : candidates.front();
}

}  // namespace carousel::loading
