// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph_writer.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <map>
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
  /// From now on, `lengths` [1, batch, 1] says how many steps of each row are real.
  void set_lengths(const std::string& lengths);

  /// A layer of that name that reads `input`, and the output that it is to have.
  struct Request {
    const ModelLayer& layer;
    std::string name;
    std::string input;
    std::string output;
    std::map<std::size_t, std::string> initial;  ///< By state: what it begins as, [1, batch, size].
    bool final_states = false;                   ///< Whether these are asked for.
  };
  /// Writes it with the node that brings its output into the order [steps, batch, features].
  /// Returns what its final states are called, [1, batch, size] each, if they are asked for.
  std::vector<std::string> write(const Request& request);
  /// The graph's outputs that are no sequences, after all layers.
  void write_outputs();

 private:
  using Floats = std::vector<float>;

  std::string weights(const ModelLayer& layer, const std::string& name, std::string_view role,
                      std::int64_t width);
  std::string biases(const ModelLayer& layer, const std::string& name);
  std::string peepholes(const ModelLayer& layer, const std::string& name);
  std::string initial_state(const Request& request, std::size_t state);
  std::string given_state(const Request& request, std::size_t state);
  std::string zero_state(const Request& request, std::int64_t size);
  std::vector<std::string> split_states(const Request& request,
                                        const std::vector<std::string>& outputs);
  std::string row_shape();
  void append_final_states(std::vector<std::string>& outputs, const Request& request);
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
