// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// Goes through the nodes that some values depend on and finds out what each of them is.
class Interpreter {
 public:
  /// `file_size` bounds the memory for constants. `graph` must outlive it.
  Interpreter(const Graph& graph, const std::optional<std::filesystem::path>& folder,
              std::size_t file_size);

  /// `start`, if given, is taken for an input of the graph, whatever computes it. Values that
  /// cannot be part of a network become Unsupported; nothing is thrown for them.
  void evaluate(const std::vector<std::string>& targets, const std::optional<std::string>& start);

  /// A value that was evaluated.
  [[nodiscard]] const Value& value(const std::string& name) const;
  [[nodiscard]] Context& context() noexcept { return context_; }

 private:
  [[nodiscard]] Tensor new_input(const std::string& name);
  /// The value with that name, made on first use if it is an input or an initializer.
  const Value* look_up(const std::string& name, std::size_t reader);
  [[nodiscard]] Value read_constant(const std::string& name, std::size_t reader);
  void run_node(std::size_t index);
  [[nodiscard]] std::vector<Value> results(std::size_t index);

  Context context_;
  std::map<std::string, Value> values_;
};

/// The nodes that `targets` depend on, in the graph's order, without going beyond `start`.
[[nodiscard]] std::vector<std::size_t> needed_nodes(const Graph& graph,
                                                    const std::vector<std::string>& targets,
                                                    const std::optional<std::string>& start);

}  // namespace carousel::loading::onnx
