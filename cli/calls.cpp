// SPDX-License-Identifier: Apache-2.0
#include "calls.hpp"

#include "format.hpp"
#include "model_facts.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <utility>

namespace carousel::cli {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

using Shape = std::vector<std::int64_t>;

bool has_input(const std::vector<Carry>& carry, const std::string& name) {
  return std::ranges::find(carry, name, &Carry::input) != carry.end();
}

/// Without the first axis.
Shape rest(const Shape& shape) { return {shape.begin() + (shape.empty() ? 0 : 1), shape.end()}; }

/// Without the axes of size 1, which do not change where an element stands.
Shape squeezed(Shape shape) {
  std::erase(shape, 1);
  return shape;
}

std::vector<FileAxis> axes_of(const ModelInput& input) {
  return file_axes(input.axes, input.size, input.ids);
}

Elements zeros(const ModelInput& input, const RunSize& size) {
  const std::int64_t steps = input.one_step ? 1 : size.steps;
  return {.floats = std::vector<float>(static_cast<std::size_t>(steps * size.batch * input.size)),
          .ids = {}};
}

/// The place of that name. Throws Error listing those that there are.
template <class Things>
std::size_t index_of(const Things& things, const std::string& name, const std::string& what,
                     const std::string& noun) {
  const std::vector<std::string> names = names_of(things);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    refuse(what + ": the network has no " + noun + " '" + name + "'; there is " + join(names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

void check_carry(const std::vector<Carry>& carry, const std::vector<ModelInput>& inputs) {
  for (const Carry& each : carry) {
    const ModelInput& input = inputs[index_of(inputs, each.input, each.what, "input")];
    if (input.ids) refuse(each.what + ": input '" + input.name + "' takes ids");
    if (std::ranges::count(carry, each.input, &Carry::input) > 1) {
      refuse(each.what + ": input '" + each.input + "' is carried twice");
    }
  }
}

/// How many calls the arrays are for, on which all have to agree.
std::int64_t count_calls(const std::vector<GivenArray>& arrays, const std::vector<Carry>& carry) {
  const GivenArray* first = nullptr;
  for (const GivenArray& given : arrays) {
    const Shape& shape = given.array.shape;
    if (has_input(carry, given.file.name)) continue;
    if (shape.empty()) refuse(given.file.what + ": has no axis for the calls");
    if (first == nullptr) first = &given;
    if (shape.front() == first->array.shape.front()) continue;
    refuse(given.file.what + ": axis 0 (calls) is " + std::to_string(shape.front()) + ", but " +
           first->file.what + " has " + std::to_string(first->array.shape.front()) + " calls");
  }
  if (first == nullptr) refuse("--calls: an input that is not carried has to say how many");
  return first->array.shape.front();
}

}  // namespace

void add_carry_option(Parser& command, std::vector<Carry>& carry) {
  const auto take = [&carry](const std::string& text) {
    auto [output, input] = split_at_equals("--carry", text, "OUTPUT=INPUT, such as stateN=state");
    carry.push_back({std::move(output), std::move(input), "--carry " + text});
  };
  command
      .add_repeatable("--carry", take,
                      "give each call what the one before put out; may be given again")
      .type_name("OUTPUT=INPUT");
}

std::map<std::string, std::vector<std::int64_t>> call_shapes(const std::vector<GivenArray>& arrays,
                                                             const std::vector<Carry>& carry) {
  std::map<std::string, Shape> shapes = shapes_of(arrays);
  for (auto& [name, shape] : shapes) {
    if (!has_input(carry, name)) shape = rest(shape);
  }
  return shapes;
}

Calls::Calls(const Model& model, std::vector<GivenArray> arrays, const std::vector<Carry>& carry) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  const std::vector<Match> matches = match_arrays(inputs, arrays);
  check_carry(carry, inputs);
  count_ = count_calls(arrays, carry);
  std::vector<FileArray> shapes;
  for (const auto& [input, given] : matches) {
    const Shape& shape = given.array.shape;
    shapes.push_back({.name = given.file.what,
                      .axes = axes_of(input),
                      .shape = has_input(carry, input.name) ? shape : rest(shape),
                      .one_step = input.one_step});
  }
  size_ = run_size(shapes);
  inputs_ = convert_arrays(model, matches, shapes, size_);
  for (const Carry& each : carry) add_carried(inputs, each);
}

void Calls::add_carried(const std::vector<ModelInput>& inputs, const Carry& carry) {
  const auto named = [&](const auto& input) { return input.name == carry.input; };
  const auto given = std::ranges::find_if(inputs_, named, &InputArray::input);
  carried_.push_back({carry, static_cast<std::size_t>(given - inputs_.begin())});
  if (given != inputs_.end()) return;
  const ModelInput& input = *std::ranges::find_if(inputs, named);
  inputs_.emplace_back(input, axes_of(input), size_, zeros(input, size_));
}

bool Calls::is_carried(std::size_t input) const {
  return std::ranges::find(carried_, input, &Carried::input) != carried_.end();
}

std::vector<std::string> Calls::given() const {
  std::vector<std::string> names;
  for (const InputArray& array : inputs_) names.push_back(array.input().name);
  return names;
}

void Calls::make_outputs(std::span<const NetworkOutput> outputs,
                         std::span<const std::int64_t> steps, const std::vector<NamedFile>& files) {
  const auto is_carried = [&](const std::string& name) {
    return std::ranges::any_of(carried_, [&](const Carried& c) { return c.carry.output == name; });
  };
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const NetworkOutput& output = outputs[k];
    const bool asked = std::ranges::find(files, output.name, &NamedFile::name) != files.end();
    if (!asked && !is_carried(output.name)) continue;
    outputs_.emplace_back(output, file_axes(output.axes, output.size),
                          RunSize{steps[k], size_.batch}, count_);
  }
  for (Carried& carried : carried_) {
    (void)index_of(outputs, carried.carry.output, carried.carry.what, "output");
    const auto found = std::ranges::find(outputs_, carried.carry.output, &OutputArray::name);
    carried.output = static_cast<std::size_t>(found - outputs_.begin());
    check_fit(carried);
  }
}

void Calls::check_fit(const Carried& carried) const {
  const Shape& from = outputs_[carried.output].shape();
  const Shape& to = inputs_[carried.input].shape();
  if (squeezed(from) == squeezed(to)) return;
  refuse(carried.carry.what + ": output '" + carried.carry.output + "' is " + format_shape(from) +
         ", but input '" + carried.carry.input + "' is " + format_shape(to));
}

void Calls::run(const RunOnce& run_once, const std::function<void(double)>& progress) {
  std::vector<NamedInput> given(inputs_.size());
  std::vector<NamedOutput> results(outputs_.size());
  for (std::int64_t call = 0; call < count_; ++call) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      given[k] = inputs_[k].view(is_carried(k) ? 0 : call);
    }
    for (std::size_t k = 0; k < outputs_.size(); ++k) results[k] = outputs_[k].view(call);
    run_once(given, results);
    hand_over(call);
    if (progress) progress(static_cast<double>(call + 1) / static_cast<double>(count_));
  }
}

void Calls::add_outputs(OutputFiles& writer, const std::vector<NamedFile>& files) const {
  for (const OutputArray& output : outputs_) {
    const auto file = std::ranges::find(files, output.name(), &NamedFile::name);
    if (file == files.end()) continue;
    Shape shape{count_};
    shape.insert(shape.end(), output.shape().begin(), output.shape().end());
    writer.add_array(file->file, std::move(shape), std::span(output.values()));
  }
}

void Calls::hand_over(std::int64_t call) {
  for (OutputArray& output : outputs_) output.arrange(call);
  for (const Carried& carried : carried_) {
    std::ranges::copy(outputs_[carried.output].values(call),
                      inputs_[carried.input].floats().begin());
  }
}

}  // namespace carousel::cli
