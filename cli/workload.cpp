// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include "format.hpp"
#include "model_facts.hpp"
#include "random.hpp"
#include "text_file.hpp"
#include "vocabulary.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <limits>

namespace carousel::cli {
namespace {

/// Consecutive parts of the text, one per batch row.
std::string take_text(Workload& work, const WorkloadOptions& options, std::int64_t default_steps) {
  const auto ids = Vocabulary(work.model).encode(read_text(options.text_file), options.text_file);
  const auto length = static_cast<std::int64_t>(ids.size());
  work.batch = std::max<std::int64_t>(options.batch, 1);
  work.steps = options.steps > 0 ? options.steps : std::min(default_steps, length / work.batch);
  if (work.steps == 0 || work.steps * work.batch > length) {
    throw Error(ErrorCode::invalid_argument,
                options.text_file + ": has " + format_count(length) + " characters, too few for " +
                    std::to_string(work.batch) + " rows of " +
                    std::to_string(std::max<std::int64_t>(work.steps, 1)) + " steps");
  }
  work.ids.resize(static_cast<std::size_t>(work.steps * work.batch));
  for (std::int64_t t = 0; t < work.steps; ++t) {
    for (std::int64_t b = 0; b < work.batch; ++b) {
      work.ids[static_cast<std::size_t>(t * work.batch + b)] =
          ids[static_cast<std::size_t>(b * work.steps + t)];
    }
  }
  return options.text_file + " (the first " + format_count(work.steps * work.batch) + " of its " +
         format_count(length) + " characters)";
}

std::string take_array(Workload& work, const WorkloadOptions& options) {
  const NpyArray array = read_npy(options.input_file);
  const std::string what = "--input " + options.input_file;
  const bool takes_ids = work.model.takes_ids();
  const std::size_t features = takes_ids ? 0 : 1;
  const std::size_t rank = array.shape.size();
  const bool shape_ok = (rank == features + 1 || rank == features + 2) &&
                        (takes_ids || array.shape.back() == work.model.input_size());
  if (!shape_ok || array.is_integer() != takes_ids) {
    const std::string size = takes_ids ? "" : ", " + std::to_string(work.model.input_size());
    refuse_array(what,
                 (takes_ids ? "integers " : "floats ") +
                     ("[steps, batch" + size + "] or [steps" + size + "]"),
                 array);
  }
  work.steps = array.shape[0];
  work.batch = rank == features + 2 ? array.shape[1] : 1;
  if (takes_ids) {
    work.ids = checked_ids(array, id_count(work.model), what);
  } else {
    work.x = array.floats(what);
  }
  return options.input_file;
}

std::string take_random(Workload& work, std::uint64_t seed) {
  Random random(seed + 1);  // not the numbers that the weights were made of
  const auto rows = static_cast<std::size_t>(work.steps * work.batch);
  if (work.model.takes_ids()) {
    work.ids.resize(rows);
    const std::int64_t count = id_count(work.model);
    for (auto& id : work.ids) id = static_cast<std::int32_t>(random.below(count));
  } else {
    work.x.resize(rows * static_cast<std::size_t>(work.model.input_size()));
    for (float& value : work.x) value = static_cast<float>(2 * random.uniform() - 1);
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

/// The one input of a run: one of them is not there.
struct Views {
  SequenceView<const float> x;
  SequenceView<const std::int32_t> ids;
};

Status run_all_outputs(const Network& network, Stream& stream, const Views& views,
                       std::vector<float>& y) {
  const std::int64_t steps = network.takes_ids() ? views.ids.steps : views.x.steps;
  const std::int64_t batch = network.takes_ids() ? views.ids.batch : views.x.batch;
  const NamedInput input{network.inputs().front().name, views.x, views.ids};
  std::vector<NamedOutput> outputs;
  float* next = y.data();
  for (const NetworkOutput& output : network.outputs()) {
    outputs.push_back({output.name, steps_first(next, steps, batch, output.size)});
    next += steps * batch * output.size;
  }
  return stream.run({&input, 1}, outputs);
}

}  // namespace

std::string Workload::title() const {
  return network + ": " + std::to_string(steps) + " steps × " + std::to_string(batch) +
         (batch == 1 ? " row" : " rows");
}

Workload Workload::prefix(std::int64_t count) const {
  Workload part = *this;
  part.steps = std::min(count, steps);
  const auto rows = static_cast<std::size_t>(part.steps * batch);
  if (model.takes_ids()) {
    part.ids.resize(rows);
  } else {
    part.x.resize(rows * static_cast<std::size_t>(model.input_size()));
  }
  return part;
}

void add_workload_options(Parser& command, WorkloadOptions& options) {
  add_model_options(command, options.source, true);
  const Option text = command.add_option("--text", options.text_file,
                                         "run on this text, through the model's vocabulary");
  command.add_option("--input", options.input_file, "run on this .npy array, shaped as for `run`")
      .excludes(text);
  command.add_option("--steps", options.steps, "sequence length").positive();
  command.add_option("--batch", options.batch, "batch rows").positive();
  command.add_option("--seed", options.seed, "seed of random weights and input").show_default();
}

Workload make_workload(const WorkloadOptions& options, std::int64_t default_steps) {
  const bool own_data = !options.text_file.empty() || !options.input_file.empty();
  if (options.source.is_shape()) {
    if (own_data)
      throw Error(ErrorCode::invalid_argument,
                  "--shape makes its own input; --text and --input need a MODEL");
    return from_shape(options);
  }
  if (!options.input_file.empty() && (options.steps > 0 || options.batch > 0)) {
    throw Error(ErrorCode::invalid_argument,
                "--input says how many steps and rows there are; leave --steps and --batch away");
  }
  Workload work;
  work.model = options.source.load();
  require_one_input(work.model);
  work.steps = options.steps > 0 ? options.steps : default_steps;
  work.batch = options.batch > 0 ? options.batch : 1;
  work.network = options.source.file;
  if (!options.text_file.empty()) {
    work.data = take_text(work, options, default_steps);
  } else if (!options.input_file.empty()) {
    work.data = take_array(work, options);
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
                                          "); only `carousel run --in` takes several");
}

std::size_t output_count(const Network& network, std::int64_t steps, std::int64_t batch) {
  std::int64_t features = 0;
  for (const NetworkOutput& output : network.outputs()) features += output.size;
  return static_cast<std::size_t>(steps * batch * features);
}

Status run_steps(const Network& network, Stream& stream, const Workload& work, std::int64_t first,
                 std::int64_t count, std::vector<float>& y) {
  const bool one_output = network.outputs().size() == 1;
  const auto out = steps_first(y.data(), count, work.batch, network.output_size());
  if (network.takes_ids()) {
    const auto ids =
        steps_first(work.ids.data(), work.steps, work.batch, std::int64_t{1}).slice(first, count);
    return one_output ? stream.run_ids(ids, out) : run_all_outputs(network, stream, {{}, ids}, y);
  }
  const auto x =
      steps_first(work.x.data(), work.steps, work.batch, network.input_size()).slice(first, count);
  return one_output ? stream.run(x, out) : run_all_outputs(network, stream, {x, {}}, y);
}

Status run_workload(const Network& network, Stream& stream, const Workload& work,
                    std::vector<float>& y) {
  return run_steps(network, stream, work, 0, work.steps, y);
}

std::vector<std::int32_t> checked_ids(const NpyArray& array, std::int64_t count,
                                      const std::string& what) {
  const std::vector<std::int64_t>& values = array.integers(what);
  using Limits = std::numeric_limits<std::int32_t>;
  const std::int64_t least = count > 0 ? 0 : Limits::min();
  const std::int64_t most = count > 0 ? count - 1 : Limits::max();
  std::vector<std::int32_t> ids(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < least || values[i] > most) {
      throw Error(ErrorCode::invalid_argument,
                  what + ": id " + std::to_string(values[i]) + " (element " + std::to_string(i) +
                      ") is outside " + std::to_string(least) + ".." + std::to_string(most));
    }
    ids[i] = static_cast<std::int32_t>(values[i]);
  }
  return ids;
}

void refuse_array(const std::string& what, const std::string& expected, const NpyArray& found,
                  const std::string& hint) {
  throw Error(ErrorCode::invalid_argument, what + ": expected " + expected + ", found " +
                                               (found.is_integer() ? "integers " : "floats ") +
                                               format_shape(found.shape) + hint);
}

}  // namespace carousel::cli
