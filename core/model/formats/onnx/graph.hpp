// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parse.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::loading::onnx {

/// A graph, or a subgraph of a node, with its names looked up. Its nodes are in an order in which
/// each comes after those whose outputs it reads; that, and that each value is defined once, is
/// checked here.
class Graph {
 public:
  /// Throws Error. `graph` must outlive it.
  Graph(const schema::GraphProto& graph, std::string_view source);
  /// A subgraph, whose nodes also read what the graph around it defines. `where`: "the then_branch
  /// of node 'x' (If)".
  Graph(const schema::GraphProto& graph, const Graph& outer, const std::string& where);

  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  [[nodiscard]] const schema::GraphProto& proto() const noexcept { return graph_; }
  [[nodiscard]] std::size_t node_count() const noexcept {
    return static_cast<std::size_t>(graph_.node_size());
  }
  [[nodiscard]] const schema::NodeProto& node(std::size_t index) const {
    return graph_.node(static_cast<int>(index));
  }

  /// How many nodes read a value; an output of the graph counts as one.
  [[nodiscard]] std::size_t readers(const std::string& value) const;
  /// The node that computes a value; nothing for inputs and initializers.
  [[nodiscard]] std::optional<std::size_t> producer(const std::string& value) const;
  [[nodiscard]] const schema::TensorProto* initializer(const std::string& value) const;
  /// The declared type of a value, wherever it is declared; null when it is not.
  [[nodiscard]] const schema::TypeProto* type(const std::string& value) const;
  /// Whether the graph itself defines that value.
  [[nodiscard]] bool defines(const std::string& value) const { return defined_.contains(value); }
  /// An input that no initializer gives a value.
  [[nodiscard]] bool is_input(const std::string& value) const;
  /// All that a node reads: also what its subgraphs read of the graph around them.
  [[nodiscard]] std::set<std::string> reads(std::size_t index) const;
  /// The nodes that the values depend on, in order.
  [[nodiscard]] std::vector<std::size_t> nodes_before(const std::vector<std::string>& values) const;
  /// The graph's inputs that a value depends on.
  [[nodiscard]] std::set<std::string> inputs_before(const std::string& value) const;

  /// What --from and --to call a node: its name, or its first output where it has none or shares
  /// it.
  [[nodiscard]] std::string id(std::size_t index) const;
  /// "node 'LSTM_3' (LSTM)"; of a subgraph, also where that is.
  [[nodiscard]] std::string describe(std::size_t index) const;
  /// The node with that name or output. Throws Error listing what there is.
  [[nodiscard]] std::size_t find(const std::string& id, const char* option) const;

 private:
  void define(const std::string& value);
  void read_declarations();
  void read_nodes();
  [[nodiscard]] bool is_known(const std::string& value) const;

  enum class Origin : std::uint8_t { input, initializer, node };
  // A class of ours keeps std::map's code for it hidden; an enumeration would not (GCC 12).
  struct Definition {
    Origin origin;
  };

  std::string source_;
  const schema::GraphProto& graph_;
  const Graph* outer_ = nullptr;
  std::string where_{};
  std::map<std::string, std::size_t> producers_{};
  std::map<std::string, std::size_t> readers_{};
  std::map<std::string, const schema::TensorProto*> initializers_{};
  std::map<std::string, const schema::TypeProto*> types_{};
  std::map<std::string, Definition> defined_{};
  std::map<std::string, std::size_t> name_counts_{};
};

/// The subgraphs of a node.
[[nodiscard]] std::vector<const schema::GraphProto*> subgraphs(const schema::NodeProto& node);
/// Where in the subgraphs of a node a recurrent node is: "node 'x' (LSTM) in its then_branch";
/// empty if there is none.
[[nodiscard]] std::string find_recurrent_inside(const schema::NodeProto& node);

}  // namespace carousel::loading::onnx
