// SPDX-License-Identifier: Apache-2.0
#include "core/engine/overlap_checks.hpp"

#include "core/engine/run_text.hpp"
#include "core/engine/view_checks.hpp"

namespace carousel::detail {
namespace {

/// An argument's memory, and what a text calls it: "input 'x'", "lengths".
struct RunArgument {
  std::string_view kind;
  std::string_view name;
  Frames frames;
};

RunArgument input_argument(const NetworkData& network, const StreamData& data,
                           std::size_t k) noexcept {
  const InputViews& views = data.inputs[k];
  return {"input ", network.inputs[k].name,
          network.inputs[k].ids ? frames_of(views.ids) : frames_of(views.x)};
}

RunArgument output_argument(const NetworkData& network, const StreamData& data,
                            std::size_t k) noexcept {
  return {"output ", network.outputs[k].name, frames_of(data.outputs[k])};
}

RunArgument lengths_argument(Lengths lengths) noexcept {
  const auto rows = static_cast<std::int64_t>(lengths.size());
  return {"lengths", {}, frames_of(steps_first(lengths.data(), 1, 1, rows))};
}

void add_argument(RunText& text, const RunArgument& argument) noexcept {
  text.add(argument.kind);
  if (!argument.name.empty()) text.add(Quoted{argument.name});
}

/// Of two arguments whose memory meets.
[[gnu::cold, gnu::noinline]] Status check_pair(const RunArgument& written,
                                               const RunArgument& other) noexcept {
  if (!may_overlap(written.frames, other.frames)) return {};
  RunText text;
  text.add(std::string_view("run: "));
  add_argument(text, written);
  text.add(std::string_view(" overlaps "));
  add_argument(text, other);
  return text.failure();
}

/// Of an argument whose memory meets that of some states.
[[gnu::cold, gnu::noinline]] Status check_each_state(const StreamData& data,
                                                     const RunArgument& argument) noexcept {
  for (const NamedState& state : data.states) {
    if (!may_overlap(argument.frames, frames_of(state.values))) continue;
    RunText text;
    text.add(std::string_view("run: "));
    add_argument(text, argument);
    text.add(std::string_view(" overlaps the stream's own state "));
    text.add(Quoted{state.name});
    text.add(std::string_view(" of layer "));
    text.add(state.layer);
    return text.failure();
  }
  return {};
}

/// States are written by every run, and stand in few arrays, however many there are.
bool meets_states(const StreamData& data, const Memory& memory) noexcept {
  for (const AlignedFloats& floats : data.state_memory) {
    const auto first = reinterpret_cast<std::uintptr_t>(floats.data());
    if (memory.meets({first, first + floats.bytes()})) return true;
  }
  return false;
}

Status check_states(const StreamData& data, const RunArgument& argument) noexcept {
  if (!meets_states(data, memory_of(argument.frames))) return {};
  return check_each_state(data, argument);
}

/// What one output has to be apart from.
Status check_output_apart(const NetworkData& network, const StreamData& data, Lengths lengths,
                          std::size_t k) noexcept {
  const RunArgument output = output_argument(network, data, k);
  const Memory written = memory_of(output.frames);
  const auto check = [&](const RunArgument& other) -> Status {
    if (!written.meets(memory_of(other.frames))) return {};
    return check_pair(output, other);
  };
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    if (!data.inputs[i].given) continue;
    if (Status status = check(input_argument(network, data, i)); !status) return status;
  }
  for (std::size_t other = 0; other < k; ++other) {
    if (data.output_given[other] == 0) continue;
    if (Status status = check(output_argument(network, data, other)); !status) return status;
  }
  if (!lengths.empty()) {
    if (Status status = check(lengths_argument(lengths)); !status) return status;
  }
  if (!meets_states(data, written)) return {};
  return check_each_state(data, output);
}

}  // namespace

Status check_overlaps(const NetworkData& network, const StreamData& data,
                      Lengths lengths) noexcept {
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    if (data.output_given[k] == 0) continue;
    if (Status status = check_output_apart(network, data, lengths, k); !status) return status;
  }
  for (std::size_t k = 0; k < network.inputs.size(); ++k) {
    if (!data.inputs[k].given) continue;
    if (Status status = check_states(data, input_argument(network, data, k)); !status) {
      return status;
    }
  }
  return lengths.empty() ? Status() : check_states(data, lengths_argument(lengths));
}

}  // namespace carousel::detail
