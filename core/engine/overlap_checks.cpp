// SPDX-License-Identifier: Apache-2.0
#include "core/engine/overlap_checks.hpp"

#include "core/engine/run_text.hpp"
#include "core/engine/view_checks.hpp"

namespace carousel::detail {
namespace {

/// The memory of one argument, and its name in a text: "input 'x'", "lengths".
struct Argument {
  Argument(std::string_view what, std::string_view called, const Frames& all) noexcept
      : kind(what), name(called), frames(all), memory(memory_of(all)) {}

  std::string_view kind;
  std::string_view name;
  Frames frames;
  Memory memory;
};

Argument input_argument(const NetworkData& network, const StreamData& data,
                        std::size_t k) noexcept {
  const InputViews& views = data.inputs[k];
  return {"input ", network.inputs[k].name,
          network.inputs[k].ids ? frames_of(views.ids) : frames_of(views.x)};
}

Argument output_argument(const NetworkData& network, const StreamData& data,
                         std::size_t k) noexcept {
  return {"output ", network.outputs[k].name, frames_of(data.outputs[k])};
}

Argument lengths_argument(Lengths lengths) noexcept {
  const auto rows = static_cast<std::int64_t>(lengths.size());
  return {"lengths", {}, frames_of(steps_first(lengths.data(), 1, 1, rows))};
}

void add(RunText& text, const Argument& argument) noexcept {
  text.add(argument.kind);
  if (!argument.name.empty()) text.add(Quoted{argument.name});
}

Status check_apart(const Argument& written, const Argument& other) noexcept {
  if (!written.memory.meets(other.memory) || !may_overlap(written.frames, other.frames)) return {};
  RunText text;
  text.add(std::string_view("run: "));
  add(text, written);
  text.add(std::string_view(" overlaps "));
  add(text, other);
  return text.failure();
}

Memory memory_of(const AlignedFloats& floats) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(floats.data());
  return {first, first + floats.bytes()};
}

/// States are written by the run, and stand in few arrays, however many there are.
Status check_states(const StreamData& data, const Argument& argument) noexcept {
  for (const AlignedFloats& floats : data.state_memory) {
    if (!argument.memory.meets(memory_of(floats))) continue;
    for (const NamedState& state : data.states) {
      if (!may_overlap(argument.frames, frames_of(state.values))) continue;
      RunText text;
      text.add(std::string_view("run: "));
      add(text, argument);
      text.add(std::string_view(" overlaps the stream's own state "));
      text.add(Quoted{state.name});
      text.add(std::string_view(" of layer "));
      text.add(state.layer);
      return text.failure();
    }
  }
  return {};
}

/// What one output has to be apart from, other than states.
Status check_output_apart(const NetworkData& network, const StreamData& data, Lengths lengths,
                          std::size_t k) noexcept {
  const Argument output = output_argument(network, data, k);
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    if (!data.inputs[i].given) continue;
    if (Status status = check_apart(output, input_argument(network, data, i)); !status)
      return status;
  }
  for (std::size_t other = 0; other < k; ++other) {
    if (data.output_given[other] == 0) continue;
    if (Status status = check_apart(output, output_argument(network, data, other)); !status) {
      return status;
    }
  }
  return check_apart(output, lengths_argument(lengths));
}

}  // namespace

Status check_overlaps(const NetworkData& network, const StreamData& data,
                      Lengths lengths) noexcept {
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    if (data.output_given[k] == 0) continue;
    if (Status status = check_output_apart(network, data, lengths, k); !status) return status;
    if (Status status = check_states(data, output_argument(network, data, k)); !status) {
      return status;
    }
  }
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    if (!data.inputs[k].given) continue;
    if (Status status = check_states(data, input_argument(network, data, k)); !status) {
      return status;
    }
  }
  return check_states(data, lengths_argument(lengths));
}

}  // namespace carousel::detail
