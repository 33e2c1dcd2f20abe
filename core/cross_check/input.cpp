// SPDX-License-Identifier: Apache-2.0
#include "input.hpp"

#include "core/engine/view_checks.hpp"
#include "core/model/limits.hpp"
#include "core/model/quote.hpp"
#include "core/model/wiring.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace carousel {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::invalid_argument, "cross_check: " + what);
}

std::int64_t steps_of(const NamedInput& input) noexcept {
  return input.ids.data == nullptr ? input.x.steps : input.ids.steps;
}

std::int64_t batch_of(const NamedInput& input) noexcept {
  return input.ids.data == nullptr ? input.x.batch : input.ids.batch;
}

NamedInput first(const CheckInput& input) noexcept {
  return input.inputs.empty() ? NamedInput{{}, input.x, input.ids} : input.inputs.front();
}

void check_kind(const ModelInput& expected, const NamedInput& given, const std::string& where) {
  const bool has_x = given.x.data != nullptr;
  const bool has_ids = given.ids.data != nullptr;
  if (has_x && has_ids) refuse(where + "give x or ids, not both");
  if (expected.ids && !has_ids) refuse(where + "it needs ids, which an embedding reads");
  if (!expected.ids && !has_x) refuse(where + "it needs x");
}

/// The one that is given under that name; null where it may be left out and is.
const NamedInput* find(std::span<const NamedInput> inputs, const std::string& name, bool optional) {
  const auto found = std::ranges::find(inputs, name, &NamedInput::name);
  if (found == inputs.end() && optional) return nullptr;
  if (found == inputs.end()) refuse("input " + quote(name) + " is missing");
  const auto again = std::find_if(found + 1, inputs.end(),
                                  [&](const NamedInput& other) { return other.name == name; });
  if (again != inputs.end()) refuse("input " + quote(name) + " is given twice");
  return &*found;
}

/// "input 'x'"
std::string checked_input_text(const ModelInput& input) { return "input " + quote(input.name); }

void check_size(const ModelInput& expected, const NamedInput& given, const CheckInput& input) {
  if (steps_of(given) != (expected.one_step ? 1 : input.steps()) ||
      batch_of(given) != input.batch()) {
    refuse(checked_input_text(expected) + " has " + std::to_string(steps_of(given)) +
           " steps and " + std::to_string(batch_of(given)) + " rows, but must have " +
           std::to_string(expected.one_step ? 1 : input.steps()) + " and " +
           std::to_string(input.batch()));
  }
  const std::int64_t features = expected.ids ? given.ids.features : given.x.features;
  if (features != expected.size) {
    refuse(checked_input_text(expected) + " has " + std::to_string(features) +
           " features, but the model takes " + std::to_string(expected.size));
  }
  const bool addressable =
      expected.ids ? detail::is_addressable(given.ids) : detail::is_addressable(given.x);
  if (!addressable)
    refuse(checked_input_text(expected) + " has greater strides than memory can have");
}

/// Copies are made of what is given and of what comes out, so that all must be of possible sizes.
void check_run_size(const Model& model, const CheckInput& input) {
  detail::require_in("cross_check: batch", input.batch(), 1, detail::kMostRows);
  detail::require_in("cross_check: steps", input.steps(), 1, detail::kMostSteps);
  for (const ModelLayer& layer : model.layers) {
    const auto what = [&] { return "cross_check: " + describe(layer.spec); };
    for (std::size_t k = 0; k < input_count(layer.spec); ++k) {
      (void)detail::require_numbers(what, input.steps(), input.batch(), input_size(layer.spec, k));
    }
    (void)detail::require_numbers(what, input.steps(), input.batch(), output_size(layer.spec));
  }
}

void check_lengths(const CheckInput& input) {
  if (input.lengths.empty()) return;
  if (std::cmp_not_equal(input.lengths.size(), input.batch())) {
    refuse(std::to_string(input.lengths.size()) + " lengths for " + std::to_string(input.batch()) +
           " batch rows");
  }
  for (std::size_t b = 0; b < input.lengths.size(); ++b) {
    if (input.lengths[b] >= 0 && input.lengths[b] <= input.steps()) continue;
    refuse("lengths[" + std::to_string(b) + "] is " + std::to_string(input.lengths[b]) +
           ", but must be in 0.." + std::to_string(input.steps()));
  }
}

/// How many ids every embedding knows that reads this input of the model.
std::int64_t known_ids(const Model& model, const Wiring& wiring, std::size_t input) {
  std::int64_t count = std::numeric_limits<std::int64_t>::max();
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const auto* embedding = std::get_if<EmbeddingSpec>(&model.layers[l].spec);
    const Source& source = wiring.sources[l].front();
    if (embedding == nullptr || source != Source{Source::Of::model_input, input}) continue;
    count = std::min(count, embedding->num_embeddings);
  }
  return count;
}

void check_ids(std::int64_t known, const SequenceView<const std::int32_t>& ids,
               std::span<const std::int64_t> lengths) {
  for (std::int64_t b = 0; b < ids.batch; ++b) {
    const std::int64_t steps = lengths.empty() ? ids.steps : lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int32_t id = *ids.row(t, b);
      if (id >= 0 && id < known) continue;
      refuse("the id at step " + std::to_string(t) + " of row " + std::to_string(b) + " is " +
             std::to_string(id) + ", but must be in 0.." + std::to_string(known - 1));
    }
  }
}

}  // namespace

std::int64_t CheckInput::steps() const noexcept {
  std::int64_t most = steps_of(first(*this));
  for (const NamedInput& one : inputs) most = std::max(most, steps_of(one));
  return most;
}

std::int64_t CheckInput::batch() const noexcept { return batch_of(first(*this)); }

std::vector<NamedInput> CheckInput::in_order(const Model& model) const {
  const std::vector<ModelInput> expected = model_inputs(model);
  if (inputs.empty()) {
    if (expected.size() != 1) {
      refuse("the model has " + std::to_string(expected.size()) + " inputs: give them by name");
    }
    const NamedInput one{{}, x, ids};
    check_kind(expected.front(), one, "");
    return {one};
  }
  if (x.data != nullptr || ids.data != nullptr) refuse("give x or ids or inputs by name, not both");
  if (inputs.size() > expected.size()) {
    refuse(std::to_string(inputs.size()) + " inputs were given, but the model takes " +
           std::to_string(expected.size()));
  }
  const Wiring wiring = resolve_wiring(model);
  std::vector<NamedInput> list;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const ModelInput& input = expected[k];
    const NamedInput* given = find(inputs, input.name, wiring.optional_inputs[k]);
    list.push_back(given == nullptr ? NamedInput{} : *given);
    if (given != nullptr) check_kind(input, *given, "input " + quote(input.name) + ": ");
  }
  return list;
}

bool detail::is_given(const NamedInput& input) noexcept {
  return input.x.data != nullptr || input.ids.data != nullptr;
}

void detail::check_input(const Model& model, const CheckInput& input) {
  const std::vector<ModelInput> expected = model_inputs(model);
  const std::vector<NamedInput> given = input.in_order(model);
  check_run_size(model, input);
  for (std::size_t k = 0; k < given.size(); ++k) {
    if (is_given(given[k])) check_size(expected[k], given[k], input);
  }
  check_lengths(input);
  const Wiring wiring = resolve_wiring(model);
  for (std::size_t k = 0; k < given.size(); ++k) {
    if (expected[k].ids && is_given(given[k]))
      check_ids(known_ids(model, wiring, k), given[k].ids, input.lengths);
  }
}

}  // namespace carousel
