// SPDX-License-Identifier: Apache-2.0
#include "module_names.hpp"

#include "tensor_names.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <array>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::string_view kFirstTensor = "weight_ih_l0";
constexpr std::size_t kMaxListed = 8;

}  // namespace

std::string list_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) {
    text += (i == 0 ? "" : ", ") + quote(names[i]);
  }
  return text + (names.size() > kMaxListed ? ", ..." : "");
}

std::vector<std::string> all_prefixes(const TensorReader& reader) {
  std::vector<std::string> found;
  for (const StoredTensor& tensor : reader.tensors()) {
    if (!tensor.name.ends_with(kFirstTensor)) continue;
    const std::string prefix = tensor.name.substr(0, tensor.name.size() - kFirstTensor.size());
    if (is_prefix(prefix)) found.push_back(prefix);
  }
  std::sort(found.begin(), found.end());
  return found;
}

namespace {

std::string given_prefix(const TensorReader& reader, const std::string& given) {
  for (const std::string& prefix : {given, given + "."}) {
    const bool there = reader.find(prefix + std::string(kFirstTensor)) != nullptr;
    if (there && is_prefix(prefix)) return prefix;
  }
  const std::vector<std::string> candidates = all_prefixes(reader);
  fail(reader.source(),
       formatted("no tensor {} for the prefix {}{}{}", quote(given + std::string(kFirstTensor)),
                 quote(given), candidates.empty() ? "" : "; there are the prefixes ",
                 list_names(candidates)),
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

}  // namespace

std::vector<std::string> find_prefixes(const TensorReader& reader,
                                       const std::optional<std::string>& given) {
  if (given) return given_prefixes(reader, *given);
  std::vector<std::string> found = all_prefixes(reader);
  if (found.empty()) {
    fail(reader.source(),
         "no recurrent layer: no tensor is called '...weight_ih_l0', as those of "
         "PyTorch's LSTM, GRU and RNN modules are, nor '...weight_ih', as those of its cells are");
  }
  return found;
}

void refuse_several(const TensorReader& reader, const std::vector<std::string>& prefixes,
                    const std::string& hint) {
  fail(reader.source(),
       formatted(
           "several recurrent modules, with the prefixes {}; choose one with the option prefix "
           "(--prefix), or several in the order in which they run, separated by commas{}",
           list_names(prefixes), hint),
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

}  // namespace carousel::loading
