// SPDX-License-Identifier: Apache-2.0
#include "core/model/activation_parameters.hpp"
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

#include <cmath>

namespace carousel::kinds {

void check_activation(const Activation& activation) {
  if (std::isfinite(activation.alpha) && std::isfinite(activation.beta)) return;
  refuse(formatted("alpha {} and beta {} of activation {} must be finite", activation.alpha,
                   activation.beta, name(activation.kind)));
}

std::string_view kind_name(const ActivationSpec&) noexcept { return "activation"; }

std::int64_t input_size(const ActivationSpec& spec, std::size_t) noexcept { return spec.size; }

std::int64_t output_size(const ActivationSpec& spec) noexcept { return spec.size; }

void validate(const ActivationSpec& spec) {
  check_size("size", spec.size, 1);
  check_group(spec.group, spec.size);
  if (spec.group != 0 && is_elementwise(spec.function.kind)) {
    refuse("group is for functions of several features (softmax), not for " +
           std::string(name(spec.function.kind)));
  }
  check_activation(spec.function);
}

std::string describe(const ActivationSpec& spec) {
  std::string text(name(spec.function.kind));
  const ActivationParameters used = parameters(spec.function.kind);
  if (used.alpha) text += formatted(", alpha {}", spec.function.alpha);
  if (used.beta) text += formatted(", beta {}", spec.function.beta);
  text += formatted(" of {}", spec.size);
  return spec.group_size() == spec.size ? text : formatted("{} by {}", text, spec.group_size());
}

}  // namespace carousel::kinds
