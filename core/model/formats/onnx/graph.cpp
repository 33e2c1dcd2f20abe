// SPDX-License-Identifier: Apache-2.0
#include "graph.hpp"

#include "recurrent_node.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::size_t kMaxListed = 20;

template <class Value>
const Value* find_in(const std::map<std::string, const Value*>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

/// The names that a graph reads and does not define itself.
void collect_free(const schema::GraphProto& graph, std::set<std::string>& names) {
  std::set<std::string> defined;
  for (const auto& tensor : graph.initializer()) defined.insert(tensor.name());
  for (const auto& input : graph.input()) defined.insert(input.name());
  for (const auto& node : graph.node()) defined.insert(node.output().begin(), node.output().end());
  std::set<std::string> read;
  for (const auto& node : graph.node()) {
    read.insert(node.input().begin(), node.input().end());
    for (const schema::GraphProto* inner : subgraphs(node)) collect_free(*inner, read);
  }
  for (const auto& output : graph.output()) read.insert(output.name());
  for (const std::string& name : read) {
    if (!name.empty() && !defined.contains(name)) names.insert(name);
  }
}

}  // namespace

std::vector<const schema::GraphProto*> subgraphs(const schema::NodeProto& node) {
  std::vector<const schema::GraphProto*> graphs;
  for (const schema::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g()) graphs.push_back(&attribute.g());
  }
  return graphs;
}

/// "Conv", or "com.microsoft.Attention" of another domain.
std::string operator_name(const schema::NodeProto& node) {
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  return escaped(standard ? node.op_type() : formatted("{}.{}", node.domain(), node.op_type()));
}

std::string find_recurrent_inside(const schema::NodeProto& node) {
  for (const schema::AttributeProto& attribute : node.attribute()) {
    if (!attribute.has_g()) continue;
    for (const schema::NodeProto& inner : attribute.g().node()) {
      if (is_recurrent(inner)) {
        return formatted("node {} ({}) in its {}", quote(inner.name()), escaped(inner.op_type()),
                         escaped(attribute.name()));
      }
      std::string deeper = find_recurrent_inside(inner);
      if (!deeper.empty()) return deeper;
    }
  }
  return "";
}

Graph::Graph(const schema::GraphProto& graph, std::string_view source)
    : source_(source), graph_(graph) {
  read_declarations();
  read_nodes();
}

Graph::Graph(const schema::GraphProto& graph, const Graph& outer, const std::string& where)
    : source_(outer.source_), graph_(graph), outer_(&outer), where_(where) {
  read_declarations();
  read_nodes();
}

bool Graph::is_known(const std::string& value) const {
  return defined_.contains(value) || (outer_ != nullptr && outer_->is_known(value));
}

void Graph::read_declarations() {
  for (const schema::TensorProto& tensor : graph_.initializer()) {
    if (!initializers_.emplace(tensor.name(), &tensor).second) {
      fail(source_, formatted("initializer {} is there twice", quote(tensor.name())));
    }
    defined_.emplace(tensor.name(), Definition{Origin::initializer});
  }
  for (const schema::SparseTensorProto& tensor : graph_.sparse_initializer()) {
    defined_.emplace(tensor.values().name(), Definition{Origin::initializer});
  }
  for (const schema::ValueInfoProto& input : graph_.input()) {
    if (!types_.emplace(input.name(), &input.type()).second) {
      fail(source_, formatted("input {} is there twice", quote(input.name())));
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
      if (!input.empty() && !is_known(input)) {
        fail(source_,
             formatted("{} reads {}, which nothing before it defines (a cycle, or a missing node)",
                       describe(n), quote(input)));
      }
    }
    for (const std::string& name : reads(n)) ++readers_[name];
    for (const std::string& output : node(n).output()) {
      if (output.empty()) continue;
      if (!defined_.emplace(output, Definition{Origin::node}).second) {
        fail(source_, formatted("{} defines {} a second time", describe(n), quote(output)));
      }
      producers_.emplace(output, n);
    }
    ++name_counts_[node(n).name()];
  }
  for (const schema::ValueInfoProto& output : graph_.output()) {
    if (!is_known(output.name())) {
      fail(source_, formatted("output {} is computed by no node", quote(output.name())));
    }
    ++readers_[output.name()];
  }
}

std::size_t Graph::readers(const std::string& value) const {
  const auto found = readers_.find(value);
  return found == readers_.end() ? 0 : found->second;
}

std::set<std::string> Graph::reads(std::size_t index) const {
  const schema::NodeProto& found = node(index);
  std::set<std::string> names(found.input().begin(), found.input().end());
  for (const schema::GraphProto* inner : subgraphs(found)) collect_free(*inner, names);
  names.erase("");
  return names;
}

std::vector<std::size_t> Graph::nodes_before(const std::vector<std::string>& values) const {
  std::vector<bool> needed(node_count(), false);
  std::vector<std::string> open = values;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    const std::optional<std::size_t> made = producer(name);
    if (!made || needed[*made]) continue;
    needed[*made] = true;
    const std::set<std::string> names = reads(*made);
    open.insert(open.end(), names.begin(), names.end());
  }
  std::vector<std::size_t> result;
  for (std::size_t n = 0; n < needed.size(); ++n) {
    if (needed[n]) result.push_back(n);
  }
  return result;
}

std::set<std::string> Graph::inputs_before(const std::string& value) const {
  std::set<std::string> inputs;
  const auto add = [&](const std::string& name) {
    if (is_input(name)) inputs.insert(name);
    if (outer_ != nullptr && !defines(name)) {
      const std::set<std::string> outer = outer_->inputs_before(name);
      inputs.insert(outer.begin(), outer.end());
    }
  };
  add(value);
  for (const std::size_t n : nodes_before({value})) {
    for (const std::string& name : reads(n)) add(name);
  }
  return inputs;
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
  const schema::TypeProto* found = find_in(types_, value);
  return found == nullptr && outer_ != nullptr && !defines(value) ? outer_->type(value) : found;
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
  return formatted("node {} ({}){}", quote(id(index)), operator_name(found),
                   where_.empty() ? "" : " in " + where_);
}

std::size_t Graph::find(const std::string& wanted, const char* option) const {
  if (const auto made = producer(wanted)) return *made;
  std::string recurrent;
  std::string hidden;
  std::size_t listed = 0;
  for (std::size_t n = 0; n < node_count(); ++n) {
    if (id(n) == wanted) return n;
    const std::string inside = find_recurrent_inside(node(n));
    if (!inside.empty()) {
      hidden = formatted(" (of {}, {}, is taken as a whole)", describe(n), inside);
    }
    if (!is_recurrent(node(n)) || ++listed > kMaxListed) continue;
    recurrent += (recurrent.empty() ? "" : ", ") + quote(id(n));
  }
  fail(source_,
       formatted("no node or value is called {}, as {} says{}{}", quote(wanted), option,
                 recurrent.empty() ? "" : "; the recurrent nodes are " + recurrent, hidden),
       ErrorCode::invalid_argument);
}

}  // namespace carousel::loading::onnx
