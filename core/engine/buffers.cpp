// SPDX-License-Identifier: Apache-2.0
#include "core/engine/buffers.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace carousel::detail {
namespace {

using Of = Source::Of;

/// The layers in the order in which a run goes through them: that of the model, or, in chunks,
/// phase by phase.
std::vector<std::size_t> find_order(const Wiring& wiring) {
  std::vector<std::size_t> order(wiring.sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (wiring.whole_sequence) return order;
  std::ranges::stable_sort(order, {}, [&](std::size_t k) { return wiring.phases[k]; });
  return order;
}

/// The readers of what each layer puts out, in the order they run.
std::vector<std::vector<std::size_t>> find_readers(const Wiring& wiring,
                                                   const std::vector<std::size_t>& order) {
  std::vector<std::vector<std::size_t>> readers(wiring.sources.size());
  const auto add = [&](const Source& source, std::size_t reader) {
    if (source.of == Of::layer) readers[source.index].push_back(reader);
  };
  for (const std::size_t k : order) {
    for (const Source& source : wiring.sources[k]) add(source, k);
    for (const InitialState& initial : wiring.initial_states[k]) add(initial.source, k);
  }
  return readers;
}

/// Per layer, and one more: the index of its first state among those of all layers.
std::vector<std::size_t> count_states(const Model& model) {
  std::vector<std::size_t> first{0};
  for (const ModelLayer& layer : model.layers) {
    first.push_back(first.back() + states(layer.spec).size());
  }
  return first;
}

/// Plans one model; a value is what one layer puts out, named by the layer's index.
class Planner {
 public:
  Planner(const Model& model, const Wiring& wiring)
      : model_(model),
        wiring_(wiring),
        order_(find_order(wiring)),
        readers_(find_readers(wiring, order_)),
        first_state_(count_states(model)) {}

  [[nodiscard]] BufferPlan plan() {
    const std::size_t count = model_.layers.size();
    plan_.writes.resize(count);
    plan_.reads.resize(count);
    plan_.initial_states.resize(count);
    find_places_shared();
    find_last_readers();
    for (std::size_t at = 0; at < count; ++at) {
      const std::size_t k = order_[at];
      plan_.writes[k] = place_of_new_value(k);
      for (const Source& source : wiring_.sources[k]) plan_.reads[k].push_back(place_of(source));
      for (const InitialState& state : wiring_.initial_states[k]) {
        plan_.initial_states[k].push_back(place_of(state.source));
      }
      release_buffers_last_read_by(k);
    }
    for (std::size_t output = 0; output < wiring_.outputs.size(); ++output) {
      if (!is_written_in_place(output)) {
        plan_.copies.push_back({output, place_of(wiring_.outputs[output])});
      }
    }
    plan_.buffer_count = sizes_.size();
    return std::move(plan_);
  }

 private:
  /// The first output of the model that is this value.
  [[nodiscard]] std::optional<std::size_t> output_of(std::size_t value) const {
    const auto found = std::ranges::find(wiring_.outputs, Source{Of::layer, value});
    if (found == wiring_.outputs.end()) return std::nullopt;
    return static_cast<std::size_t>(found - wiring_.outputs.begin());
  }

  [[nodiscard]] bool is_written_in_place(std::size_t output) const {
    const Source& source = wiring_.outputs[output];
    return source.of == Of::layer && output_of(source.index) == output;
  }

  /// `final_[k]`: the last layer that writes to the place of value k, which is k or an activation
  /// that works in place.
  void find_places_shared() {
    final_.resize(model_.layers.size());
    for (std::size_t at = final_.size(); at-- > 0;) {
      const std::size_t k = order_[at];
      const bool one_reader = readers_[k].size() == 1 && !output_of(k);
      const bool in_place = one_reader && std::holds_alternative<ActivationSpec>(
                                              model_.layers[readers_[k].front()].spec);
      final_[k] = in_place ? final_[readers_[k].front()] : k;
    }
  }

  /// A value's place is known before the layer runs, if an earlier layer has written there.
  [[nodiscard]] Place place_of_new_value(std::size_t k) {
    if (const auto output = output_of(final_[k])) return {Place::In::model_output, *output};
    for (const Source& source : wiring_.sources[k]) {
      if (source.of == Of::layer && final_[source.index] == final_[k]) {
        return plan_.writes[source.index];
      }
    }
    return {Place::In::buffer, take_buffer(output_size(model_.layers[k].spec))};
  }

  [[nodiscard]] Place place_of(const Source& source) const {
    switch (source.of) {
      case Of::model_input: return {Place::In::model_input, source.index};
      case Of::layer: return plan_.writes[source.index];
      case Of::final_state: break;
    }
    return {Place::In::state, first_state_[source.index] + source.state};
  }

  /// The free buffer that needs to grow least, or a new one.
  std::size_t take_buffer(std::int64_t size) {
    if (free_.empty()) {
      sizes_.push_back(size);
      return sizes_.size() - 1;
    }
    const auto best = std::ranges::max_element(
        free_, {}, [&](std::size_t b) { return std::min(sizes_[b], size); });
    const std::size_t buffer = *best;
    free_.erase(best);
    sizes_[buffer] = std::max(sizes_[buffer], size);
    return buffer;
  }

  /// For each layer, the values that nothing reads after it, in the order of the run.
  void find_last_readers() {
    last_read_.resize(model_.layers.size());
    for (const std::size_t value : order_) {
      if (final_[value] != value) continue;
      last_read_[readers_[value].empty() ? value : readers_[value].back()].push_back(value);
    }
  }

  void release_buffers_last_read_by(std::size_t layer) {
    for (const std::size_t value : last_read_[layer]) {
      const Place& place = plan_.writes[value];
      if (place.in == Place::In::buffer) free_.push_back(place.index);
    }
  }

  const Model& model_;
  const Wiring& wiring_;
  std::vector<std::size_t> order_;
  std::vector<std::vector<std::size_t>> readers_;
  std::vector<std::size_t> first_state_;
  std::vector<std::size_t> final_;
  std::vector<std::vector<std::size_t>> last_read_;
  std::vector<std::size_t> free_;
  std::vector<std::int64_t> sizes_;  ///< Per buffer, floats per step and row.
  BufferPlan plan_;
};

}  // namespace

BufferPlan plan_buffers(const Model& model, const Wiring& wiring) {
  return Planner(model, wiring).plan();
}

}  // namespace carousel::detail
