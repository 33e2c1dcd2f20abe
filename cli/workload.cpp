// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include "format.hpp"
#include "model_facts.hpp"
#include "random.hpp"
#include "run_arrays.hpp"
#include "text_file.hpp"
#include "vocabulary.hpp"

#include "core/model/element_count.hpp"
#include "core/model/formats/files.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace carousel::cli {
namespace {

/// The inputs that a run must be given.
std::vector<ModelInput> needed_inputs(const Model& model) {
  std::vector<ModelInput> inputs = model_inputs(model);
  if (inputs.size() < 2) return inputs;
  const Network network = prepare(model, {.backend = "scalar", .plan = Plan::fixed});
  std::vector<ModelInput> needed;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!network.optional_input(k)) needed.push_back(std::move(inputs[k]));
  }
  return needed;
}

/// Consecutive parts of the text, one per batch row.
std::string take_text(Workload& work, const WorkloadOptions& options, std::int64_t default_steps) {
  require_one_input(work.model);
  const auto ids = Vocabulary(work.model).encode(read_text(options.text_file), options.text_file);
  const auto length = static_cast<std::int64_t>(ids.size());
  work.batch = std::max<std::int64_t>(options.batch, 1);
  work.steps = options.steps > 0 ? options.steps : std::min(default_steps, length / work.batch);
  if (work.steps == 0 || work.steps > length / work.batch) {
    throw Error(ErrorCode::invalid_argument,
                options.text_file + ": has " + format_count(length) + " characters, too few for " +
                    std::to_string(work.batch) + " rows of " +
                    std::to_string(std::max<std::int64_t>(work.steps, 1)) + " steps");
  }
  WorkInput& input = work.inputs.emplace_back(WorkInput{model_inputs(work.model).front()});
  input.ids.resize(static_cast<std::size_t>(work.steps * work.batch));
  for (std::int64_t t = 0; t < work.steps; ++t) {
    for (std::int64_t b = 0; b < work.batch; ++b) {
      input.ids[static_cast<std::size_t>(t * work.batch + b)] =
          ids[static_cast<std::size_t>(b * work.steps + t)];
    }
  }
  return options.text_file + " (the first " + format_count(work.steps * work.batch) + " of its " +
         format_count(length) + " characters)";
}

/// Arrays shaped as for `run`.
std::string take_arrays(Workload& work, const WorkloadOptions& options,
                        std::vector<GivenArray> arrays) {
  RunInputs inputs(work.model, std::move(arrays), false);
  work.steps = inputs.size().steps;
  work.batch = inputs.size().batch;
  for (InputArray& array : inputs.arrays()) {
    const NamedInput view = array.view();
    work.inputs.push_back({array.input(), dense(view.x), dense(view.ids)});
  }
  std::vector<std::string> files;
  for (const NamedFile& file : options.input_files) files.push_back(file.file);
  return files.empty() ? options.input_file : join(files);
}

/// Elements of a made-up input. Throws Error where this machine has no memory for them.
std::size_t element_count_of(const ModelInput& about, std::int64_t steps, std::int64_t batch) {
  const std::optional<std::int64_t> count = element_count(std::array{steps, batch, about.size});
  const std::uintmax_t most = loading::physical_memory() / sizeof(float);
  if (count && std::cmp_less_equal(*count, most)) return static_cast<std::size_t>(*count);
  throw Error(ErrorCode::out_of_memory,
              "input " + about.name + ": " + std::to_string(steps) + " steps of " +
                  std::to_string(batch) + " rows of " + std::to_string(about.size) +
                  " features take more memory than this machine has, " + memory_text());
}

void fill_randomly(WorkInput& input, std::size_t count, std::int64_t id_count, Random& random) {
  if (input.about.ids) {
    input.ids.resize(count);
    for (auto& id : input.ids) id = static_cast<std::int32_t>(random.below(id_count));
  } else {
    input.x.resize(count);
    for (float& value : input.x) value = static_cast<float>(2 * random.uniform() - 1);
  }
}

std::string take_random(Workload& work, std::uint64_t seed) {
  constexpr std::int64_t kAnyIds = 16;  // where no table says how many there are
  Random random(seed + 1);              // not the numbers that the weights were made of
  for (const ModelInput& about : needed_inputs(work.model)) {
    WorkInput& input = work.inputs.emplace_back(WorkInput{about});
    const std::int64_t ids = id_count(work.model, about.name);
    const std::int64_t steps = about.one_step ? 1 : work.steps;
    fill_randomly(input, element_count_of(about, steps, work.batch), ids > 0 ? ids : kAnyIds,
                  random);
  }
  return "random, seed " + std::to_string(seed);
}

Workload from_shape(const WorkloadOptions& options) {
  const Shape shape = parse_shape(options.source.shape);
  Workload work;
  work.model = random_model(shape, options.seed);
  work.steps = options.steps > 0 ? options.steps : shape.steps;
  work.batch = options.batch > 0 ? options.batch : shape.batch;
  work.network = describe(work.model.layers.front().spec);
  if (shape.layers > 1) work.network += ", " + std::to_string(shape.layers) + " layers";
  work.data = take_random(work, options.seed);
  return work;
}

}  // namespace

std::string Workload::title() const {
  return network + ": " + std::to_string(steps) + " steps × " + std::to_string(batch) +
         (batch == 1 ? " row" : " rows");
}

NamedInput WorkInput::view(std::int64_t first, std::int64_t count, std::int64_t batch) const {
  const auto part = [&](const auto& values) {
    const std::int64_t steps = about.one_step ? 1 : first + count;
    return steps_first(values.data(), steps, batch, about.size)
        .slice(about.one_step ? 0 : first, about.one_step ? 1 : count);
  };
  if (about.ids) return {.name = about.name, .x = {}, .ids = part(ids)};
  return {.name = about.name, .x = part(x), .ids = {}};
}

std::vector<NamedInput> Workload::views(std::int64_t first, std::int64_t count) const {
  std::vector<NamedInput> list;
  for (const WorkInput& input : inputs) list.push_back(input.view(first, count, batch));
  return list;
}

Workload Workload::prefix(std::int64_t count) const {
  Workload part = *this;
  part.steps = std::min(count, steps);
  for (WorkInput& input : part.inputs) {
    if (input.about.one_step) continue;
    const auto rows = static_cast<std::size_t>(part.steps * batch);
    if (!input.ids.empty()) input.ids.resize(rows);
    if (!input.x.empty()) input.x.resize(rows * static_cast<std::size_t>(input.about.size));
  }
  return part;
}

Workload Workload::first_rows(std::int64_t count) const {
  Workload few = *this;
  few.batch = std::min(count, batch);
  for (WorkInput& input : few.inputs) {
    const auto keep = [&](auto& values) {
      const auto whole = static_cast<std::size_t>(batch * input.about.size);
      const auto part = static_cast<std::size_t>(few.batch * input.about.size);
      auto next = values.begin();
      for (std::size_t at = 0; at < values.size(); at += whole) {
        const auto step = values.begin() + static_cast<std::ptrdiff_t>(at);
        next = std::copy(step, step + static_cast<std::ptrdiff_t>(part), next);
      }
      values.erase(next, values.end());
    };
    keep(input.x);
    keep(input.ids);
  }
  return few;
}

void add_workload_options(Parser& command, WorkloadOptions& options) {
  add_model_options(command, options.source, true);
  const Option text = command.add_option("--text", options.text_file,
                                         "run on this text, through the model's vocabulary");
  command.add_option("--input", options.input_file, "run on this .npy array, shaped as for `run`")
      .excludes(text);
  add_named_files(command, "--in", options.input_files,
                  "likewise, in the file's own shape; may be given again");
  command.add_option("--steps", options.steps, "sequence length").positive();
  command.add_option("--batch", options.batch, "batch rows").positive();
  command.add_option("--seed", options.seed, "seed of random weights and input").show_default();
}

Workload make_workload(const WorkloadOptions& options, std::int64_t default_steps) {
  const bool arrays = !options.input_file.empty() || !options.input_files.empty();
  if (options.source.is_shape()) {
    if (arrays || !options.text_file.empty())
      throw Error(ErrorCode::invalid_argument,
                  "--shape makes its own input; --text, --input and --in need a MODEL");
    return from_shape(options);
  }
  if (arrays && !options.text_file.empty()) {
    throw Error(ErrorCode::invalid_argument, "--text is an input of its own; leave --in away");
  }
  if (arrays && (options.steps > 0 || options.batch > 0)) {
    throw Error(ErrorCode::invalid_argument,
                "--input says how many steps and rows there are; leave --steps and --batch away");
  }
  Workload work;
  const SequenceFiles files{"input", options.input_file, "--in", options.input_files};
  std::vector<GivenArray> given = read_arrays(files);
  work.model = options.source.load(shapes_of(given));
  work.steps = options.steps > 0 ? options.steps : default_steps;
  work.batch = options.batch > 0 ? options.batch : 1;
  work.network = options.source.file;
  if (!options.text_file.empty()) {
    work.data = take_text(work, options, default_steps);
  } else if (arrays) {
    work.data = take_arrays(work, options, std::move(given));
  } else {
    work.data = take_random(work, options.seed);
  }
  return work;
}

void require_one_input(const Model& model) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  if (inputs.size() < 2) return;
  throw Error(ErrorCode::unsupported, model.source + ": has " + std::to_string(inputs.size()) +
                                          " inputs (" + join(names_of(inputs)) +
                                          "); this command takes one");
}

}  // namespace carousel::cli
