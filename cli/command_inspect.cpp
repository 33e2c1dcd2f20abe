// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_facts.hpp"
#include "model_source.hpp"
#include "table.hpp"

#include "core/engine/layer_precisions.hpp"
#include "core/model/plain_cell.hpp"
#include "core/model/quote.hpp"

#include <carousel/backend.hpp>
#include <carousel/file_axes.hpp>
#include <carousel/network.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(A layer on the general path has a variant (peepholes, clips, unusual activations, ...) that xsimd computes
by calls where the usual cells have code in line; it is vectorized all the same, but slower.

Where matrices of the file are not float32, "stored" is their element type. With --precision, "precision" is
what they are packed in, as PrepareOptions::precision and its exceptions say.

Inputs and outputs have the names and orders of axes of the file, which `carousel run --in` and `--out`
take: steps, batch (rows), and sizes of features.

Examples:
  carousel inspect models/charlm.safetensors
  carousel inspect big.safetensors --prefix encoder.lstm. --ignore-extra
  carousel inspect vad.safetensors --backend onednn --json)";

struct InspectOptions {
  ModelSource source;
  std::string backend;
  PrecisionChoice precision{};
  bool json = false;
};

/// The network as `choice` would prepare it, or why it cannot.
struct Plan {
  std::optional<Network> network{};
  std::string refusal{};
  std::vector<Precision> precisions;  ///< of the layers
};

Plan make_plan(const Model& model, const std::string& backend, const PrecisionChoice& precision) {
  const PrepareOptions options{
      .backend = backend, .precision = precision.network, .layer_precisions = precision.layers};
  Plan plan{.precisions = layer_precisions(model, options)};
  try {
    plan.network = prepare(model, options);
  } catch (const Error& error) {
    plan.refusal = error.what();
  }
  return plan;
}

/// xsimd calls unusual functions and variants where it has a usual cell's in line.
bool takes_general_path(const LayerSpec& spec, const LayerPlan* packed) {
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  return packed != nullptr && packed->backend.starts_with("xsimd") && recurrent != nullptr &&
         !is_plain_cell(*recurrent);
}

/// "xsimd:avx512, inputs 64 (general path)"
std::string backend_text(const LayerPlan* packed, bool general) {
  if (packed == nullptr) return "none";
  return packed->backend + (packed->tiling.empty() ? "" : ", " + packed->tiling) +
         (general ? " (general path)" : "");
}

void add_row(Table& table, const std::string& layer_name, const ModelLayer& layer,
             Precision precision, const LayerPlan* packed) {
  const std::int64_t parameters = parameter_count(layer.spec);
  const std::int64_t bytes = parameters * 4;
  const bool general = takes_general_path(layer.spec, packed);
  const std::string stored = stored_types(layer);
  table.add({layer_name,
             {"", std::string(kind_name(layer.spec))},
             describe(layer.spec),
             {join(layer.inputs), layer.inputs},
             {format_count(parameters), parameters},
             {format_bytes(static_cast<double>(bytes)), bytes},
             {stored.empty() ? "-" : stored, stored},
             std::string(has_precision(layer.spec) ? name(precision) : "-"),
             {packed == nullptr ? "-" : format_bytes(static_cast<double>(packed->memory_bytes)),
              packed == nullptr ? Json(nullptr) : Json(packed->memory_bytes)},
             {"", packed == nullptr ? Json(nullptr) : Json(packed->backend)},
             {"", packed == nullptr ? Json(nullptr) : Json(packed->tiling)},
             {"", general},
             backend_text(packed, general)});
}

/// Whether a layer's weights have another element type than float32.
bool stores_others(const ModelLayer& layer) {
  const std::string stored = stored_types(layer);
  return !stored.empty() && stored != name(DType::float32);
}

Table layer_table(const Model& model, const Plan& plan) {
  const bool wired = std::ranges::any_of(
      model.layers, [](const ModelLayer& layer) { return !layer.inputs.empty(); });
  const bool others = std::ranges::any_of(model.layers, stores_others);
  const bool reduced = std::ranges::any_of(
      plan.precisions, [](Precision precision) { return precision != Precision::float32; });
  Table table({{"layer", "layer", Align::left},
               {"kind", "", Align::left},
               {"spec", "what", Align::left},
               {"reads", wired ? "reads" : "", Align::left},
               {"parameters", "parameters"},
               {"float32_bytes", "float32"},
               {"stored", others ? "stored" : "", Align::left},
               {"precision", reduced ? "precision" : "", Align::left},
               {"packed_bytes", "packed"},
               {"backend", "", Align::left},
               {"tiling", "", Align::left},
               {"general_path", "", Align::left},
               {"", "backend", Align::left}});
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    add_row(table, names[l], model.layers[l], plan.precisions[l],
            plan.network ? &plan.network->layers()[l] : nullptr);
  }
  return table;
}

/// Why a backend takes no layer at all; empty where it may.
std::string general_refusal(const BackendEntry& entry) {
  if (entry.backend == nullptr) return std::string(entry.missing_reason);
  const Support here = entry.backend->available(cpu());
  return here ? "" : here.reason;
}

/// Who could not take a layer: those that this CPU cannot run, and those that refuse the layer.
Table refusal_table(const Model& model, const std::vector<Precision>& precisions) {
  Table table({{"backend", "not by", Align::left},
               {"layer", "layer", Align::left},
               {"reason", "because", Align::left}});
  const std::vector<std::string> names = layer_names(model);
  for (const BackendEntry& entry : backends()) {
    const std::string backend(entry.name);
    if (const std::string reason = general_refusal(entry); !reason.empty()) {
      table.add({backend, std::string("all"), reason});
      continue;
    }
    for (std::size_t l = 0; l < names.size(); ++l) {
      const Support support = entry.backend->supports(model.layers[l].spec, precisions[l]);
      if (!support) table.add({backend, names[l], support.reason});
    }
  }
  return table;
}

std::size_t stream_bytes(const Plan& plan) {
  return plan.network ? plan.network->stream({.batch = 1, .max_steps = 1}).memory_bytes() : 0;
}

/// "batch", "steps", 3
Json axes_json(const std::vector<FileAxis>& axes) {
  Json list = Json::array();
  for (const FileAxis& axis : axes) {
    const bool counted = axis.of == FileAxis::Of::features;
    const std::string text = axes_text(std::vector{axis});
    list.push_back(counted ? Json(axis.size) : Json(text.substr(1, text.size() - 2)));
  }
  return list;
}

std::vector<FileAxis> axes_of(const ModelInput& input) {
  return file_axes(input.axes, input.size, input.ids);
}

/// Whether an input may be left out; nothing where no network was made, which would know.
std::optional<bool> is_optional(const Plan& plan, std::size_t input) {
  if (!plan.network) return std::nullopt;
  return plan.network->optional_input(input);
}

Json inputs_json(const Model& model, const Plan& plan) {
  Json list = Json::array();
  const std::vector<ModelInput> inputs = model_inputs(model);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const ModelInput& input = inputs[k];
    const std::optional<bool> optional = is_optional(plan, k);
    list.push_back({{"name", input.name},
                    {"size", input.size},
                    {"id_count", input.ids ? Json(id_count(model, input.name)) : Json(nullptr)},
                    {"axes", axes_json(axes_of(input))},
                    {"one_step", input.one_step},
                    {"optional", optional ? Json(*optional) : Json(nullptr)}});
  }
  return list;
}

Json outputs_json(const Model& model) {
  Json list = Json::array();
  for (const ModelOutput& output : model_outputs(model)) {
    const std::int64_t size = source_size(model, output.layer);
    list.push_back({{"name", output.name},
                    {"layer", output.layer},
                    {"size", size},
                    {"axes", axes_json(file_axes(output.axes, size))}});
  }
  return list;
}

Json to_json(const Model& model, const Plan& plan) {
  Json non_finite = Json::array();
  for (const NonFiniteTensor& tensor : find_non_finite(model)) {
    non_finite.push_back({{"tensor", tensor.name}, {"count", tensor.count}});
  }
  Json metadata = Json::object();
  for (const auto& [key, value] : model.metadata) metadata[key] = value;
  return {{"file", model.source},
          {"inputs", inputs_json(model, plan)},
          {"outputs", outputs_json(model)},
          {"parameters", model.parameter_count()},
          {"flops_per_row", model.flops_per_row()},
          {"layers", layer_table(model, plan).json()},
          {"packed_bytes", plan.network ? Json(plan.network->memory_bytes()) : Json(nullptr)},
          {"stream_bytes", plan.network ? Json(stream_bytes(plan)) : Json(nullptr)},
          {"refusals", refusal_table(model, plan.precisions).json()},
          {"non_finite", non_finite},
          {"metadata", metadata}};
}

std::string describe(const Model& model, const ModelInput& input) {
  if (!input.ids) return std::to_string(input.size) + " features";
  const std::int64_t count = id_count(model, input.name);
  return count == 0 ? "whole numbers" : "whole numbers below " + format_count(count);
}

/// Names and orders of axes are the file's own: those of `carousel run --in` and `--out`.
void print_sequences(const Model& model, const Plan& plan) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    std::cout << "input       " << escaped(inputs[k].name) << ": " << describe(model, inputs[k])
              << ", " << axes_text(axes_of(inputs[k]))
              << (inputs[k].one_step ? ", a single step" : "")
              << (is_optional(plan, k).value_or(false) ? ", may be left out" : "") << '\n';
  }
  for (const ModelOutput& output : model_outputs(model)) {
    const std::int64_t size = source_size(model, output.layer);
    std::cout << "output      " << escaped(output.name) << ": " << size << " features, "
              << axes_text(file_axes(output.axes, size)) << ", of " << escaped(output.layer)
              << '\n';
  }
  if (plan.network && plan.network->whole_sequence()) {
    std::cout << "steps       takes the whole sequence at once\n";
  }
}

void print_summary(const Model& model, const Plan& plan) {
  std::cout << "file        " << model.source << '\n';
  print_sequences(model, plan);
  std::cout << "parameters  " << format_count(model.parameter_count()) << " ("
            << format_bytes(4.0 * static_cast<double>(model.parameter_count())) << " as float32), "
            << format_fixed(model.flops_per_row() / 1e6, 3) << " MFLOP per step and row\n";
  for (const auto& [key, value] : model.metadata) {
    std::cout << "metadata    " << escaped(shorten(key, 40)) << " = " << escaped(shorten(value, 50))
              << '\n';
  }
}

void print_memory(const Plan& plan) {
  if (!plan.network) {
    std::cout << "\nNo backend runs all of it: " << plan.refusal << '\n';
    return;
  }
  std::cout << "\nIn memory: " << format_bytes(static_cast<double>(plan.network->memory_bytes()))
            << " packed, shared by all streams; "
            << format_bytes(static_cast<double>(stream_bytes(plan)))
            << " per stream (batch 1, one step at a time).\n";
}

void print_text(const Model& model, const Plan& plan) {
  print_summary(model, plan);
  std::cout << '\n';
  layer_table(model, plan).print(std::cout);
  print_memory(plan);
  const Table refusals = refusal_table(model, plan.precisions);
  if (!refusals.empty()) {
    std::cout << '\n';
    refusals.print(std::cout);
  }
}

int run(const InspectOptions& options) {
  const Model model = options.source.load();
  const std::string choice = backend_choice(options.backend);
  // An unknown name is a mistake; a layer that is refused is worth showing.
  static_cast<void>(select_backends(choice));
  const Plan plan = make_plan(model, choice, options.precision);
  if (options.json) {
    print_json(to_json(model, plan));
  } else {
    print_text(model, plan);
  }
  for (const NonFiniteTensor& tensor : find_non_finite(model)) {
    std::cerr << "carousel: warning: " << escaped(tensor.name) << " holds "
              << format_count(tensor.count) << " NaN or infinite values\n";
  }
  return kOk;
}

}  // namespace

Command inspect_command(Parser& app) {
  Parser command = app.add_subcommand("inspect", "What is in a model file, and what would run it");
  auto options = std::make_shared<InspectOptions>();
  add_model_options(command, options->source, false);
  command.add_option("--backend", options->backend, "plan for this backend (default auto)");
  add_precision_options(command, options->precision);
  add_json_option(command, options->json);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
