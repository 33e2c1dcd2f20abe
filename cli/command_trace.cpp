// SPDX-License-Identifier: Apache-2.0
#include "array_checks.hpp"
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_facts.hpp"
#include "output_files.hpp"
#include "table.hpp"
#include "trace/trace_page.hpp"
#include "vocabulary.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Shows what the gates do while the network reads one sequence: heat maps of every gate, the cell state
and the output over time, one unit step by step, how much the forget gate keeps, how often gates are
shut or open, and which units remember longest. The page is one file; without --html a summary is
printed. Values come from the float64 oracle, which takes a second for 300 million weights times steps.

--compare also runs two backends and shows where the outputs of each layer differ most. --arrays writes
every quantity as FOLDER/LAYER.f.npy [steps, units] and so on, of a second direction LAYER.f_reverse.npy.

Examples:
  carousel trace models/charlm.safetensors --text "In the beginning God created" --html trace.html
  carousel trace models/charlm.safetensors --text "And God said" --layer lstm.l1 --units 0-31 --html t.html
  carousel trace vad.safetensors --input x.npy --compare xsimd,scalar --html trace.html
  carousel trace vad.safetensors --input x.npy --arrays traced --json)";

constexpr std::size_t kMostListed = 5;

struct TraceOptions {
  ModelSource source;
  std::string text, input, html, arrays, compare;
  std::vector<std::string> units;
  TraceSettings settings;
  PrecisionChoice precision{};
  bool json = false;
};

/// "3" or "0-7".
void append_units(std::vector<std::size_t>& units, const std::string& text) {
  const auto number = [&](std::string_view part) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size()) {
      throw Error(ErrorCode::invalid_argument,
                  "--units: '" + text + "' is neither a number nor a range such as 0-7");
    }
    return value;
  };
  const std::size_t dash = text.find('-');
  const std::size_t first = number(std::string_view(text).substr(0, dash));
  const std::size_t last =
      dash == text.npos ? first : number(std::string_view(text).substr(dash + 1));
  constexpr std::size_t kMost = 512;
  if (last < first || last - first >= kMost || units.size() >= kMost) {
    throw Error(ErrorCode::invalid_argument, "--units: '" + text + "' is no range of at most " +
                                                 std::to_string(kMost) + " units");
  }
  for (std::size_t unit = first; unit <= last; ++unit) units.push_back(unit);
}

void read_text(const std::string& text, Workload& work) {
  WorkInput& input = work.inputs.emplace_back(WorkInput{model_inputs(work.model).front()});
  input.ids = Vocabulary(work.model).encode(text, "--text");
  work.steps = static_cast<std::int64_t>(input.ids.size());
}

/// One sequence: [steps, features] or ids [steps].
void read_input(const std::string& file, Workload& work) {
  const NpyArray array = read_npy(file);
  const std::string what = "--input " + file;
  const Model& model = work.model;
  const bool takes_ids = model.takes_ids();
  const std::size_t rank = takes_ids ? 1 : 2;
  if (array.is_integer() != takes_ids || array.shape.size() != rank ||
      (!takes_ids && array.shape[1] != model.input_size())) {
    refuse_array(what,
                 takes_ids ? "integers [steps]"
                           : "floats [steps, " + std::to_string(model.input_size()) + "]",
                 array);
  }
  work.steps = array.shape[0];
  WorkInput& input = work.inputs.emplace_back(WorkInput{model_inputs(model).front()});
  if (takes_ids) {
    input.ids = checked_ids(array, id_count(model), what);
  } else {
    input.x = array.floats(what);
  }
}

Workload make_work(const TraceOptions& options) {
  Workload work;
  work.model = options.source.load();
  require_one_input(work.model);
  work.network = options.source.file;
  if (options.input.empty()) {
    read_text(options.text, work);
  } else {
    read_input(options.input, work);
  }
  if (work.steps < 1)
    throw Error(ErrorCode::invalid_argument, "the sequence is empty; give at least one step");
  return work;
}

std::vector<BackendDifference> compare(const TraceOptions& options, const Workload& work,
                                       const NetworkTrace& trace) {
  if (options.compare.empty()) return {};
  const std::size_t comma = options.compare.find(',');
  if (comma == options.compare.npos || comma == 0 || comma + 1 == options.compare.size() ||
      options.compare.find(',', comma + 1) != options.compare.npos) {
    throw Error(ErrorCode::invalid_argument,
                "--compare: '" + options.compare + "' must be two backends, e.g. xsimd,scalar");
  }
  return compare_backends(work, trace, options.compare.substr(0, comma),
                          options.compare.substr(comma + 1), options.precision);
}

void add_arrays(const std::string& folder, const NetworkTrace& trace, OutputFiles& files) {
  files.make_folder(folder);
  for (const TracedLayer& layer : trace.layers) {
    const std::vector<std::int64_t> shape{layer.steps, layer.spec.hidden_size};
    for (const Signal& signal : layer.signals) {
      const std::string file =
          layer.file_name + "." + in_direction(signal.key, layer.direction) + ".npy";
      files.add_array(std::filesystem::path(folder) / file, shape,
                      std::vector<float>(signal.values.begin(), signal.values.end()));
    }
  }
}

Table gate_table(const NetworkTrace& trace) {
  Table table({{"layer", "layer", Align::left},
               {"signal", "", Align::left},
               {"", "what", Align::left},
               {"mean", "mean"},
               {"shut", "below 0.05"},
               {"open", "above 0.95"}});
  for (const TracedLayer& layer : trace.layers) {
    for (const Signal& signal : layer.signals) {
      if (!signal.gate) continue;
      const GateUse use = gate_use(signal);
      table.add({layer.name,
                 signal.key,
                 signal_title(signal),
                 {format_fixed(use.mean, 3), use.mean},
                 {format_percent(use.shut), use.shut},
                 {format_percent(use.open), use.open}});
    }
  }
  return table;
}

Table unit_table(const NetworkTrace& trace) {
  Table table({{"layer", "layer", Align::left},
               {"unit", "unit"},
               {"mean", "kept at a step"},
               {"time_constant", "fades to 1/e in"}});
  for (const TracedLayer& layer : trace.layers) {
    std::vector<Memory> longest = memories(layer);
    if (longest.size() > kMostListed) longest.resize(kMostListed);
    for (const Memory& memory : longest) {
      const bool fades = std::isfinite(memory.time_constant);
      table.add({layer.name,
                 {std::to_string(memory.unit), memory.unit},
                 {format_fixed(memory.mean, 3), memory.mean},
                 {time_constant_text(memory.time_constant),
                  fades ? Json(memory.time_constant) : Json()}});
    }
  }
  return table;
}

Table difference_table(const std::vector<BackendDifference>& differences) {
  Table table({{"layer", "layer", Align::left},
               {"a", "backends", Align::left},
               {"b", "", Align::left},
               {"differing", "outputs that differ"},
               {"largest", "at most"}});
  for (const BackendDifference& one : differences) {
    const double largest = *std::ranges::max_element(one.largest_by_step);
    table.add({one.layer,
               {one.a + " and " + one.b, one.a},
               one.b,
               {format_count(one.differing) + " of " + format_count(one.count), one.differing},
               {format_error(largest), largest}});
  }
  return table;
}

void print_summary(const NetworkTrace& trace, const std::vector<BackendDifference>& differences,
                   bool json) {
  const Table gates = gate_table(trace);
  const Table units = unit_table(trace);
  const Table compared = difference_table(differences);
  if (json) {
    print_json({{"title", trace.title},
                {"steps", trace.symbols.size()},
                {"gates", gates.json()},
                {"longest_memories", units.json()},
                {"differences", compared.json()}});
    return;
  }
  std::cout << trace.title << "\n";
  for (const Table* table : {&gates, &units, &compared}) {
    if (table->empty()) continue;
    std::cout << '\n';
    table->print(std::cout);
  }
}

int run(TraceOptions& options) {
  if (options.text.empty() == options.input.empty())
    throw Error(ErrorCode::invalid_argument, "give --text or --input, one of them");
  for (const std::string& text : options.units) append_units(options.settings.units, text);
  const Workload work = make_work(options);
  const NetworkTrace trace = trace_network(work, options.settings);
  const std::vector<BackendDifference> differences = compare(options, work, trace);
  OutputFiles files;
  files.keep(options.source.file);
  if (!options.arrays.empty()) add_arrays(options.arrays, trace, files);
  if (!options.html.empty()) files.add_text(options.html, trace_page(trace, differences));
  files.write();
  if (!options.html.empty()) std::cerr << "carousel: " << options.html << '\n';
  if (options.html.empty() || options.json) print_summary(trace, differences, options.json);
  return kOk;
}

void add_options(Parser& command, TraceOptions& options) {
  add_model_options(command, options.source, false);
  command.add_option("--text", options.text, "what a character network is to read");
  command.add_option("--input", options.input,
                     "one sequence (.npy): [steps, features] or ids [steps]");
  command.add_option("--html", options.html, "where the page goes");
  command.add_option("--arrays", options.arrays, "folder for the values as .npy")
      .type_name("FOLDER");
  command.add_option("--layer", options.settings.layers, "layers to show, by name (default: all)")
      .separated_by_commas()
      .type_name("NAME");
  command
      .add_option("--units", options.units, "units to draw, e.g. 0-15,40 (default: 24, by memory)")
      .separated_by_commas()
      .type_name("N|A-B");
  command.add_option("--compare", options.compare, "two backends, e.g. xsimd,scalar")
      .type_name("A,B");
  add_precision_options(command, options.precision);
  command.add_flag("--json", options.json, "print the summary as JSON");
}

}  // namespace

Command trace_command(Parser& app) {
  Parser command =
      app.add_subcommand("trace", "Show what the gates do while a network reads, as an HTML page");
  auto options = std::make_shared<TraceOptions>();
  add_options(command, *options);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
