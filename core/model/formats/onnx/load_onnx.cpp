// SPDX-License-Identifier: Apache-2.0
#include "load_onnx.hpp"

#include "build_model.hpp"
#include "interpreter.hpp"
#include "parse.hpp"
#include "recurrent_node.hpp"

#include <algorithm>

#include "core/model/formats/model_text.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"

namespace carousel::loading {
namespace onnx {
namespace {

constexpr std::size_t kMaxSuggested = 8;
constexpr int kMaxStepsUp = 4;

/// A part of a graph: the values that leave it and, if it is not the whole, the one that enters.
struct GraphPart {
  std::vector<std::string> targets;
  std::optional<std::string> start;
  std::optional<std::size_t> first;  ///< The node that reads `start`.
};

/// What all parts of one file share.
struct File {
  const Graph& graph;
  std::optional<std::filesystem::path> folder;
  std::size_t size = 0;
  Metadata properties{};
};

/// Whether a value depends on what the graph is given.
bool is_computed(const Graph& graph, const std::string& value) {
  if (graph.is_input(value)) return true;
  for (const std::size_t n : needed_nodes(graph, {value}, std::nullopt)) {
    for (const std::string& input : graph.node(n).input()) {
      if (graph.is_input(input)) return true;
    }
  }
  return false;
}

/// The sequence that a node reads: its first input that is no constant.
std::string first_input(const Graph& graph, std::size_t node) {
  for (const std::string& input : graph.node(node).input()) {
    if (!input.empty() && is_computed(graph, input)) return input;
  }
  fail(graph.source(), graph.describe(node) + " reads constants only; it cannot be the start",
       ErrorCode::invalid_argument);
}

std::vector<std::string> outputs_of(const Graph& graph, std::size_t node) {
  std::vector<std::string> names;
  for (const std::string& output : graph.node(node).output()) {
    if (!output.empty()) names.push_back(output);
  }
  // Of other operators (Dropout, Split) the further outputs are not what comes next.
  if (!is_recurrent(graph.node(node)) && names.size() > 1) names.resize(1);
  return names;
}

GraphPart choose_part(const Graph& graph, const LoadOptions& options) {
  GraphPart part;
  if (options.from) {
    part.first = graph.find(*options.from, "from (--from)");
    part.start = first_input(graph, *part.first);
  }
  if (options.to) {
    const std::size_t node = graph.find(*options.to, "to (--to)");
    part.targets = graph.producer(*options.to) ? std::vector{*options.to} : outputs_of(graph, node);
    return part;
  }
  for (const schema::ValueInfoProto& output : graph.proto().output()) {
    part.targets.push_back(output.name());
  }
  return part;
}

void check_first(const Graph& graph, const GraphPart& part) {
  if (!part.first) return;
  if (part.targets.empty()) {
    fail(graph.source(), "the last node of the part has no output with a name",
         ErrorCode::invalid_argument);
  }
  const std::vector<std::size_t> needed = needed_nodes(graph, part.targets, part.start);
  if (std::ranges::find(needed, *part.first) == needed.end()) {
    fail(graph.source(),
         graph.describe(*part.first) + ", the start, does not lead to " +
             quote(part.targets.front()),
         ErrorCode::invalid_argument);
  }
}

/// What save_onnx has put away among the properties; they tell of the whole graph.
ModelNames names_of(const File& file, const GraphPart& part) {
  ModelNames names;
  const std::string& source = file.graph.source();
  const bool whole = std::ranges::equal(part.targets, file.graph.proto().output(), {}, {},
                                        &schema::ValueInfoProto::name);
  if (part.first || !whole) return names;
  if (const std::string* text = find_metadata(file.properties, kNamesKey)) {
    names.layers = names_from_text(*text, source, kNamesKey);
  }
  if (const std::string* text = find_metadata(file.properties, kInputsKey)) {
    names.inputs = inputs_from_text(*text, source);
  }
  if (const std::string* text = find_metadata(file.properties, kOutputsKey)) {
    names.outputs = outputs_from_text(*text, source);
  }
  return names;
}

/// Throws Error.
Model load_part(const File& file, const GraphPart& part) {
  check_first(file.graph, part);
  Interpreter interpreter(file.graph, file.folder, file.size);
  interpreter.evaluate(part.targets, part.start);
  std::vector<NetworkOutput> outputs;
  for (const std::string& target : part.targets) {
    const Value& value = interpreter.value(target);
    if (const auto* unsupported = std::get_if<Unsupported>(&value)) {
      const bool by_node = unsupported->node < file.graph.node_count();
      fail(file.graph.source(),
           (by_node ? file.graph.describe(unsupported->node) : "output " + quote(target)) + ": " +
               unsupported->reason,
           unsupported->code);
    }
    outputs.push_back({target, value});
  }
  try {
    return build_model(interpreter.context(), outputs, names_of(file, part));
  } catch (const Refusal& refusal) {
    fail(file.graph.source(), refusal.what(), refusal.code());
  }
}

bool loads(const File& file, std::size_t first, std::size_t last) {
  try {
    const GraphPart part{outputs_of(file.graph, last), first_input(file.graph, first), first};
    validate(load_part(file, part));
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// How to take the part from one node to another; empty when that does not load. Lengths and states
/// may be computed from what a layer's input is made of: then the part starts further up.
std::string how_to_take(const File& file, std::size_t first, std::size_t last) {
  const Graph& graph = file.graph;
  for (int k = 0; k < kMaxStepsUp; ++k) {
    if (loads(file, first, last)) {
      return "--from " + quote(graph.id(first)) + " --to " + quote(graph.id(last));
    }
    const auto& inputs = graph.node(first).input();
    const auto above = inputs.empty() ? std::nullopt : graph.producer(inputs.Get(0));
    if (!above) break;
    first = *above;
  }
  return "";
}

/// How to take the recurrent part of a graph that cannot be taken as a whole.
std::string suggestion(const File& file) {
  std::vector<std::size_t> recurrent;
  for (std::size_t n = 0; n < file.graph.node_count(); ++n) {
    if (is_recurrent(file.graph.node(n))) recurrent.push_back(n);
  }
  if (recurrent.empty()) return "";
  const std::string all = how_to_take(file, recurrent.front(), recurrent.back());
  if (!all.empty()) return "; the recurrent part alone can be taken with " + all;
  if (recurrent.size() > kMaxSuggested) recurrent.resize(kMaxSuggested);
  std::string text;
  for (const std::size_t n : recurrent) {
    const std::string one = how_to_take(file, n, n);
    if (!one.empty()) text += (text.empty() ? "" : ", or ") + one;
  }
  return text.empty() ? "" : "; single layers can be taken with " + text;
}

void refuse_foreign_options(std::string_view source, const LoadOptions& options) {
  if (options.prefix || options.embedding || options.head) {
    fail(source,
         "the options prefix, embedding and head (--prefix, --embedding, --head) name tensors of "
         "safetensors files; of ONNX files, from and to (--from, --to) name nodes",
         ErrorCode::invalid_argument);
  }
}

Model load_chosen(const File& file, const LoadOptions& options) {
  const GraphPart part = choose_part(file.graph, options);
  try {
    return load_part(file, part);
  } catch (const Error& error) {
    if (options.from || options.to) throw;
    throw Error(error.code(), error.what() + suggestion(file));
  }
}

}  // namespace
}  // namespace onnx

Model model_from_onnx(std::span<const std::byte> bytes, std::string_view source,
                      const std::optional<std::filesystem::path>& folder,
                      const LoadOptions& options) {
  onnx::refuse_foreign_options(source, options);
  const auto proto = onnx::parse(bytes, source);
  const onnx::Graph graph(*proto, source);
  onnx::File file{graph, folder, bytes.size()};
  for (const onnx::schema::StringStringEntryProto& entry : proto->metadata_props()) {
    file.properties.insert_or_assign(entry.key(), entry.value());
  }
  Model model = onnx::load_chosen(file, options);
  model.source = std::string(source);
  for (const std::string_view key : {kNamesKey, kInputsKey, kOutputsKey}) {
    set_metadata(file.properties, key, "");
  }
  for (const auto& [key, value] : file.properties) model.metadata.insert_or_assign(key, value);
  return model;
}

}  // namespace carousel::loading
