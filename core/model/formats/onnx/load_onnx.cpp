// SPDX-License-Identifier: Apache-2.0
#include "load_onnx.hpp"

#include "build_model.hpp"
#include "inline_functions.hpp"
#include "inputs.hpp"
#include "interpreter.hpp"
#include "operators.hpp"
#include "parse.hpp"
#include "recurrent_node.hpp"
#include "suggest.hpp"

#include <algorithm>
#include <set>

#include "core/model/formats/model_text.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading {
namespace onnx {
namespace {

constexpr std::size_t kMaxSuggested = 8;
/// An input has a few axes, each of which is found out about once or twice.
constexpr int kMaxPasses = 100;
/// Larger files are not loaded again and again for an example of what would do.
constexpr std::size_t kMostTried = std::size_t{1} << 26U;

/// A part of a graph: the values that leave it and, if it is not the whole, where it begins.
struct GraphPart {
  std::vector<std::string> targets;
  std::optional<std::size_t> first;  ///< What this node reads enters the network.
};

/// What all parts of one file share.
struct File {
  const Graph& graph;
  std::int64_t operator_set = 0;
  std::optional<std::filesystem::path> folder;
  std::size_t size = 0;
  Work& work;  ///< Is used up by all that is tried.
  const LoadOptions& options;
  Metadata properties{};
};

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
  if (options.from) part.first = graph.find(*options.from, "from (--from)");
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
  const std::vector<std::size_t> needed = graph.nodes_before(part.targets);
  if (std::ranges::find(needed, *part.first) == needed.end()) {
    fail(graph.source(),
         formatted("{}, the start, does not lead to {}", graph.describe(*part.first),
                   quote(part.targets.front())),
         ErrorCode::invalid_argument);
  }
}

constexpr const char* kRecurrentInputs[] = {
    "X",         "W",           "R", "B",       "sequence_lens",
    "initial_h", "initial_c",   "P", "W_scale", "W_zero_point",
    "R_scale",   "R_zero_point"};

/// Which input of which recurrent node a node leads to: "; it leads to input X of node 'x' (LSTM)".
std::string needed_by(const Graph& graph, const std::string& where) {
  std::set<std::string> values;
  for (std::size_t n = 0; n < graph.node_count(); ++n) {
    const schema::NodeProto& node = graph.node(n);
    const bool is_it = values.empty() && graph.describe(n) == where;
    for (int k = 0; k < node.input_size() && !is_it; ++k) {
      if (!values.contains(node.input(k))) continue;
      if (is_recurrent(node) && static_cast<std::size_t>(k) < std::size(kRecurrentInputs)) {
        return formatted("; it leads to input {} of {}", kRecurrentInputs[k], graph.describe(n));
      }
      values.insert(node.output().begin(), node.output().end());
    }
    if (is_it) values.insert(node.output().begin(), node.output().end());
    values.erase("");
  }
  return "";
}

/// The names of the layers, which save_onnx puts among the properties; they tell of the whole
/// graph.
std::vector<std::string> layer_names_of(const File& file, const GraphPart& part) {
  const bool whole = std::ranges::equal(part.targets, file.graph.proto().output(), {}, {},
                                        &schema::ValueInfoProto::name);
  const std::string* text = find_metadata(file.properties, kNamesKey);
  if (part.first || !whole || text == nullptr) return {};
  return names_from_text(*text, file.graph.source(), kNamesKey);
}

/// One pass with what is known so far. Throws Error, and Restart when more is known.
Model load_once(const File& file, const GraphPart& part, Knowledge& knowledge) {
  const Graph& graph = file.graph;
  Interpreter interpreter(graph, file.operator_set, file.folder, file.size, file.work, file.options,
                          knowledge);
  interpreter.evaluate(part.targets, part.first);
  if (part.first && !interpreter.has_entries()) {
    fail(graph.source(),
         graph.describe(*part.first) + " reads constants only; it cannot be the start",
         ErrorCode::invalid_argument);
  }
  std::vector<NetworkOutput> outputs;
  for (const std::string& target : part.targets) {
    const Value& value = interpreter.value(target);
    if (const auto* unsupported = std::get_if<Unsupported>(&value)) {
      fail(graph.source(),
           formatted("{}: {}{}", unsupported->where, unsupported->reason,
                     needed_by(graph, unsupported->where)),
           unsupported->code);
    }
    outputs.push_back({target, value});
  }
  try {
    return build_model(interpreter.context(), graph, outputs, layer_names_of(file, part));
  } catch (const Refusal& refusal) {
    fail(graph.source(), refusal.what(), refusal.code());
  }
}

/// Throws Error.
Model load_part(const File& file, const GraphPart& part) {
  check_first(file.graph, part);
  Knowledge knowledge;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    try {
      return load_once(file, part, knowledge);
    } catch (const Restart&) {
      // The next pass knows more.
    }
  }
  fail(file.graph.source(), "what the axes of its inputs count could not be settled",
       ErrorCode::unsupported);
}

bool loads(const File& file, const GraphPart& part) {
  try {
    validate(load_part(file, part));
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// The last node after `first` whose result can be part of a network.
std::size_t last_supported(const File& file, const std::optional<std::size_t>& start,
                           std::size_t first) {
  std::vector<std::string> targets;
  for (std::size_t n = first; n < file.graph.node_count(); ++n) {
    for (const std::string& output : file.graph.node(n).output()) {
      if (!output.empty()) targets.push_back(output);
    }
  }
  Knowledge knowledge;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    try {
      Interpreter interpreter(file.graph, file.operator_set, file.folder, file.size, file.work,
                              file.options, knowledge);
      interpreter.evaluate(targets, start);
      for (std::size_t n = file.graph.node_count(); n-- > first;) {
        const std::vector<std::string> outputs = outputs_of(file.graph, n);
        const bool usable =
            !outputs.empty() && std::holds_alternative<Tensor>(interpreter.value(outputs.front()));
        if (usable) return n;
      }
      return first;
    } catch (const Restart&) {
      // The next pass knows more.
    }
  }
  return first;
}

/// How to take the part from one node, or from the beginning, as far as it goes beyond another;
/// empty when nothing loads.
std::string how_to_take(const File& file, const std::optional<std::size_t>& first,
                        std::size_t last) {
  for (const std::size_t to : {last_supported(file, first, last), last}) {
    if (!loads(file, {outputs_of(file.graph, to), first})) continue;
    const std::string from = first ? formatted("--from {} ", quote(file.graph.id(*first))) : "";
    return formatted("{}--to {}", from, quote(file.graph.id(to)));
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
  std::string all = how_to_take(file, std::nullopt, recurrent.back());
  if (all.empty()) all = how_to_take(file, recurrent.front(), recurrent.back());
  if (!all.empty()) return "; a part that can be taken is " + all;
  if (recurrent.size() > kMaxSuggested) recurrent.resize(kMaxSuggested);
  std::string text;
  for (const std::size_t n : recurrent) {
    if (!loads(file, {outputs_of(file.graph, n), n})) continue;
    const std::string id = quote(file.graph.id(n));
    if (!text.empty()) text += ", or ";
    text.append("--from ").append(id).append(" --to ").append(id);
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

/// A shape with which the graph loads, where the error asks for one.
std::string shape_suggestion(const File& file, const GraphPart& part, const Error& error) {
  const bool wanted = std::string_view(error.what()).find(kShapeOption) != std::string_view::npos;
  if (!wanted || file.size > kMostTried) return "";
  return example_shape(file.graph, file.options, [&](const LoadOptions& options) {
    const File with_options{file.graph, file.operator_set, file.folder,    file.size,
                            file.work,  options,           file.properties};
    return loads(with_options, part);
  });
}

Model load_chosen(const File& file, const LoadOptions& options) {
  const GraphPart part = choose_part(file.graph, options);
  try {
    return load_part(file, part);
  } catch (const Error& error) {
    const std::string shape = shape_suggestion(file, part, error);
    if (!shape.empty()) throw Error(error.code(), error.what() + shape);
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
  onnx::inline_functions(*proto, source);
  const onnx::Graph graph(proto->graph(), source);
  onnx::check_options(graph, options);
  onnx::Work work(bytes.size());
  onnx::File file{graph, onnx::operator_set(*proto), folder, bytes.size(), work, options};
  for (const onnx::schema::StringStringEntryProto& entry : proto->metadata_props()) {
    file.properties.insert_or_assign(entry.key(), entry.value());
  }
  Model model = onnx::load_chosen(file, options);
  model.source = std::string(source);
  // Inputs, outputs and lengths are what the graph says, whatever else the file says of them.
  for (const std::string_view key : {kNamesKey, kInputsKey, kOutputsKey, kLengthsKey}) {
    set_metadata(file.properties, key, "");
  }
  for (const auto& [key, value] : file.properties) model.metadata.insert_or_assign(key, value);
  return model;
}

}  // namespace carousel::loading
