// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

#include <algorithm>

namespace carousel {
namespace {

constexpr std::int64_t kOpen = SelectStepsSpec::kOpen;

/// A position of a slice: negative ones count from the end, and none leaves [lowest, highest].
std::int64_t position(std::int64_t given, std::int64_t steps, std::int64_t lowest,
                      std::int64_t highest) noexcept {
  const std::int64_t counted = given < 0 ? given + steps : given;
  return std::clamp(counted, lowest, highest);
}

}  // namespace

SelectedSteps select(const SelectStepsSpec& spec, std::int64_t steps) noexcept {
  if (spec.stride > 0) {
    const std::int64_t first = position(spec.first, steps, 0, steps);
    const std::int64_t end = spec.end == kOpen ? steps : position(spec.end, steps, 0, steps);
    return {first, end <= first ? 0 : (end - first - 1) / spec.stride + 1};
  }
  const std::int64_t first = position(spec.first, steps, -1, steps - 1);
  const std::int64_t end = spec.end == kOpen ? -1 : position(spec.end, steps, -1, steps - 1);
  return {first, first <= end ? 0 : (first - end - 1) / -spec.stride + 1};
}

namespace kinds {

// --- Selected ---

std::string_view kind_name(const SelectStepsSpec&) noexcept { return "select_steps"; }

std::int64_t input_size(const SelectStepsSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const SelectStepsSpec& spec) noexcept { return spec.size; }

bool needs_whole_sequence(const SelectStepsSpec&) noexcept { return true; }

/// Only a reversal of all steps keeps their number.
bool changes_steps(const SelectStepsSpec& spec) noexcept {
  return spec.first != -1 || spec.end != kOpen || spec.stride != -1;
}

std::int64_t output_steps(const SelectStepsSpec& spec, std::int64_t steps) noexcept {
  return select(spec, steps).count;
}

void validate(const SelectStepsSpec& spec) {
  check_size("size", spec.size, 1);
  const auto small = [](std::int64_t value) { return value >= -kMaxSize && value <= kMaxSize; };
  if (!small(spec.first) || (spec.end != kOpen && !small(spec.end))) {
    refuse(formatted("first and end of selected steps must be in +-{}", kMaxSize));
  }
  if (spec.stride == 0 || !small(spec.stride)) {
    refuse(formatted("the stride of selected steps is {}, but must be in +-{} and not 0",
                     spec.stride, kMaxSize));
  }
}

std::string describe(const SelectStepsSpec& spec) {
  std::string text = formatted("Select steps of {}", spec.size);
  const std::string real = spec.lengths ? " of the real ones" : "";
  const bool to_end = spec.end == kOpen;
  if (spec.first == -1 && spec.stride == 1 && to_end) {
    return formatted("{}, the last{}", text, real);
  }
  if (spec.first == -1 && spec.stride == -1 && to_end) {
    return formatted("{}, reversed{}", text, real);
  }
  text += formatted(", {}:{}", spec.first, to_end ? "" : std::to_string(spec.end));
  return text + (spec.stride == 1 ? "" : formatted(":{}", spec.stride)) + real;
}

// --- Repeated ---

std::string_view kind_name(const RepeatStepsSpec&) noexcept { return "repeat_steps"; }

std::int64_t input_size(const RepeatStepsSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const RepeatStepsSpec& spec) noexcept { return spec.size; }

bool needs_whole_sequence(const RepeatStepsSpec&) noexcept { return true; }

bool changes_steps(const RepeatStepsSpec& spec) noexcept { return spec.count != 1; }

std::int64_t output_steps(const RepeatStepsSpec& spec, std::int64_t steps) noexcept {
  return steps * spec.count;
}

void validate(const RepeatStepsSpec& spec) {
  check_size("size", spec.size, 1);
  check_size("count", spec.count, 1);
}

std::string describe(const RepeatStepsSpec& spec) {
  return formatted("Repeat steps of {}, {} times each", spec.size, spec.count);
}

}  // namespace kinds
}  // namespace carousel
