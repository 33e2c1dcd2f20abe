// SPDX-License-Identifier: Apache-2.0
#include "run_arrays.hpp"

#include "format.hpp"
#include "model_facts.hpp"
#include "workload.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <utility>

namespace carousel::cli {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

const NamedFile* find(const std::vector<NamedFile>& files, const std::string& name) {
  const auto found = std::ranges::find(files, name, &NamedFile::name);
  return found == files.end() ? nullptr : &*found;
}

const NamedFile& require(const std::vector<NamedFile>& files, const std::string& name) {
  if (const NamedFile* file = find(files, name)) return *file;
  refuse("the network's input '" + name + "' is not given; add --in " + name + "=FILE");
}

std::string expected_array(const ModelInput& input, bool batch_first) {
  const std::string axes = batch_first ? "batch, steps" : "steps, batch";
  if (input.ids) return "integers [" + axes + "] or [steps]";
  const std::string features = std::to_string(input.size);
  return "floats [" + axes + ", " + features + "] or [steps, " + features + "]";
}

/// Axes of an array without a batch.
std::size_t least_rank(const ModelInput& input) { return input.ids ? 1 : 2; }

bool fits(const ModelInput& input, const NpyArray& array) {
  const std::size_t rank = array.shape.size();
  const std::size_t least = least_rank(input);
  return array.is_integer() == input.ids && (rank == least || rank == least + 1) &&
         (input.ids || array.shape.back() == input.size);
}

RunAxes axes_of(const ModelInput& input, const NpyArray& array, bool batch_first) {
  const auto& shape = array.shape;
  RunAxes axes;
  axes.batched = shape.size() == least_rank(input) + 1;
  axes.batch_first = batch_first && axes.batched;
  axes.steps = shape[axes.batch_first ? 1 : 0];
  if (axes.batched) axes.batch = shape[axes.batch_first ? 0 : 1];
  return axes;
}

}  // namespace

std::vector<std::int64_t> RunAxes::shape(std::int64_t features) const {
  if (!batched) return {steps, features};
  if (batch_first) return {batch, steps, features};
  return {steps, batch, features};
}

std::vector<NamedFile> SequenceFiles::resolve(const std::vector<std::string>& names) const {
  std::vector<NamedFile> files = named;
  const std::string flag = "--" + noun;
  if (!only.empty() && names.size() != 1) {
    refuse(flag + ": the network has several " + noun + "s (" + join(names) + "); give each with " +
           named_flag + " NAME=FILE");
  }
  if (!only.empty()) files.push_back({names.front(), only, flag + " " + only});
  for (const NamedFile& file : files) {
    if (std::ranges::find(names, file.name) == names.end()) {
      refuse(file.what + ": the network has no " + noun + " '" + file.name + "'; there is " +
             join(names));
    }
    if (std::ranges::count(files, file.name, &NamedFile::name) > 1) {
      refuse(file.what + ": '" + file.name + "' is given twice");
    }
  }
  return files;
}

RunInputs::RunInputs(const Model& model, const SequenceFiles& files, bool batch_first) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  const std::vector<NamedFile> given = files.resolve(names_of(inputs));
  for (const ModelInput& input : inputs) {
    const NamedFile& file = require(given, input.name);
    Input& read = inputs_.emplace_back(Input{input, read_npy(file.file), {}});
    if (!fits(input, read.array)) {
      refuse_array(file.what, expected_array(input, batch_first), read.array);
    }
    take_axes(read, file.what, batch_first);
    if (input.ids) read.ids = checked_ids(read.array, id_count(model, input.name), file.what);
  }
}

void RunInputs::take_axes(const Input& input, const std::string& what, bool batch_first) {
  const RunAxes axes = axes_of(input.input, input.array, batch_first);
  if (first_.empty()) {
    axes_ = axes;
    first_ = what;
  }
  if (axes == axes_) return;
  refuse(what + ": is " + format_shape(input.array.shape) + ", but " + first_ + " is " +
         format_shape(inputs_.front().array.shape) + "; all need the same steps and rows");
}

std::vector<NamedInput> RunInputs::slice(std::int64_t first, std::int64_t count) const {
  std::vector<NamedInput> views;
  for (const auto& [input, array, ids] : inputs_) {
    NamedInput& view = views.emplace_back(NamedInput{.name = input.name});
    if (input.ids) {
      view.ids = axes_.view(ids.data(), 1).slice(first, count);
    } else {
      view.x = axes_.view(array.floats(input.name).data(), input.size).slice(first, count);
    }
  }
  return views;
}

RunOutputs::RunOutputs(const Network& network, const RunAxes& axes) : axes_(axes) {
  for (const NetworkOutput& output : network.outputs()) {
    const std::int64_t count = axes.steps * axes.batch * output.size;
    outputs_.push_back({output, std::vector<float>(static_cast<std::size_t>(count))});
  }
}

std::vector<NamedOutput> RunOutputs::slice(std::int64_t first, std::int64_t count) {
  std::vector<NamedOutput> views;
  for (auto& [output, values] : outputs_) {
    views.push_back({output.name, axes_.view(values.data(), output.size).slice(first, count)});
  }
  return views;
}

std::string RunOutputs::write(const std::vector<NamedFile>& files) const {
  std::string written;
  for (const auto& [output, values] : outputs_) {
    const NamedFile* file = find(files, output.name);
    if (file == nullptr) continue;
    const std::vector<std::int64_t> shape = axes_.shape(output.size);
    write_npy(file->file, shape, values);
    written += (written.empty() ? "" : ", ") + file->file + " " + format_shape(shape);
  }
  return written;
}

std::vector<std::int64_t> read_lengths(const std::string& file, const RunAxes& axes) {
  if (file.empty()) return {};
  const NpyArray array = read_npy(file);
  const std::string what = "--lengths " + file;
  const auto expected = std::vector<std::int64_t>{axes.batch};
  const bool scalar = array.shape.empty() && !axes.batched;
  if (!array.is_integer() || (array.shape != expected && !scalar)) {
    refuse_array(what, "integers " + format_shape(expected), array);
  }
  for (const std::int64_t length : array.integers(what)) {
    if (length >= 0 && length <= axes.steps) continue;
    refuse(what + ": length " + std::to_string(length) + " is outside 0.." +
           std::to_string(axes.steps) + ", the steps of the input");
  }
  return array.integers(what);
}

}  // namespace carousel::cli
