// SPDX-License-Identifier: Apache-2.0
#include "by_steps.hpp"

#include "backend_reference.hpp"
#include "input.hpp"

#include <algorithm>
#include <iterator>
#include <list>
#include <utility>

namespace carousel::detail {
namespace {

/// The step t of an input. Inputs of one step, which set the states before the first step, come
/// with that one.
class StepInput {
 public:
  StepInput(const Model& model, const CheckInput& all, std::int64_t t) {
    const std::vector<ModelInput> kinds = model_inputs(model);
    const std::vector<NamedInput> given = all.in_order(model);
    for (std::size_t k = 0; k < given.size(); ++k) {
      if (!is_given(given[k]) || (kinds[k].one_step && t > 0)) continue;
      NamedInput& input = inputs_.emplace_back(given[k]);
      input.name = names_.emplace_back(kinds[k].name);
      if (kinds[k].one_step) continue;
      if (input.x.data != nullptr) input.x = input.x.slice(t, 1);
      if (input.ids.data != nullptr) input.ids = input.ids.slice(t, 1);
    }
    for (const std::int64_t length : all.lengths) {
      lengths_.push_back(std::clamp<std::int64_t>(length - t, 0, 1));
    }
  }

  [[nodiscard]] CheckInput from(std::vector<std::vector<float>> states) const {
    CheckInput input{.inputs = inputs_};
    input.lengths = lengths_;
    input.states = std::move(states);
    return input;
  }

 private:
  std::list<std::string> names_;
  std::vector<NamedInput> inputs_;
  std::vector<std::int64_t> lengths_;
};

/// Appends `count` of the expectations from `first` on.
void append(const Expected& from, std::size_t first, std::size_t count, Expected& to) {
  const auto some = [&](const std::vector<double>& values) {
    return std::span(values).subspan(first, count);
  };
  to.value.insert(to.value.end(), some(from.value).begin(), some(from.value).end());
  to.tolerance.insert(to.tolerance.end(), some(from.tolerance).begin(), some(from.tolerance).end());
}

}  // namespace

bool has_single_steps(const Network& network, const Model& model, const CheckInput& input) {
  const std::int64_t steps = input.steps();
  if (steps < 2 || network.whole_sequence() || !model.lengths.empty()) return false;
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    if (network.output_steps(1, k) != 1 || network.output_steps(steps, k) != steps) return false;
  }
  return true;
}

Expected expected_by_steps(const Reference& reference, const Network& network, const Model& model,
                           const CheckInput& input) {
  const std::size_t outputs = network.outputs().size();
  std::vector<Expected> parts(outputs + 1);  // the last one: the states
  std::vector<std::vector<float>> states = input.states;
  for (std::int64_t t = 0; t < input.steps(); ++t) {
    const StepInput step_input(model, input, t);
    const CheckInput step = step_input.from(std::move(states));
    const Expected expected = reference.network(model, step);
    std::vector<std::vector<float>> found = run_model(network, model, step);
    std::size_t first = 0;
    for (std::size_t k = 0; k < outputs; ++k) {
      append(expected, first, found[k].size(), parts[k]);
      first += found[k].size();
    }
    parts.back() = {};
    append(expected, first, expected.value.size() - first, parts.back());
    states.assign(std::move_iterator(found.begin() + static_cast<std::ptrdiff_t>(outputs)),
                  std::move_iterator(found.end()));
  }
  Expected all;
  for (const Expected& part : parts) append(part, 0, part.value.size(), all);
  return all;
}

}  // namespace carousel::detail
