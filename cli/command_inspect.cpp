// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_source.hpp"
#include "table.hpp"

#include <carousel/backend.hpp>
#include <carousel/network.hpp>

#include <iostream>
#include <memory>
#include <optional>

#include "core/model/plain_cell.hpp"

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(A layer on the general path has a variant (peepholes, clips, unusual activations, ...) that xsimd computes
by calls where the usual cells have code in line; it is vectorized all the same, but slower.

Examples:
  carousel inspect models/charlm.safetensors
  carousel inspect big.safetensors --prefix encoder.lstm. --ignore-extra
  carousel inspect vad.safetensors --backend onednn --json)";

struct InspectOptions {
  ModelSource source;
  std::string backend;
  bool json = false;
};

std::vector<const ModelLayer*> all_layers(const Model& model) {
  std::vector<const ModelLayer*> layers;
  for (const ModelLayer& layer : model.layers) layers.push_back(&layer);
  if (model.head) layers.push_back(&*model.head);
  return layers;
}

std::string layer_name(const Model& model, std::size_t index) {
  return index < model.layers.size() ? "layer " + std::to_string(index) : "head";
}

/// The network as `choice` would prepare it, or why it cannot.
struct Plan {
  std::optional<Network> network;
  std::string refusal;
};

Plan make_plan(const Model& model, const std::string& backend) {
  try {
    return {prepare(model, {.backend = backend}), {}};
  } catch (const Error& error) {
    return {std::nullopt, error.what()};
  }
}

/// xsimd calls unusual functions and variants where it has a usual cell's in line.
bool takes_general_path(const LayerSpec& spec, const LayerPlan* packed) {
  return packed != nullptr && packed->backend.starts_with("xsimd") && spec.recurrent() &&
         !is_plain_cell(spec);
}

Table layer_table(const Model& model, const Plan& plan) {
  Table table({{"layer", "layer", Align::left},
               {"spec", "what", Align::left},
               {"parameters", "parameters"},
               {"float32_bytes", "float32"},
               {"packed_bytes", "packed"},
               {"backend", "", Align::left},
               {"tiling", "", Align::left},
               {"general_path", "", Align::left},
               {"", "backend", Align::left}});
  const auto layers = all_layers(model);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerSpec& spec = layers[l]->spec;
    const LayerPlan* packed = plan.network ? &plan.network->layers()[l] : nullptr;
    const std::int64_t bytes = spec.parameter_count() * 4;
    const bool general = takes_general_path(spec, packed);
    table.add({layer_name(model, l),
               describe(spec),
               {format_count(spec.parameter_count()), spec.parameter_count()},
               {format_bytes(static_cast<double>(bytes)), bytes},
               {packed == nullptr ? "-" : format_bytes(static_cast<double>(packed->memory_bytes)),
                packed == nullptr ? Json(nullptr) : Json(packed->memory_bytes)},
               {"", packed == nullptr ? Json(nullptr) : Json(packed->backend)},
               {"", packed == nullptr ? Json(nullptr) : Json(packed->tiling)},
               {"", general},
               (packed == nullptr ? "none" : packed->backend) +
                   (packed == nullptr || packed->tiling.empty() ? "" : ", " + packed->tiling) +
                   (general ? " (general path)" : "")});
  }
  return table;
}

/// Who could not take a layer: those that this CPU cannot run, and those that refuse the layer.
Table refusal_table(const Model& model) {
  Table table({{"backend", "not by", Align::left},
               {"layer", "layer", Align::left},
               {"reason", "because", Align::left}});
  const auto layers = all_layers(model);
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr) {
      table.add({std::string(entry.name), std::string("all"), std::string(entry.missing_reason)});
      continue;
    }
    if (const Support here = entry.backend->available(cpu()); !here) {
      table.add({std::string(entry.name), std::string("all"), here.reason});
      continue;
    }
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Support support = entry.backend->supports(layers[l]->spec);
      if (!support) table.add({std::string(entry.name), layer_name(model, l), support.reason});
    }
  }
  return table;
}

std::size_t stream_bytes(const Plan& plan) {
  return plan.network ? plan.network->stream({.batch = 1, .max_steps = 1}).memory_bytes() : 0;
}

Json embedding_json(const Model& model) {
  if (!model.embedding) return nullptr;
  return {{"name", model.names.embedding},
          {"num_embeddings", model.embedding->num_embeddings},
          {"embedding_dim", model.embedding->embedding_dim}};
}

Json to_json(const Model& model, const Plan& plan) {
  Json non_finite = Json::array();
  for (const NonFiniteTensor& tensor : find_non_finite(model)) {
    non_finite.push_back({{"tensor", tensor.name}, {"count", tensor.count}});
  }
  Json metadata = Json::object();
  for (const auto& [key, value] : model.metadata) metadata[key] = value;
  return {{"file", model.source},
          {"input_size", model.input_size()},
          {"output_size", model.output_size()},
          {"parameters", model.parameter_count()},
          {"flops_per_row", model.flops_per_row()},
          {"embedding", embedding_json(model)},
          {"head", model.head ? Json(model.names.head) : Json(nullptr)},
          {"activation", name(model.tail)},
          {"prefix", model.names.prefix},
          {"layers", layer_table(model, plan).json()},
          {"packed_bytes", plan.network ? Json(plan.network->memory_bytes()) : Json(nullptr)},
          {"stream_bytes", plan.network ? Json(stream_bytes(plan)) : Json(nullptr)},
          {"refusals", refusal_table(model).json()},
          {"non_finite", non_finite},
          {"metadata", metadata}};
}

void print_summary(const Model& model) {
  std::cout << "file        " << model.source << '\n'
            << "input       "
            << (model.embedding ? "ids below " + format_count(model.embedding->num_embeddings)
                                : std::to_string(model.input_size()) + " features")
            << '\n'
            << "output      " << model.output_size() << '\n'
            << "parameters  " << format_count(model.parameter_count()) << " ("
            << format_bytes(4.0 * static_cast<double>(model.parameter_count())) << " as float32), "
            << format_fixed(model.flops_per_row() / 1e6, 3) << " MFLOP per step and row\n"
            << "tensors     '" << model.names.prefix << "weight_ih_l0', ...\n";
  if (model.embedding) {
    std::cout << "embedding   '" << model.names.embedding << "', "
              << model.embedding->num_embeddings << " × " << model.embedding->embedding_dim << '\n';
  }
  if (model.head) std::cout << "head        '" << model.names.head << "'\n";
  if (model.tail != Tail::none) std::cout << "activation  " << name(model.tail) << '\n';
  for (const auto& [key, value] : model.metadata) {
    std::cout << "metadata    " << shorten(key, 40) << " = " << shorten(value, 50) << '\n';
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
  print_summary(model);
  std::cout << '\n';
  layer_table(model, plan).print(std::cout);
  print_memory(plan);
  const Table refusals = refusal_table(model);
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
  const Plan plan = make_plan(model, choice);
  if (options.json) {
    print_json(to_json(model, plan));
  } else {
    print_text(model, plan);
  }
  for (const NonFiniteTensor& tensor : find_non_finite(model)) {
    std::cerr << "carousel: warning: " << tensor.name << " holds " << format_count(tensor.count)
              << " NaN or infinite values\n";
  }
  return kOk;
}

}  // namespace

Command inspect_command(Parser& app) {
  Parser command = app.add_subcommand("inspect", "What is in a model file, and what would run it");
  auto options = std::make_shared<InspectOptions>();
  add_model_options(command, options->source, false);
  command.add_option("--backend", options->backend, "plan for this backend (default auto)");
  add_json_option(command, options->json);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
