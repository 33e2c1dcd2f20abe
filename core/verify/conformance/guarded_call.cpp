// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/guarded_call.hpp"

#include "core/verify/conformance/checks.hpp"

#include <iterator>

namespace carousel::conformance {

GuardedCall::GuardedCall(const Problem& problem) : steps_(problem.spec.steps) {
  const Case& c = problem.spec;
  for (const ModelInput& input : model_inputs(problem.model)) {
    if (input.one_step) {
      single_.emplace_back(input.name, c.x_layout, 1, c.batch, input.size)
          .memory.set(problem.single.at(input.name));
    } else if (input.ids) {
      ids_.emplace_back(input.name, c.x_layout, c.steps, c.batch, 1).memory.set(problem.ids);
    } else {
      x_.emplace_back(input.name, c.x_layout, c.steps, c.batch, input.size).memory.set(problem.x);
    }
  }
  std::size_t next = 0;
  for (const ModelOutput& output : model_outputs(problem.model)) {
    const oracle::Quantity& y = problem.expected.y(next++);
    y_.emplace_back(output.name, c.y_layout, y.steps, c.batch, y.features)
        .memory.set(std::vector<float>(y.value.size(), kUnwritten));
  }
}

std::vector<NamedInput> GuardedCall::inputs(std::int64_t first, std::int64_t count) const {
  std::vector<NamedInput> list;
  for (const auto& x : x_) {
    list.push_back({.name = x.name, .x = x.memory.view().slice(first, count)});
  }
  for (const auto& ids : ids_) {
    list.push_back({.name = ids.name, .ids = ids.memory.view().slice(first, count)});
  }
  for (const auto& single : single_) {
    if (first == 0) list.push_back({.name = single.name, .x = single.memory.view()});
  }
  return list;
}

std::vector<NamedOutput> GuardedCall::outputs(std::int64_t first, std::int64_t count) const {
  std::vector<NamedOutput> list;
  for (const auto& y : y_) {
    const SequenceView<float> all = y.memory.view();
    list.push_back({y.name, all.steps == steps_ ? all.slice(first, count) : all});
  }
  return list;
}

void GuardedCall::check_memory(const std::string& who) const {
  for (const auto& x : x_) require(x.memory.unchanged(), who + " wrote to its input");
  for (const auto& ids : ids_) require(ids.memory.unchanged(), who + " wrote to its input");
  for (const auto& one : single_) require(one.memory.unchanged(), who + " wrote to its input");
  for (const auto& y : y_) {
    require(y.memory.guards_intact(), who + " wrote outside the rows of " + y.name);
  }
}

std::vector<float> GuardedCall::y(std::size_t output) const {
  return std::next(y_.begin(), static_cast<std::ptrdiff_t>(output))->memory.dense();
}

}  // namespace carousel::conformance
