// SPDX-License-Identifier: Apache-2.0
// Scan: a loop over a sequence.
#include "attributes.hpp"
#include "frames.hpp"
#include "loop.hpp"
#include "operators.hpp"

#include <algorithm>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

void check_attributes(const Call& call) {
  if (call.operator_set() < 9) throw Refusal("is supported from operator set 9 on");
  for (const char* name : {"scan_input_directions", "scan_output_directions", "scan_output_axes"}) {
    const auto values = integers(call.node, name);
    if (values && std::ranges::any_of(*values, [](std::int64_t v) { return v != 0; })) {
      throw Refusal(formatted("its attribute {} is supported with zeros only", quote(name)));
    }
  }
  if (integer(call.node, "num_scan_inputs", 0) != 1) {
    throw Refusal("goes through other than one sequence");
  }
}

}  // namespace

std::vector<Value> scan(const Call& call) {
  check_attributes(call);
  const schema::AttributeProto* body = find_attribute(call.node, "body");
  if (body == nullptr || !body->has_g()) throw Malformed("has no body");
  const schema::GraphProto& graph = body->g();
  const std::size_t states = call.inputs.size() - std::min<std::size_t>(call.inputs.size(), 1);
  if (static_cast<std::size_t>(graph.input_size()) != states + 1 ||
      static_cast<std::size_t>(graph.output_size()) < states) {
    throw Malformed("its body has other inputs and outputs than it");
  }
  const Tensor sequence = call.tensor(states);
  const auto axes = integers(call.node, "scan_input_axes");
  const std::int64_t axis = axes && !axes->empty() ? axes->front() : 0;
  StepOfLoop step{.index = call.context.network.add_input("(no step)", {}, ElementType::i64, 1)};
  StepOfLoop* outer = std::exchange(call.context.loop, &step);
  std::vector<Carried> carried;
  std::vector<Value> results;
  try {
    take_element(call, sequence, checked_axis(axis, sequence.axes.size()));
    Subgraph subgraph{graph, "body"};
    for (std::size_t k = 0; k < states; ++k) {
      const std::string& name = graph.input(static_cast<int>(k)).name();
      carried.push_back({name, &call.input(k), state_tensor(call, call.input(k), name), Value{}});
      subgraph.given[name] = carried.back().before;
    }
    subgraph.given[graph.input(static_cast<int>(states)).name()] = step.step;
    results = call.run_branch(call, subgraph);
  } catch (...) {
    call.context.loop = outer;
    throw;
  }
  call.context.loop = outer;
  for (const Value& value : results) {
    if (const auto* unsupported = std::get_if<Unsupported>(&value)) {
      throw Refusal(
          formatted("its body cannot be read: {}: {}", unsupported->where, unsupported->reason));
    }
  }
  for (std::size_t k = 0; k < states; ++k) carried[k].after = results[k];
  const std::vector<Value> scans(results.begin() + static_cast<std::ptrdiff_t>(states),
                                 results.end());
  LoopLayer layer = make_layer(call, step, carried, scans);
  layer.finals.insert(layer.finals.end(), layer.scans.begin(), layer.scans.end());
  return layer.finals;
}

}  // namespace carousel::loading::onnx
