// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph_writer.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// Writes the layers around the recurrent ones. Sequences are [steps, batch, features].
class FrameWriter {
 public:
  explicit FrameWriter(GraphWriter& graph) : graph_(graph) {}

  /// Where a layer stands: what its values are called after, what it reads, and what its output is
  /// called.
  struct Place {
    std::string name;
    std::vector<std::string> inputs;
    std::string output;
  };

  void write(const ActivationSpec& spec, const Weights& weights, const Place& place);
  void write(const ElementwiseSpec& spec, const Weights& weights, const Place& place);
  void write(const NormalizationSpec& spec, const Weights& weights, const Place& place);
  void write(const RearrangeSpec& spec, const Weights& weights, const Place& place);
  void write(const ReduceFeaturesSpec& spec, const Weights& weights, const Place& place);
  void write(const ReduceStepsSpec& spec, const Weights& weights, const Place& place);
  void write(const SelectStepsSpec& spec, const Weights& weights, const Place& place);
  void write(const RepeatStepsSpec& spec, const Weights& weights, const Place& place);
  void write(const CastIdsSpec& spec, const Weights& weights, const Place& place);

 private:
  /// A value of the layer, between its nodes.
  std::string between(const Place& place, const char* what);
  std::string number(const Place& place, const char* what, float value);
  std::string integers(const Place& place, const char* what, std::vector<std::int64_t> values);

  /// A node of one output, and the name of that; empty: it is made up.
  std::string node(const Place& place, const char* op, const std::vector<std::string>& inputs,
                   std::string output = {});

  void write_composed(const Activation& function, const Place& place);
  /// Features as [groups, group] instead of [groups * group]; `input` itself if there is one group.
  std::string grouped(const Place& place, const std::string& input, std::int64_t size,
                      std::int64_t group);
  /// The other way round, to a value of that name.
  void ungrouped(const Place& place, const std::string& input, std::int64_t size);
  /// Over axis `axis`, which stays with size 1 if `keep`.
  void reduce(const Place& place, ReduceOperation operation, const std::string& input,
              std::int64_t axis, bool keep);

  GraphWriter& graph_;
};

/// Why ONNX has no operators for such a layer; empty: it has.
[[nodiscard]] std::string reason_against(const ActivationSpec& spec);
[[nodiscard]] std::string reason_against(const ElementwiseSpec& spec);
[[nodiscard]] std::string reason_against(const ReduceStepsSpec& spec);
[[nodiscard]] std::string reason_against(const SelectStepsSpec& spec);

}  // namespace carousel::loading::onnx
