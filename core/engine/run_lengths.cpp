// SPDX-License-Identifier: Apache-2.0
#include "core/engine/run_lengths.hpp"

#include "core/engine/flows.hpp"
#include "core/engine/run_text.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

namespace carousel::detail {
namespace {

/// Takes over lengths that the network was given or has computed, one number per row.
Status take_lengths(StreamData& data, const SequenceView<const float>& given,
                    std::int64_t most) noexcept {
  for (std::int64_t b = 0; b < given.batch; ++b) {
    const float length = *given.row(0, b);
    if (!(length >= 0.0F && length <= static_cast<float>(most)) || length != std::floor(length)) {
      return run_failure("the length of row ", b, " is ", length,
                         ", but must be a whole number in 0..", most);
    }
    data.lengths[static_cast<std::size_t>(b)] = static_cast<std::int64_t>(length);
  }
  return {};
}

}  // namespace

Status RunLengths::take_input() noexcept {
  const std::optional<Source>& source = network_.wiring.lengths;
  if (!source || source->of != Source::Of::model_input) return {};
  if (!data_.inputs[source->index].given) return {};
  return take(data_.inputs[source->index].x);
}

Status RunLengths::take_from_layer(std::size_t k) noexcept {
  if (network_.wiring.lengths != Source{Source::Of::layer, k}) return {};
  return take(data_.calls[k].args.y);
}

const std::int64_t* RunLengths::of_layer(std::size_t k) noexcept {
  if (!taken_ && argument_.empty()) return nullptr;
  const Source& source = longest_source(k);
  const std::int64_t* rows = taken_ ? data_.lengths.data() : of_source(source);
  if (rows == nullptr) return nullptr;
  const std::int64_t steps = steps_of(source, data_.input_steps, data_.flow_steps);
  for (std::size_t b = 0; b < data_.chunk_lengths.size(); ++b) {
    data_.chunk_lengths[b] = std::min(rows[b], steps);
  }
  return data_.chunk_lengths.data();
}

void RunLengths::follow(std::size_t k) noexcept {
  if (taken_ || argument_.empty()) return;
  const std::int64_t* from = of_source(longest_source(k));
  for (std::size_t b = 0; b < argument_.size(); ++b) {
    row_lengths(k)[b] = output_steps(network_.plans[k].spec, from == nullptr ? 1 : from[b]);
  }
}

Status RunLengths::take(const SequenceView<const float>& given) noexcept {
  if (!argument_.empty()) {
    return Status::failure("run: this network gets its lengths from elsewhere; give none");
  }
  if (given.steps != 1) {
    return run_failure("lengths must be a sequence of one step, but have ", given.steps);
  }
  taken_ = true;
  return take_lengths(data_, given, least_steps());
}

std::int64_t RunLengths::least_steps() const noexcept {
  std::int64_t least = kMostSteps;
  for (std::size_t k = 0; k < network_.plans.size(); ++k) {
    if (!std::holds_alternative<RecurrentSpec>(network_.plans[k].spec)) continue;
    least = std::min(least, steps_of(longest_source(k), data_.input_steps, data_.flow_steps));
  }
  return least;
}

const Source& RunLengths::longest_source(std::size_t k) const noexcept {
  return *std::ranges::max_element(network_.wiring.sources[k], {}, [&](const Source& source) {
    return steps_of(source, data_.input_steps, data_.flow_steps);
  });
}

std::int64_t* RunLengths::row_lengths(std::size_t layer) const noexcept {
  return data_.flow_lengths.data() + layer * argument_.size();
}

const std::int64_t* RunLengths::of_source(const Source& source) const noexcept {
  if (source.of == Source::Of::layer) return row_lengths(source.index);
  const bool sequence =
      source.of == Source::Of::model_input && !network_.inputs[source.index].one_step;
  return sequence ? argument_.data() : nullptr;
}

}  // namespace carousel::detail
