// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

namespace carousel {

std::string_view name(ReduceOperation operation) noexcept {
  switch (operation) {
    case ReduceOperation::mean: return "mean";
    case ReduceOperation::sum: return "sum";
    case ReduceOperation::maximum: return "maximum";
    case ReduceOperation::minimum: return "minimum";
    case ReduceOperation::l2: return "l2";
  }
  return "?";
}

namespace kinds {

// --- Over features ---

std::string_view kind_name(const ReduceFeaturesSpec&) noexcept { return "reduce_features"; }

std::int64_t input_size(const ReduceFeaturesSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const ReduceFeaturesSpec& spec) noexcept {
  return spec.size / spec.group_size();
}

void validate(const ReduceFeaturesSpec& spec) {
  check_size("size", spec.size, 1);
  check_group(spec.group, spec.size);
}

std::string describe(const ReduceFeaturesSpec& spec) {
  return formatted("Reduce features {} -> {}, {}", spec.size, output_size(spec),
                   name(spec.operation));
}

// --- Over time ---

std::string_view kind_name(const ReduceStepsSpec&) noexcept { return "reduce_steps"; }

std::int64_t input_size(const ReduceStepsSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const ReduceStepsSpec& spec) noexcept { return spec.size; }

bool needs_whole_sequence(const ReduceStepsSpec&) noexcept { return true; }

bool changes_steps(const ReduceStepsSpec&) noexcept { return true; }

std::int64_t output_steps(const ReduceStepsSpec&, std::int64_t) noexcept { return 1; }

void validate(const ReduceStepsSpec& spec) { check_size("size", spec.size, 1); }

std::string describe(const ReduceStepsSpec& spec) {
  return formatted("Reduce steps of {}, {}{}", spec.size, name(spec.operation),
                   spec.lengths ? " of the real steps" : "");
}

}  // namespace kinds
}  // namespace carousel
