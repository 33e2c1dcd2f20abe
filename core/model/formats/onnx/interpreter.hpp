// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// Goes through the nodes that some values depend on and finds out what each of them is.
class Interpreter {
 public:
  /// `file_size` bounds the memory for constants, `work` what is computed with them. All arguments
  /// must outlive it.
  Interpreter(const Graph& graph, std::int64_t operator_set,
              const std::optional<std::filesystem::path>& folder, std::size_t file_size, Work& work,
              const LoadOptions& options, Knowledge& knowledge);

  /// `first`, if given, is where the part of the graph begins that is taken: what this node and
  /// those after it read from nodes that are not after it enters the network, be it a sequence, an
  /// initial state or lengths. Values that cannot be part of a network become Unsupported; nothing
  /// is thrown for them but Restart.
  void evaluate(const std::vector<std::string>& targets, const std::optional<std::size_t>& first);

  /// A value that was evaluated.
  [[nodiscard]] const Value& value(const std::string& name) const;
  [[nodiscard]] Context& context() noexcept { return context_; }
  [[nodiscard]] const Graph& graph() const noexcept { return scopes_.front()->graph; }
  /// Whether anything entered the part that was taken.
  [[nodiscard]] bool has_entries() const noexcept { return !entered_.empty(); }

 private:
  /// A graph that is gone through, within another one or not.
  struct Scope {
    const Graph& graph;
    Scope* outer = nullptr;
    std::unique_ptr<Graph> owned{};
    std::map<std::string, Value> values{};
  };

  void run_node(Scope& scope, std::size_t index);
  [[nodiscard]] std::vector<Value> results(Scope& scope, std::size_t index);
  /// The value with that name, made on first use if it is an input or an initializer.
  const Value* look_up(Scope& scope, const std::string& name, const std::string& reader);
  [[nodiscard]] Value read_constant(const Scope& scope, const std::string& name,
                                    const std::string& reader);
  [[nodiscard]] std::vector<Value> run_branch(Scope& scope, const Call& call,
                                              const Subgraph& branch);
  /// What a node of the part that is taken reads from outside, as an input of the model.
  const Value* enter(const std::string& name, const std::string& reader);

  Context context_;
  std::vector<std::unique_ptr<Scope>> scopes_;
  std::set<std::string> inside_;  ///< Values that the part of the graph that is taken defines.
  std::map<std::string, Value> entered_;
  bool cut_ = false;
};

}  // namespace carousel::loading::onnx
