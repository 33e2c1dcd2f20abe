// SPDX-License-Identifier: Apache-2.0
#include "core/engine/buffers.hpp"

#include <algorithm>
#include <optional>

namespace carousel::detail {
namespace {

/// The readers of what each layer puts out, in the order they run.
std::vector<std::vector<std::size_t>> find_readers(const Wiring& wiring) {
  std::vector<std::vector<std::size_t>> readers(wiring.sources.size());
  for (std::size_t k = 0; k < wiring.sources.size(); ++k) {
    for (const Source& source : wiring.sources[k]) {
      if (!source.from_model_input) readers[source.index].push_back(k);
    }
  }
  return readers;
}

/// Plans one model; a value is what one layer puts out, named by the layer's index.
class Planner {
 public:
  Planner(const Model& model, const Wiring& wiring)
      : model_(model), wiring_(wiring), readers_(find_readers(wiring)) {}

  [[nodiscard]] BufferPlan plan() {
    const std::size_t count = model_.layers.size();
    find_places_shared();
    for (std::size_t k = 0; k < count; ++k) {
      plan_.writes.push_back(place_of_new_value(k));
      plan_.reads.push_back(places_read_by(k));
      release_buffers_last_read_by(k);
    }
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::optional<std::size_t> output_of(std::size_t value) const {
    const auto found = std::ranges::find(wiring_.outputs, value);
    if (found == wiring_.outputs.end()) return std::nullopt;
    return static_cast<std::size_t>(found - wiring_.outputs.begin());
  }

  /// `final_[k]`: the last layer that writes to the place of value k, which is k or an activation
  /// that works in place.
  void find_places_shared() {
    final_.resize(model_.layers.size());
    for (std::size_t k = final_.size(); k-- > 0;) {
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
      if (!source.from_model_input && final_[source.index] == final_[k]) {
        return plan_.writes[source.index];
      }
    }
    return {Place::In::buffer, take_buffer(output_size(model_.layers[k].spec))};
  }

  [[nodiscard]] std::vector<Place> places_read_by(std::size_t k) const {
    std::vector<Place> places;
    for (const Source& source : wiring_.sources[k]) {
      places.push_back(source.from_model_input ? Place{Place::In::model_input, source.index}
                                               : plan_.writes[source.index]);
    }
    return places;
  }

  /// The free buffer that needs to grow least, or a new one.
  std::size_t take_buffer(std::int64_t size) {
    if (free_.empty()) {
      plan_.buffer_sizes.push_back(size);
      return plan_.buffer_sizes.size() - 1;
    }
    const auto best = std::ranges::max_element(
        free_, {}, [&](std::size_t b) { return std::min(plan_.buffer_sizes[b], size); });
    const std::size_t buffer = *best;
    free_.erase(best);
    plan_.buffer_sizes[buffer] = std::max(plan_.buffer_sizes[buffer], size);
    return buffer;
  }

  void release_buffers_last_read_by(std::size_t k) {
    for (std::size_t value = 0; value <= k; ++value) {
      const Place& place = plan_.writes[value];
      if (place.in != Place::In::buffer || final_[value] != value) continue;
      const std::size_t last = readers_[value].empty() ? value : readers_[value].back();
      if (last == k) free_.push_back(place.index);
    }
  }

  const Model& model_;
  const Wiring& wiring_;
  std::vector<std::vector<std::size_t>> readers_;
  std::vector<std::size_t> final_;
  std::vector<std::size_t> free_;
  BufferPlan plan_;
};

}  // namespace

BufferPlan plan_buffers(const Model& model, const Wiring& wiring) {
  return Planner(model, wiring).plan();
}

}  // namespace carousel::detail
