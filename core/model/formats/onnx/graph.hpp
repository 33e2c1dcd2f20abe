// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parse.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::loading::onnx {

/// A graph with its names looked up. Its nodes are in an order in which each comes after those
/// whose outputs it reads; that, and that each value is defined once, is checked here.
class Graph {
 public:
  /// Throws Error. `model` must outlive it.
  Graph(const schema::ModelProto& model, std::string_view source);

  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  [[nodiscard]] std::int64_t operator_set() const noexcept { return operator_set_; }
  [[nodiscard]] const schema::GraphProto& proto() const noexcept { return graph_; }
  [[nodiscard]] std::size_t node_count() const noexcept {
    return static_cast<std::size_t>(graph_.node_size());
  }
  [[nodiscard]] const schema::NodeProto& node(std::size_t index) const {
    return graph_.node(static_cast<int>(index));
  }

  /// The node that computes a value; nothing for inputs and initializers.
  [[nodiscard]] std::optional<std::size_t> producer(const std::string& value) const;
  [[nodiscard]] const schema::TensorProto* initializer(const std::string& value) const;
  /// The declared type of a value, wherever it is declared; null when it is not.
  [[nodiscard]] const schema::TypeProto* type(const std::string& value) const;
  /// An input that no initializer gives a value.
  [[nodiscard]] bool is_input(const std::string& value) const;

  /// What --from and --to call a node: its name, or its first output where it has none or shares
  /// it.
  [[nodiscard]] std::string id(std::size_t index) const;
  /// "node 'LSTM_3' (LSTM)"
  [[nodiscard]] std::string describe(std::size_t index) const;
  /// The node with that name or output. Throws Error listing what there is.
  [[nodiscard]] std::size_t find(const std::string& id, const char* option) const;

 private:
  void define(const std::string& value);
  void read_declarations();
  void read_nodes();

  enum class Origin : std::uint8_t { input, initializer, node };
  // A class of ours keeps std::map's code for it hidden; an enumeration would not (GCC 12).
  struct Definition {
    Origin origin;
  };

  std::string source_;
  const schema::GraphProto& graph_;
  std::int64_t operator_set_;
  std::map<std::string, std::size_t> producers_;
  std::map<std::string, const schema::TensorProto*> initializers_;
  std::map<std::string, const schema::TypeProto*> types_;
  std::map<std::string, Definition> defined_;
  std::map<std::string, std::size_t> name_counts_;
};

}  // namespace carousel::loading::onnx
