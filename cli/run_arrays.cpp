// SPDX-License-Identifier: Apache-2.0
#include "run_arrays.hpp"

#include "array_checks.hpp"
#include "format.hpp"
#include "model_facts.hpp"

#include "core/engine/too_few_steps.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <utility>

namespace carousel::cli {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

[[noreturn]] void refuse_batch_first(const NamedFile& file, std::span<const FileAxis> axes) {
  refuse("--batch-first: " + file.what + " has the file's own order of axes, " + axes_text(axes));
}

std::string expected_array(const ModelInput& input, bool batch_first) {
  const std::string axes = batch_first ? "batch, steps" : "steps, batch";
  if (input.ids) return "integers [" + axes + "] or [steps]";
  const std::string features = std::to_string(input.size);
  return "floats [" + axes + ", " + features + "] or [steps, " + features + "]";
}

/// What to do with an array that only the file's own order fits.
std::string own_order_hint(const ModelInput& input, const NpyArray& array) {
  if (input.axes.empty() || !fits(input.axes, array.shape)) return "";
  return "; the file's own order is " + axes_text(input.axes) + ": give --in " + input.name +
         "=FILE";
}

/// The order of an array that has none of its own.
UsualOrder usual_order(const ModelInput& input, const GivenArray& given, bool batch_first) {
  const NpyArray& array = given.array;
  const std::size_t least = input.ids ? 1 : 2;
  const std::size_t rank = array.shape.size();
  const bool fit = (rank == least || rank == least + 1) &&
                   (input.ids ? array.is_integer() : array.shape.back() == input.size);
  if (!fit) {
    refuse_array(given.file.what, expected_array(input, batch_first), array,
                 given.file.named ? "" : own_order_hint(input, array));
  }
  const bool batched = rank == least + 1;
  return {.batched = batched, .batch_first = batch_first && batched};
}

/// Names of the inputs that a file without a name may stand for: those with steps.
std::vector<std::string> plain_inputs(const std::vector<ModelInput>& inputs) {
  std::vector<std::string> names;
  for (const ModelInput& input : inputs) {
    if (!input.one_step) names.push_back(input.name);
  }
  return names;
}

/// Finds the name of the array that is given without one, and refuses names that there are not.
void check_names(std::vector<GivenArray>& arrays, const std::vector<ModelInput>& inputs) {
  SequenceFiles files{.noun = "input", .only = {}, .named_flag = "--in", .named = {}};
  for (const GivenArray& given : arrays) {
    if (given.file.named) {
      files.named.push_back(given.file);
    } else {
      files.only = given.file.file;
    }
  }
  // The one without a name comes last, here as there.
  const std::vector<NamedFile> all = files.resolve(names_of(inputs), plain_inputs(inputs));
  if (!arrays.empty()) arrays.back().file.name = all.back().name;
}

}  // namespace

std::vector<NamedFile> SequenceFiles::resolve(const std::vector<std::string>& names,
                                              const std::vector<std::string>& plain) const {
  std::vector<NamedFile> files = named;
  const std::string flag = "--" + noun;
  const std::vector<std::string>& candidates = names.size() == 1 ? names : plain;
  if (!only.empty() && candidates.size() != 1) {
    refuse(flag + ": the network has several " + noun + "s (" + join(names) + "); give each with " +
           named_flag + " NAME=FILE");
  }
  if (!only.empty()) files.push_back({candidates.front(), only, flag + " " + only, false});
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

std::vector<FileAxis> UsualOrder::axes(std::int64_t size, bool ids) const {
  using Of = FileAxis::Of;
  std::vector<FileAxis> axes{{Of::steps}};
  if (batched) axes.insert(batch_first ? axes.begin() : axes.end(), {Of::batch});
  if (!ids) axes.push_back({Of::features, size});
  return axes;
}

std::vector<GivenArray> read_arrays(const SequenceFiles& files) {
  std::vector<GivenArray> arrays;
  // Read before the aggregate is begun: GCC 12 destroys its members twice if a later one throws.
  for (const NamedFile& file : files.named) {
    NpyArray array = read_npy(file.file);
    arrays.push_back({file, std::move(array)});
  }
  if (!files.only.empty()) {
    NpyArray array = read_npy(files.only);
    const std::string what = "--" + files.noun + " " + files.only;
    arrays.push_back({{"", files.only, what, false}, std::move(array)});
  }
  return arrays;
}

std::map<std::string, std::vector<std::int64_t>> shapes_of(const std::vector<GivenArray>& arrays) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const GivenArray& given : arrays) {
    if (given.file.named) shapes[given.file.name] = given.array.shape;
  }
  return shapes;
}

std::vector<Match> match_arrays(const std::vector<ModelInput>& inputs,
                                std::vector<GivenArray>& arrays) {
  check_names(arrays, inputs);
  std::vector<Match> matches;
  for (const ModelInput& input : inputs) {
    for (GivenArray& given : arrays) {
      if (given.file.name == input.name) matches.push_back({input, given});
    }
  }
  return matches;
}

std::vector<InputArray> convert_arrays(const Model& model, const std::vector<Match>& matches,
                                       const std::vector<FileArray>& shapes, const RunSize& size) {
  std::vector<InputArray> arrays;
  for (std::size_t k = 0; k < matches.size(); ++k) {
    const auto& [input, given] = matches[k];
    Elements elements =
        elements_of(input, std::move(given.array), id_count(model, input.name), given.file.what);
    arrays.emplace_back(input, shapes[k].axes, size, std::move(elements));
  }
  return arrays;
}

std::vector<FileAxis> RunInputs::take_order(const ModelInput& input, const GivenArray& given,
                                            bool batch_first) {
  if (!given.file.named || input.axes.empty()) {
    const UsualOrder order = usual_order(input, given, batch_first);
    order_.batched = order_.batched || order.batched;
    order_.batch_first = order_.batch_first || order.batch_first;
    return order.axes(input.size, input.ids);
  }
  if (batch_first) refuse_batch_first(given.file, input.axes);
  order_.batched = true;
  return input.axes;
}

RunInputs::RunInputs(const Model& model, std::vector<GivenArray> arrays, bool batch_first) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  const std::vector<Match> matches = match_arrays(inputs, arrays);
  std::vector<FileArray> shapes;
  for (const auto& [input, given] : matches) {
    shapes.push_back({.name = given.file.what,
                      .axes = take_order(input, given, batch_first),
                      .shape = given.array.shape,
                      .one_step = input.one_step});
  }
  size_ = run_size(shapes);
  arrays_ = convert_arrays(model, matches, shapes, size_);
}

std::vector<std::string> RunInputs::names() const {
  std::vector<std::string> names;
  for (const InputArray& array : arrays_) names.push_back(array.input().name);
  return names;
}

void require_inputs(const Network& network, const std::vector<std::string>& given) {
  for (std::size_t k = 0; k < network.inputs().size(); ++k) {
    const std::string& name = network.inputs()[k].name;
    if (network.optional_input(k) || std::ranges::find(given, name) != given.end()) continue;
    refuse("the network's input '" + name + "' is not given; add --in " + name + "=FILE");
  }
}

std::vector<OutputArray> make_outputs(const Network& network, const std::vector<NamedFile>& files,
                                      const RunSize& size, const UsualOrder& order) {
  std::vector<OutputArray> arrays;
  for (const NamedFile& file : files) {
    const std::size_t k = output_index(network, file.name);
    const NetworkOutput& output = network.outputs()[k];
    if (size.steps > 0 && network.output_steps(size.steps, k) == 0) {
      refuse("output '" + output.name + "' would have no step: " + too_few_steps(size.steps));
    }
    const bool own = file.named && !output.axes.empty();
    if (own && order.batch_first) refuse_batch_first(file, output.axes);
    arrays.emplace_back(output, own ? output.axes : order.axes(output.size, false),
                        RunSize{network.output_steps(size.steps, k), size.batch});
  }
  return arrays;
}

std::size_t output_index(const Network& network, const std::string& name) {
  const auto outputs = network.outputs();
  return static_cast<std::size_t>(std::ranges::find(outputs, name, &NetworkOutput::name) -
                                  outputs.begin());
}

bool follows_steps(const Network& network, std::size_t output) {
  return network.output_steps(2, output) > network.output_steps(1, output);
}

std::vector<std::string> plain_outputs(const Network& network) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    if (follows_steps(network, k)) names.push_back(network.outputs()[k].name);
  }
  return names;
}

std::vector<std::int64_t> read_lengths(const std::string& file, const RunSize& size, bool batched) {
  if (file.empty()) return {};
  const NpyArray array = read_npy(file);
  const std::string what = "--lengths " + file;
  const auto expected = std::vector<std::int64_t>{size.batch};
  const bool scalar = array.shape.empty() && !batched;
  if (!array.is_integer() || (array.shape != expected && !scalar)) {
    refuse_array(what, "integers " + format_shape(expected), array);
  }
  for (const std::int64_t length : array.integers(what)) {
    if (length >= 0 && length <= size.steps) continue;
    refuse(what + ": length " + std::to_string(length) + " is outside 0.." +
           std::to_string(size.steps) + ", the steps of the input");
  }
  return array.integers(what);
}

}  // namespace carousel::cli
