// SPDX-License-Identifier: Apache-2.0
#include "model.hpp"

#include "results.hpp"

#include <carousel/file_axes.hpp>

#include <algorithm>
#include <cstddef>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>
#include <string>
#include <utility>
#include <vector>

namespace carousel::python {
namespace {

using namespace py::literals;

std::vector<FileAxis::Of> kinds_of(std::span<const FileAxis> axes) {
  std::vector<FileAxis::Of> kinds;
  for (const FileAxis& axis : axes) kinds.push_back(axis.of);
  return kinds;
}

LoadOptions options_of(const py::kwargs& given) {
  LoadOptions options;
  for (const auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    if (value.is_none()) continue;
    if (name == "prefix") {
      options.prefix = value.cast<std::string>();
    } else if (name == "embedding") {
      options.embedding = value.cast<std::string>();
    } else if (name == "head") {
      options.head = value.cast<std::string>();
    } else if (name == "ignore_extra") {
      options.ignore_extra = value.cast<bool>();
    } else if (name == "from_node") {
      options.from = value.cast<std::string>();
    } else if (name == "to_node") {
      options.to = value.cast<std::string>();
    } else if (name == "input_shapes") {
      options.input_shapes = value.cast<decltype(options.input_shapes)>();
    } else if (name == "input_values") {
      options.input_values = value.cast<decltype(options.input_values)>();
    } else {
      throw py::type_error("load: there is no option '" + name +
                           "'; there are prefix, embedding, head, ignore_extra, from_node, "
                           "to_node, input_shapes and input_values");
    }
  }
  return options;
}

PythonModel load_file(const std::filesystem::path& file, const py::kwargs& given) {
  const LoadOptions options = options_of(given);
  const py::gil_scoped_release release;
  return PythonModel(load(file, options));
}

PythonModel load_memory(const py::bytes& data, const std::string& source, const py::kwargs& given) {
  const LoadOptions options = options_of(given);
  const std::string_view bytes = data;
  const py::gil_scoped_release release;
  return PythonModel(load(std::as_bytes(std::span(bytes)), source, options));
}

void save_file(const PythonModel& self, const std::filesystem::path& file, bool lengths,
               bool states) {
  const py::gil_scoped_release release;
  if (file.extension() == ".onnx") {
    save_onnx(*self.model, file, {.lengths = lengths, .states = states});
  } else if (lengths || states) {
    throw Error(ErrorCode::invalid_argument, "lengths and states are inputs of an ONNX graph; " +
                                                 file.string() + " is to be a safetensors file");
  } else {
    save(*self.model, file);
  }
}

py::list inputs_of(const PythonModel& self) {
  py::list ports;
  for (const ModelInput& input : model_inputs(*self.model)) {
    ports.append(port_of(input, id_count(*self.model, input.name), false));
  }
  return ports;
}

py::list layers_of(const PythonModel& self) {
  const std::vector<std::string> names = layer_names(*self.model);
  py::list layers;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const LayerSpec& spec = self.model->layers[k].spec;
    layers.append(made("ports", "Layer", "name"_a = names[k],
                       "kind"_a = std::string(kind_name(spec)), "description"_a = describe(spec),
                       "parameters"_a = parameter_count(spec)));
  }
  return layers;
}

py::list non_finite_of(const PythonModel& self) {
  py::list found;
  for (const NonFiniteTensor& tensor : find_non_finite(*self.model)) {
    found.append(py::make_tuple(tensor.name, tensor.count));
  }
  return found;
}

std::string repr_of(const PythonModel& self) {
  const std::string source = self.model->source.empty() ? "model" : self.model->source;
  std::string text = "<carousel.Model " + source + ":";
  for (const ModelLayer& layer : self.model->layers) text += " " + describe(layer.spec) + ";";
  text.back() = '>';
  return text;
}

}  // namespace

Order PythonModel::order() const {
  if (batch_first) return *batch_first ? Order::batch_first : Order::steps_first;
  using Of = FileAxis::Of;
  const std::vector<ModelInput> inputs = model_inputs(*model);
  const auto sequence = std::ranges::find(inputs, false, &ModelInput::one_step);
  const ModelInput& input = sequence == inputs.end() ? inputs.front() : *sequence;
  if (input.axes.empty()) return Order::steps_first;
  std::vector<Of> kinds = kinds_of(input.axes);
  if (input.ids) kinds.push_back(Of::features);
  if (kinds == std::vector{Of::steps, Of::batch, Of::features}) return Order::steps_first;
  if (kinds == std::vector{Of::batch, Of::steps, Of::features}) return Order::batch_first;
  return Order::other;
}

std::int64_t id_count(const Model& model, std::string_view input) {
  const std::string first = model_inputs(model).front().name;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const auto* spec = std::get_if<EmbeddingSpec>(&model.layers[k].spec);
    if (spec == nullptr) continue;
    const std::vector<std::string>& reads = model.layers[k].inputs;
    if ((reads.empty() && k == 0 && first == input) || (!reads.empty() && reads[0] == input)) {
      return spec->num_embeddings;
    }
  }
  return 0;
}

py::object port_of(const ModelInput& input, std::int64_t id_count, bool optional) {
  return made("ports", "Port", "name"_a = input.name, "size"_a = input.size, "ids"_a = input.ids,
              "id_count"_a = input.ids ? id_count : 0, "one_step"_a = input.one_step,
              "optional"_a = optional,
              "axes"_a = axes_text(file_axes(input.axes, input.size, input.ids)));
}

py::object port_of(std::string_view name, std::int64_t size, std::span<const FileAxis> axes) {
  const std::vector<FileAxis> all = file_axes(axes, size);
  return made("ports", "Port", "name"_a = std::string(name), "size"_a = frame_size(all),
              "axes"_a = axes_text(all));
}

void bind_model(py::module_& module) {
  py::class_<PythonModel>(
      module, "Model",
      "Layers with weights, as loaded; all but batch_first is fixed. `prepare` packs it for this "
      "CPU.")
      .def_property_readonly(
          "input_size", [](const PythonModel& self) { return self.model->input_size(); },
          "Features of a frame of the first input; 1 for ids.")
      .def_property_readonly(
          "output_size", [](const PythonModel& self) { return self.model->output_size(); },
          "Features of a frame of the first output.")
      .def_property_readonly(
          "takes_ids", [](const PythonModel& self) { return self.model->takes_ids(); },
          "Whether the first input is ids for an embedding.")
      .def_property_readonly("parameter_count",
                             [](const PythonModel& self) { return self.model->parameter_count(); })
      .def_property_readonly(
          "flops_per_row", [](const PythonModel& self) { return self.model->flops_per_row(); },
          "Floating point operations of one step of one row.")
      .def_property_readonly("source", [](const PythonModel& self) { return self.model->source; })
      .def_property_readonly(
          "metadata", [](const PythonModel& self) { return self.model->metadata; },
          "The file's own texts by key.")
      .def_property_readonly("inputs", inputs_of, "What a run is given, as `Port`s.")
      .def_property_readonly("output_names",
                             [](const PythonModel& self) {
                               py::list names;
                               for (const ModelOutput& output : model_outputs(*self.model)) {
                                 names.append(output.name);
                               }
                               return names;
                             })
      .def_property_readonly("layers", layers_of, "The layers in the order in which they run.")
      .def_property_readonly("non_finite", non_finite_of,
                             "(tensor, count) of those with NaN or infinite values.")
      .def_property(
          "batch_first",
          [](const PythonModel& self) -> std::optional<bool> {
            const Order order = self.order();
            if (order == Order::other) return std::nullopt;
            return order == Order::batch_first;
          },
          [](PythonModel& self, std::optional<bool> value) { self.batch_first = value; },
          "Whether calls take [batch, steps, features]; None: the file's order is "
          "neither, so that only `run` is possible.")
      .def("save", save_file, "file"_a, py::kw_only(), "lengths"_a = false, "states"_a = false,
           "Writes a safetensors file, or an ONNX file if its name ends in .onnx; `lengths` and "
           "`states` give an ONNX graph inputs for these.")
      .def("__repr__", repr_of);

  module.def(
      "load", load_file, "file"_a,
      "Reads a model: safetensors, .pt, .onnx, .json, .nam (docs/formats.md). Where a file "
      "leaves a doubt it is an error, and one of these options says what to take: prefix, "
      "embedding, head (names of modules; \"\": there is none), ignore_extra, and of ONNX "
      "files from_node, to_node, input_shapes {name: [sizes]}, input_values {name: number}.");
  module.def("load_bytes", load_memory, "data"_a, "source"_a,
             "The same from memory; `source` stands for the file's name.");
}

}  // namespace carousel::python
