// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/c_spec.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <string>

namespace carousel::c_types {
namespace {

static_assert(static_cast<int>(Cell::linear) == CAROUSEL_LINEAR);
static_assert(static_cast<int>(Direction::bidirectional) == CAROUSEL_BIDIRECTIONAL);
static_assert(static_cast<int>(ActivationKind::softplus) == CAROUSEL_SOFTPLUS - 1);
static_assert(static_cast<int>(GateCoupling::input_from_forget) == CAROUSEL_INPUT_FROM_FORGET);
static_assert(static_cast<int>(Precision::int8) == CAROUSEL_INT8);

/// An enumerator from C, where any number can stand in its place.
void require_enum(std::int32_t value, std::int32_t last, const char* what) {
  if (value >= 0 && value <= last) return;
  throw Error(std::string("spec: ") + what + " is " + std::to_string(value) +
              ", but must be in 0.." + std::to_string(last));
}

carousel_activation to_c(const Activation& f) noexcept {
  return {static_cast<std::int32_t>(f.kind) + 1, f.alpha, f.beta};
}

Activation from_c(const carousel_activation& given, const Activation& usual) {
  require_enum(given.kind, CAROUSEL_SOFTPLUS, "activation kind");
  if (given.kind == CAROUSEL_ACTIVATION_DEFAULT) return usual;
  return {static_cast<ActivationKind>(given.kind - 1), given.alpha, given.beta};
}

}  // namespace

carousel_layer_spec to_c(const LayerSpec& spec) noexcept {
  carousel_layer_spec c{};
  c.struct_size = sizeof c;
  c.cell = static_cast<std::int32_t>(spec.cell);
  c.direction = static_cast<std::int32_t>(spec.direction);
  c.input_size = spec.input_size;
  c.hidden_size = spec.hidden_size;
  c.proj_size = spec.proj_size;
  c.no_bias = !spec.bias;
  c.peephole = spec.peephole;
  c.coupling = static_cast<std::int32_t>(spec.coupling);
  c.reset_before_product = !spec.linear_before_reset;
  c.clip = spec.clip;
  c.cell_clip = spec.cell_clip;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
      c.activations[d][k] = to_c(spec.activations[d][k]);
    }
  }
  c.precision = static_cast<std::int32_t>(spec.precision);
  return c;
}

LayerSpec from_c(const carousel_layer_spec& given) {
  require_enum(given.cell, CAROUSEL_LINEAR, "cell");
  require_enum(given.direction, CAROUSEL_BIDIRECTIONAL, "direction");
  require_enum(given.coupling, CAROUSEL_INPUT_FROM_FORGET, "coupling");
  require_enum(given.precision, CAROUSEL_INT8, "precision");
  LayerSpec spec =
      make_spec(static_cast<Cell>(given.cell), given.input_size, given.hidden_size,
                static_cast<Direction>(given.direction), given.proj_size, !given.no_bias);
  spec.peephole = given.peephole;
  spec.coupling = static_cast<GateCoupling>(given.coupling);
  spec.linear_before_reset = !given.reset_before_product;
  spec.clip = given.clip;
  spec.cell_clip = given.cell_clip;
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::size_t k = 0; k < 3; ++k) {
      spec.activations[d][k] = from_c(given.activations[d][k], spec.activations[d][k]);
    }
  }
  spec.precision = static_cast<Precision>(given.precision);
  return spec;
}

bool uses_members_past(const void* object, std::size_t size, std::size_t known) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(object);
  return known < size &&
         std::any_of(bytes + known, bytes + size, [](unsigned char byte) { return byte != 0; });
}

}  // namespace carousel::c_types
