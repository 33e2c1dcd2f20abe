// SPDX-License-Identifier: Apache-2.0
#include "graph.hpp"

#include "recurrent_node.hpp"

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::size_t kMaxListed = 20;

template <class Value>
const Value* find_in(const std::map<std::string, const Value*>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

Graph::Graph(const schema::ModelProto& model, std::string_view source)
    : source_(source), graph_(model.graph()), operator_set_(onnx::operator_set(model)) {
  read_declarations();
  read_nodes();
}

void Graph::read_declarations() {
  for (const schema::TensorProto& tensor : graph_.initializer()) {
    if (!initializers_.emplace(tensor.name(), &tensor).second) {
      fail(source_, "initializer " + quote(tensor.name()) + " is there twice");
    }
    defined_.emplace(tensor.name(), Definition{Origin::initializer});
  }
  for (const schema::SparseTensorProto& tensor : graph_.sparse_initializer()) {
    defined_.emplace(tensor.values().name(), Definition{Origin::initializer});
  }
  for (const schema::ValueInfoProto& input : graph_.input()) {
    if (!types_.emplace(input.name(), &input.type()).second) {
      fail(source_, "input " + quote(input.name()) + " is there twice");
    }
    defined_.emplace(input.name(),
                     Definition{Origin::input});  // unless an initializer gives its value
  }
  for (const auto* list : {&graph_.output(), &graph_.value_info()}) {
    for (const schema::ValueInfoProto& value : *list) types_.emplace(value.name(), &value.type());
  }
}

void Graph::read_nodes() {
  for (std::size_t n = 0; n < node_count(); ++n) {
    for (const std::string& input : node(n).input()) {
      if (!input.empty() && !defined_.contains(input)) {
        fail(source_, describe(n) + " reads " + quote(input) +
                          ", which nothing before it defines (a cycle, or a missing node)");
      }
    }
    for (const std::string& output : node(n).output()) {
      if (output.empty()) continue;
      if (!defined_.emplace(output, Definition{Origin::node}).second) {
        fail(source_, describe(n) + " defines " + quote(output) + " a second time");
      }
      producers_.emplace(output, n);
    }
    ++name_counts_[node(n).name()];
  }
  for (const schema::ValueInfoProto& output : graph_.output()) {
    if (!defined_.contains(output.name())) {
      fail(source_, "output " + quote(output.name()) + " is computed by no node");
    }
  }
}

std::optional<std::size_t> Graph::producer(const std::string& value) const {
  const auto found = producers_.find(value);
  if (found == producers_.end()) return std::nullopt;
  return found->second;
}

const schema::TensorProto* Graph::initializer(const std::string& value) const {
  return find_in(initializers_, value);
}

const schema::TypeProto* Graph::type(const std::string& value) const {
  return find_in(types_, value);
}

bool Graph::is_input(const std::string& value) const {
  const auto found = defined_.find(value);
  return found != defined_.end() && found->second.origin == Origin::input;
}

std::string Graph::id(std::size_t index) const {
  const schema::NodeProto& found = node(index);
  const auto count = name_counts_.find(found.name());
  if (!found.name().empty() && (count == name_counts_.end() || count->second <= 1)) {
    return found.name();
  }
  for (const std::string& output : found.output()) {
    if (!output.empty()) return output;
  }
  return found.name();
}

std::string Graph::describe(std::size_t index) const {
  const schema::NodeProto& found = node(index);
  const bool standard = found.domain().empty() || found.domain() == "ai.onnx";
  return "node " + quote(id(index)) + " (" + (standard ? "" : found.domain() + ".") +
         found.op_type() + ")";
}

std::size_t Graph::find(const std::string& wanted, const char* option) const {
  if (const auto made = producer(wanted)) return *made;
  std::string recurrent;
  std::size_t listed = 0;
  for (std::size_t n = 0; n < node_count(); ++n) {
    if (id(n) == wanted) return n;
    if (!is_recurrent(node(n)) || ++listed > kMaxListed) continue;
    recurrent += (recurrent.empty() ? "" : ", ") + quote(id(n));
  }
  fail(source_,
       std::string("no node or value is called ") + quote(wanted) + ", as " + option + " says" +
           (recurrent.empty() ? "" : "; the recurrent nodes are " + recurrent),
       ErrorCode::invalid_argument);
}

}  // namespace carousel::loading::onnx
