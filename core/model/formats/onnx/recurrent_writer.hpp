// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph_writer.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carousel::loading::onnx {

/// Writes the recurrent layers of a model: the other way of recurrent_node.cpp.
class RecurrentWriter {
 public:
  /// Both must outlive it.
  RecurrentWriter(GraphWriter& graph, const SaveOnnxOptions& options)
      : graph_(graph), options_(options) {}

  /// The graph's inputs that are no sequences, before all layers; `sequence` is one that is.
  void write_inputs(const std::string& sequence);
  /// A layer of that name that reads `input`, with the node that brings its output, called
  /// `output`, into the order [steps, batch, features].
  void write(const ModelLayer& layer, const std::string& name, const std::string& input,
             const std::string& output);
  /// The graph's outputs that are no sequences, after all layers.
  void write_outputs();

 private:
  using Floats = std::vector<float>;

  std::string weights(const ModelLayer& layer, const std::string& name, std::string_view role,
                      std::int64_t width);
  std::string biases(const ModelLayer& layer, const std::string& name);
  std::string peepholes(const ModelLayer& layer, const std::string& name);
  std::string initial_state(const ModelLayer& layer, const std::string& name,
                            const StateSpec& state);
  std::string row_shape();
  void append_final_states(std::vector<std::string>& outputs, const RecurrentSpec& spec);
  void join_directions(const RecurrentSpec& spec, const std::string& name, const std::string& y,
                       const std::string& output);

  GraphWriter& graph_;
  const SaveOnnxOptions& options_;
  std::string sequence_;
  std::string lengths_;
  std::string row_shape_;  ///< Empty: not written so far.
  std::size_t count_ = 0;  ///< Layers written so far.
  std::vector<std::pair<std::string, std::vector<NamedSize>>> states_;  ///< The outputs.
};

}  // namespace carousel::loading::onnx
