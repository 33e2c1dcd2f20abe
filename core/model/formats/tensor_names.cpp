// SPDX-License-Identifier: Apache-2.0
#include "tensor_names.hpp"

#include <algorithm>
#include <charconv>

namespace carousel::loading {
namespace {

constexpr std::string_view kReverse = "_reverse";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Where the "l0" of "lstm.l0" begins; nothing for names without such an ending.
std::optional<std::size_t> find_number(std::string_view layer) noexcept {
  const std::size_t at = layer.rfind('l');
  if (at == layer.npos || !plain_number(layer.substr(at + 1)) || !is_prefix(layer.substr(0, at))) {
    return std::nullopt;
  }
  return at;
}

}  // namespace

std::optional<std::size_t> plain_number(std::string_view digits) noexcept {
  const bool plain = !digits.empty() && std::ranges::all_of(digits, is_digit) &&
                     (digits.front() != '0' || digits.size() == 1);
  std::size_t number = 0;
  const char* end = digits.data() + digits.size();
  if (!plain || std::from_chars(digits.data(), end, number).ec != std::errc()) return std::nullopt;
  return number;
}

bool is_prefix(std::string_view prefix) noexcept {
  return prefix.empty() || (!is_digit(prefix.back()) && !is_letter(prefix.back()));
}

std::string stacked_name(std::string_view prefix, std::size_t number) {
  return std::string(prefix) + 'l' + std::to_string(number);
}

std::string tensor_name(std::string_view layer, std::string_view role) {
  const std::optional<std::size_t> number = find_number(layer);
  if (!number || role == "weight" || role == "bias") {
    return std::string(layer) + '.' + std::string(role);
  }
  const bool reverse = role.ends_with(kReverse);
  if (reverse) role.remove_suffix(kReverse.size());
  return std::string(layer.substr(0, *number)) + std::string(role) + '_' +
         std::string(layer.substr(*number)) + std::string(reverse ? kReverse : "");
}

std::vector<NamedTensor> named_tensors(const Model& model) {
  const std::vector<std::string> names = layer_names(model);
  std::vector<NamedTensor> tensors;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    for (const WeightRole& role : weight_roles(model.layers[k].spec)) {
      const Tensor* tensor = find_weight(model.layers[k].weights, role.name);
      if (tensor != nullptr) tensors.push_back({tensor_name(names[k], role.name), k, tensor});
    }
  }
  return tensors;
}

}  // namespace carousel::loading
