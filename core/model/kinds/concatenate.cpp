// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

#include <numeric>

namespace carousel::kinds {
namespace {

/// Inputs of one layer; a bound for what a file may ask for.
constexpr std::size_t kMaxInputs = 64;

}  // namespace

std::string_view kind_name(const ConcatenateSpec&) noexcept { return "concatenate"; }

std::size_t input_count(const ConcatenateSpec& spec) noexcept { return spec.sizes.size(); }

std::int64_t input_size(const ConcatenateSpec& spec, std::size_t index) noexcept {
  return index < spec.sizes.size() ? spec.sizes[index] : 0;
}

std::int64_t output_size(const ConcatenateSpec& spec) noexcept {
  return std::accumulate(spec.sizes.begin(), spec.sizes.end(), std::int64_t{0});
}

void validate(const ConcatenateSpec& spec) {
  if (spec.sizes.size() < 2 || spec.sizes.size() > kMaxInputs) {
    refuse(formatted("a concatenation has {} inputs, but must have 2..{}", spec.sizes.size(),
                     kMaxInputs));
  }
  for (const std::int64_t size : spec.sizes) check_size("the size of an input", size, 1);
  check_size("the sum of the inputs' sizes", output_size(spec), 1);
}

std::string describe(const ConcatenateSpec& spec) {
  std::string text = "Concatenate";
  for (std::size_t k = 0; k < spec.sizes.size(); ++k) {
    text += (k == 0 ? " " : " + ") + std::to_string(spec.sizes[k]);
  }
  return formatted("{} -> {}", text, output_size(spec));
}

}  // namespace carousel::kinds
