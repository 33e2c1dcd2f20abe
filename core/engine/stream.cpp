// SPDX-License-Identifier: Apache-2.0
#include "core/engine/run.hpp"
#include "core/engine/run_text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/limits.hpp"

#include <algorithm>
#include <utility>

namespace carousel {
namespace {

using detail::NetworkData;
using detail::StreamData;

using Lengths = std::span<const std::int64_t>;

Status moved_from() noexcept {
  return Status::failure("run: the stream has been moved from, and runs no more");
}

/// A run in which no input and no output is given so far.
void begin_run(StreamData& data) noexcept {
  for (detail::InputViews& input : data.inputs) input.given = false;
  std::ranges::fill(data.output_given, std::uint8_t{0});
}

/// A run with one input and one output.
Status begin_short_run(const NetworkData& network, StreamData& data,
                       const SequenceView<float>& y) noexcept {
  if (network.main_input == detail::kNone || network.main_output == detail::kNone) {
    return Status::failure("run: this network has several inputs or outputs; give them by name");
  }
  begin_run(data);
  data.outputs[network.main_output] = y;
  data.output_given[network.main_output] = 1;
  return {};
}

/// Calls `put(k, one)` for each of those given by name. Every name must be known, and stand there
/// once.
template <class Given, class Known, class Put>
Status arrange(std::string_view kind, std::span<const Given> given, std::span<const Known> known,
               Put put) noexcept {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto same = [&](const Given& one) { return one.name == given[i].name; };
    if (std::ranges::any_of(given.first(i), same)) {
      return detail::run_failure(kind, detail::Quoted{given[i].name}, " is given twice");
    }
    const auto found = std::ranges::find_if(
        known, [&](const Known& one) { return given[i].name == std::string_view(one.name); });
    if (found == known.end()) {
      return detail::run_failure("the network has no ", kind, detail::Quoted{given[i].name});
    }
    put(static_cast<std::size_t>(found - known.begin()), given[i]);
  }
  return {};
}

/// Whether PyTorch's h_n and c_n can show the states of a layer beside those of `first`.
bool fits_pytorch_view(const std::vector<StateSpec>& states, const std::vector<StateSpec>& first) {
  return states == first && std::ranges::all_of(states, [](const StateSpec& state) {
           return state.name.starts_with("h") || state.name.starts_with("c");
         });
}

}  // namespace

Stream::Stream(std::shared_ptr<const detail::NetworkData> network, const StreamOptions& options)
    : network_(std::move(network)), data_(std::make_unique<StreamData>(*network_, options)) {}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Status Stream::run(SequenceView<const float> x, SequenceView<float> y, Lengths lengths) noexcept {
  if (data_ == nullptr) return moved_from();
  detail::RunText::use(data_->failure_text);
  if (Status status = begin_short_run(*network_, *data_, y); !status) return status;
  if (network_->inputs[network_->main_input].ids) {
    return Status::failure("run: this network takes ids; use run_ids");
  }
  data_->inputs[network_->main_input] = {.x = x, .ids = {}};
  return detail::run_arguments(*network_, *data_, lengths);
}

Status Stream::run_ids(SequenceView<const std::int32_t> ids, SequenceView<float> y,
                       Lengths lengths) noexcept {
  if (data_ == nullptr) return moved_from();
  detail::RunText::use(data_->failure_text);
  if (Status status = begin_short_run(*network_, *data_, y); !status) return status;
  if (!network_->inputs[network_->main_input].ids) {
    return Status::failure("run_ids: this network takes no ids; use run");
  }
  data_->inputs[network_->main_input] = {.x = {}, .ids = ids};
  return detail::run_arguments(*network_, *data_, lengths);
}

Status Stream::run(std::span<const NamedInput> inputs, std::span<const NamedOutput> outputs,
                   Lengths lengths) noexcept {
  if (data_ == nullptr) return moved_from();
  detail::RunText::use(data_->failure_text);
  begin_run(*data_);
  if (Status status = arrange<NamedInput, ModelInput>("input ", inputs, network_->inputs,
                                                      [&](std::size_t k, const NamedInput& one) {
                                                        data_->inputs[k] = {one.x, one.ids};
                                                      });
      !status) {
    return status;
  }
  for (std::size_t k = 0; k < network_->inputs.size(); ++k) {
    if (!data_->inputs[k].given && !network_->wiring.optional_inputs[k]) {
      return detail::run_failure("input ", detail::Quoted{network_->inputs[k].name},
                                 " of the network is missing among those given");
    }
  }
  if (Status status =
          arrange<NamedOutput, NetworkOutput>("output ", outputs, network_->outputs,
                                              [&](std::size_t k, const NamedOutput& one) {
                                                data_->outputs[k] = one.y;
                                                data_->output_given[k] = 1;
                                              });
      !status) {
    return status;
  }
  return detail::run_arguments(*network_, *data_, lengths);
}

void Stream::reset() noexcept { data_->reset(*network_); }

std::span<const NamedState> Stream::states() noexcept { return data_->states; }

SequenceView<float> Stream::state(std::int64_t layer, std::string_view name) {
  detail::require_in("state: layer", layer, 0,
                     static_cast<std::int64_t>(network_->layers.size()) - 1);
  std::string known;
  for (const NamedState& state : data_->states) {
    if (state.layer != layer) continue;
    if (state.name == name) return state.values;
    known += (known.empty() ? "" : ", ") + std::string(state.name);
  }
  throw Error(ErrorCode::invalid_argument,
              formatted("state: layer {} of a network with {} layers has no state {}{}", layer,
                        network_->layers.size(), quote(name),
                        known.empty() ? "; it has none" : "; it has " + known));
}

StateView Stream::state() {
  const std::int64_t batch = data_->options.batch;
  std::vector<StateSpec> first;
  std::int64_t slots = 0;
  for (const LayerPlan& plan : network_->plans) {
    const std::vector<StateSpec> states = carousel::states(plan.spec);
    if (states.empty()) continue;
    if (first.empty()) first = states;
    if (!fits_pytorch_view(states, first)) {
      throw Error(ErrorCode::unsupported,
                  "state: the layers differ in size or have states besides h and c; use states()");
    }
    slots += std::ranges::count_if(states, [](const auto& s) { return s.name.starts_with("h"); });
  }
  StateView view;
  if (first.empty()) return view;
  view.h = steps_first(data_->state_memory[0].data(), slots, batch, first.front().size);
  if (data_->state_memory.size() > 1) {
    view.c = steps_first(data_->state_memory[1].data(), slots, batch, first[1].size);
  }
  return view;
}

std::size_t Stream::memory_bytes() const noexcept { return sizeof(Stream) + data_->memory_bytes(); }

}  // namespace carousel
