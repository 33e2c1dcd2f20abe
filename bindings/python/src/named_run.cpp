// SPDX-License-Identifier: Apache-2.0
#include "named_run.hpp"

#include "errors.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carousel::python {
namespace {

const ModelInput& find_input(std::span<const ModelInput> inputs, const std::string& name) {
  const auto found = std::ranges::find(inputs, name, &ModelInput::name);
  if (found != inputs.end()) return *found;
  std::string known;
  for (const ModelInput& input : inputs) known += (known.empty() ? "" : ", ") + input.name;
  refuse("there is no input '" + name + "'; there are " + known);
}

/// Integers and truth values as float32, where a graph's file has them and a network computes with
/// floats. Throws Error where that is not exact.
py::array exact_floats(const py::array& array, const std::string& name) {
  const char kind = array.dtype().kind();
  if (kind != 'i' && kind != 'u' && kind != 'b') return array;
  py::array floats = array.attr("astype")(py::dtype::of<float>());
  const py::object same = floats.attr("astype")(array.dtype()).attr("__eq__")(array).attr("all")();
  if (!same.cast<bool>()) refuse(name + ": has integers that float32 cannot hold");
  return floats;
}

/// An array as an input takes it, row-major and dense.
py::array array_of(py::handle object, const ModelInput& input) {
  const std::string name = "input '" + input.name + "'";
  const py::array array = as_array(object);
  return input.ids ? dense_array(array, true, name)
                   : dense_array(exact_floats(array, name), false, name);
}

/// An array in place if its frames are in one piece, else a copy of it in `copies`.
template <class T>
SequenceView<const T> view_of(const FileLayout& layout, const void* array, const RunSize& size,
                              std::deque<std::vector<T>>& copies) {
  const auto* data = static_cast<const T*>(array);
  if (layout.has_whole_frames()) return file_view<const T>(layout, data, size);
  const auto features = static_cast<std::int64_t>(layout.features.size());
  std::vector<T>& frames =
      copies.emplace_back(static_cast<std::size_t>(size.steps * size.batch * features));
  const auto view = steps_first(frames.data(), size.steps, size.batch, features);
  read_frames(layout, data, view);
  return view;
}

/// One output: its array, and where the run writes it.
struct Result {
  Result(const NetworkOutput& output, const RunSize& of_steps) : name(output.name), size(of_steps) {
    const std::vector<FileAxis> axes = file_axes(output.axes, output.size);
    layout = file_layout(axes, size);
    const std::vector<std::int64_t> shape = file_shape(axes, size);
    array = new_floats(Shape(shape.begin(), shape.end()));
    if (!layout.has_whole_frames()) {
      frames.resize(static_cast<std::size_t>(size.steps * size.batch * output.size));
    }
  }

  [[nodiscard]] NamedOutput view() {
    if (frames.empty()) return {name, file_view(layout, array.mutable_data(), size)};
    return {name, frames_view()};
  }
  void arrange() {
    if (!frames.empty()) {
      write_frames<float>(layout, frames_view(), array.mutable_data());
    }
  }

  std::string name;
  RunSize size;
  FileLayout layout;
  py::array_t<float> array;
  std::vector<float> frames;  // of an array whose frames are not in one piece

 private:
  SequenceView<float> frames_view() {
    return steps_first(frames.data(), size.steps, size.batch,
                       static_cast<std::int64_t>(layout.features.size()));
  }
};

/// Throws Error naming an input that a run cannot do without.
void require_inputs(const Network& network, std::span<const NamedInput> given) {
  for (std::size_t k = 0; k < network.inputs().size(); ++k) {
    const std::string& name = network.inputs()[k].name;
    if (network.optional_input(k)) continue;
    if (std::ranges::find(given, name, &NamedInput::name) != given.end()) continue;
    refuse("input '" + name + "' is missing");
  }
}

}  // namespace

NamedArrays::NamedArrays(std::span<const ModelInput> inputs, const py::dict& given, Axes axes) {
  std::vector<FileArray> shapes;
  for (const auto& [key, value] : given) {
    const ModelInput& input = find_input(inputs, py::str(key).cast<std::string>());
    const bool of_file = axes == Axes::of_file;
    One& one =
        all_.emplace_back(One{.input = &input,
                              .axes = file_axes(of_file ? std::span<const FileAxis>(input.axes)
                                                        : std::span<const FileAxis>(),
                                                input.size, input.ids),
                              .array = array_of(value, input)});
    shapes.push_back({.name = "input '" + input.name + "'",
                      .axes = one.axes,
                      .shape = {one.array.shape(), one.array.shape() + one.array.ndim()},
                      .one_step = input.one_step});
  }
  size_ = run_size(shapes);
  for (const One& one : all_) add_view(one);
}

void NamedArrays::add_view(const One& one) {
  const RunSize size{.steps = one.input->one_step ? 1 : size_.steps, .batch = size_.batch};
  const FileLayout layout = file_layout(one.axes, size);
  NamedInput& view = views_.emplace_back(NamedInput{.name = one.input->name});
  if (one.input->ids) {
    view.ids = view_of(layout, one.array.data(), size, ids_);
  } else {
    view.x = view_of(layout, one.array.data(), size, floats_);
  }
}

py::dict run_named(const Network& network, Stream& stream, const NamedArrays& arrays,
                   std::span<const std::int64_t> lengths) {
  require_inputs(network, arrays.views());
  std::vector<Result> results;
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    const RunSize& size = arrays.size();
    results.emplace_back(network.outputs()[k],
                         RunSize{network.output_steps(size.steps, k), size.batch});
  }
  std::vector<NamedOutput> outputs;
  for (Result& result : results) outputs.push_back(result.view());
  const Status status = [&] {
    const py::gil_scoped_release release;
    return stream.run(arrays.views(), outputs, lengths);
  }();
  require(status);
  py::dict all;
  for (Result& result : results) {
    result.arrange();
    all[py::str(result.name)] = std::move(result.array);
  }
  return all;
}

}  // namespace carousel::python
