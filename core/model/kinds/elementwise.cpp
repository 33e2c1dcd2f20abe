// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

namespace carousel {

std::string_view name(ElementwiseOperation operation) noexcept {
  switch (operation) {
    case ElementwiseOperation::add: return "add";
    case ElementwiseOperation::subtract: return "subtract";
    case ElementwiseOperation::multiply: return "multiply";
    case ElementwiseOperation::divide: return "divide";
    case ElementwiseOperation::power: return "power";
    case ElementwiseOperation::minimum: return "minimum";
    case ElementwiseOperation::maximum: return "maximum";
    case ElementwiseOperation::prelu: return "prelu";
    case ElementwiseOperation::equal: return "equal";
    case ElementwiseOperation::less: return "less";
    case ElementwiseOperation::greater: return "greater";
  }
  return "?";
}

namespace kinds {

std::string_view kind_name(const ElementwiseSpec&) noexcept { return "elementwise"; }

std::size_t input_count(const ElementwiseSpec& spec) noexcept {
  return spec.constant == ElementwiseSpec::Constant::none ? 2 : 1;
}

std::int64_t input_size(const ElementwiseSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const ElementwiseSpec& spec) noexcept { return spec.size; }

std::vector<WeightRole> weight_roles(const ElementwiseSpec& spec) {
  if (spec.constant == ElementwiseSpec::Constant::none) return {};
  return {{"operand", {spec.size}}};
}

void validate(const ElementwiseSpec& spec) { check_size("size", spec.size, 1); }

std::string describe(const ElementwiseSpec& spec) {
  std::string text = "Elementwise ";
  if (spec.constant == ElementwiseSpec::Constant::first) text += "constant ";
  text += name(spec.operation);
  if (spec.constant == ElementwiseSpec::Constant::second) text += " constant";
  return formatted("{} of {}", text, spec.size);
}

}  // namespace kinds
}  // namespace carousel
