// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "values.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// The network that a graph turns into, one layer at a time.
namespace carousel::loading::onnx {

/// A sequence of frames: an input of the model, what a layer gives, or a final state of a layer.
struct Flow {
  enum class Kind : std::uint8_t { input, layer, state };
  Kind kind = Kind::layer;
  std::string where;      ///< The node that makes it: "node 'x' (Conv)"; of an input: its name.
  std::int64_t size = 0;  ///< Features of a frame.

  std::vector<Axis> axes{};             ///< Of an input: those of the file.
  ElementType type = ElementType::f32;  ///< Of an input.
  bool streams = false;                 ///< Of an input: see mark_stream.

  ModelLayer layer{};                            ///< Of a layer; names are given at the end.
  std::vector<std::size_t> parents{};            ///< Of a layer: the flows that it reads.
  std::map<std::string, std::size_t> initial{};  ///< Of a layer: initial states by name.
  std::optional<std::size_t> lengths{};          ///< Of a layer that looks at lengths.
  bool mixes_steps = false;  ///< Of a layer: some of what it reads has one step, some has more.

  std::size_t of = 0;   ///< Of a state: the layer's flow.
  std::string state{};  ///< Of a state: its name, "h_reverse".
};

class Network {
 public:
  [[nodiscard]] const Flow& operator[](std::size_t flow) const { return flows_[flow]; }
  [[nodiscard]] Flow& operator[](std::size_t flow) { return flows_[flow]; }
  [[nodiscard]] std::size_t count() const noexcept { return flows_.size(); }

  std::size_t add_input(const std::string& name, std::vector<Axis> axes, ElementType type,
                        std::int64_t size);
  /// Throws Refusal when its spec is not valid.
  std::size_t add_layer(const std::string& where, ModelLayer layer,
                        std::vector<std::size_t> parents);
  /// An input of integers as features.
  std::size_t cast_ids(const std::string& where, std::size_t input);
  /// A recurrent layer goes through the steps of this flow: whatever it is computed from step by
  /// step has as many of them, even if the file says that there is one.
  void mark_stream(std::size_t flow);
  /// The final state with that name of a layer.
  std::size_t add_state(std::size_t layer, const std::string& state, std::int64_t size);

  /// The features of a flow in another order: `source[k]` is where feature k stands, kFiller says
  /// that it is `filler` instead. No layer where nothing changes; layers that only move features
  /// are joined.
  std::size_t rearranged(const std::string& where, std::size_t flow,
                         std::vector<std::int64_t> source, float filler = 0.0F);
  static constexpr std::int64_t kFiller = -1;
  /// The features of several flows side by side; of parts of one flow, it with its features moved.
  std::size_t joined(const std::string& where, const std::vector<std::size_t>& flows);

 private:
  [[nodiscard]] std::optional<std::vector<std::int64_t>> parts_of_one(
      const std::vector<std::size_t>& flows, std::size_t& base) const;

  std::vector<Flow> flows_;
};

/// The list as evenly spaced runs.
[[nodiscard]] std::vector<FeatureRun> runs_of(const std::vector<std::int64_t>& source);
/// The other way round.
[[nodiscard]] std::vector<std::int64_t> positions_of(const RearrangeSpec& spec);

}  // namespace carousel::loading::onnx
