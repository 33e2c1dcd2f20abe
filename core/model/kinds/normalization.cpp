// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

#include <cmath>

namespace carousel::kinds {

std::string_view kind_name(const NormalizationSpec&) noexcept { return "normalization"; }

std::int64_t input_size(const NormalizationSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const NormalizationSpec& spec) noexcept { return spec.size; }

std::vector<WeightRole> weight_roles(const NormalizationSpec& spec) {
  std::vector<WeightRole> roles;
  if (spec.scale) roles.push_back({"weight", {spec.size}});
  if (spec.bias) roles.push_back({"bias", {spec.size}});
  return roles;
}

void validate(const NormalizationSpec& spec) {
  check_size("size", spec.size, 1);
  check_group(spec.group, spec.size);
  if (!(spec.epsilon >= 0.0F) || !std::isfinite(spec.epsilon)) {
    refuse(formatted("epsilon is {}, but must be finite and not negative", spec.epsilon));
  }
}

std::string describe(const NormalizationSpec& spec) {
  std::string text = spec.center ? "Normalization of " : "RMS normalization of ";
  text += std::to_string(spec.size);
  return spec.group_size() == spec.size ? text : formatted("{} by {}", text, spec.group_size());
}

}  // namespace carousel::kinds
