// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

namespace carousel::kinds {

std::string_view kind_name(const DenseSpec&) noexcept { return "dense"; }

std::int64_t input_size(const DenseSpec& spec, std::size_t) noexcept { return spec.input_size; }

std::int64_t output_size(const DenseSpec& spec) noexcept { return spec.output_size; }

std::vector<WeightRole> weight_roles(const DenseSpec& spec) {
  std::vector<WeightRole> roles{{"weight", {spec.output_size, spec.input_size}}};
  if (spec.bias) roles.push_back({"bias", {spec.output_size}});
  return roles;
}

double flops_per_row(const DenseSpec& spec) noexcept {
  return 2.0 * static_cast<double>(spec.input_size) * static_cast<double>(spec.output_size);
}

void validate(const DenseSpec& spec) {
  check_size("input_size", spec.input_size, 1);
  check_size("output_size", spec.output_size, 1);
}

std::string describe(const DenseSpec& spec) {
  return formatted("Dense {} -> {}{}", spec.input_size, spec.output_size,
                   spec.bias ? "" : ", no bias");
}

}  // namespace carousel::kinds
