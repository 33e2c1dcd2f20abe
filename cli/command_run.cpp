// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_facts.hpp"
#include "model_source.hpp"
#include "plan_option.hpp"
#include "progress.hpp"
#include "run_arrays.hpp"
#include "run_state.hpp"
#include "timing.hpp"

#include <carousel/error.hpp>
#include <carousel/network.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Arrays are NumPy .npy files. The input is float32 [steps, batch, features] or [steps, features]; for
a network that takes ids, integers [steps, batch] or [steps]. The output is float32, [steps, batch,
outputs] or [steps, outputs], as many axes as the input has. With --batch-first the first two axes of
both change places. A network with several inputs or outputs has them by name, which `carousel inspect`
tells: --in and --out, each as often as needed; outputs that are not asked for are not written.

States are shaped as PyTorch's h_0 and c_0, [layers * directions, batch, size]; or each state of each
layer has a file of its own, [batch, size], such as lstm.l0.c: --state and --final-state, as often as
needed. Without the batch's axis where the input has none.

Examples:
  carousel run vad.safetensors --input x.npy --output y.npy
  carousel run tagger.safetensors --input ids.npy --lengths n.npy --output y.npy --batch-first
  carousel run lm.safetensors --input ids.npy --output y.npy --h0 h.npy --c0 c.npy --hn h.npy --cn c.npy
  carousel run lm.safetensors --input ids.npy --output y.npy --state lstm.l0.h=h.npy
  carousel run two.onnx --in audio=a.npy --in text=t.npy --out score=s.npy --out class=c.npy
  carousel run vad.safetensors --input x.npy --output y.npy --chunk 1 --backend xsimd:avx2)";

struct RunOptions {
  ModelSource source;
  SequenceFiles inputs{.noun = "input", .only = {}, .named_flag = "--in", .named = {}};
  SequenceFiles outputs{.noun = "output", .only = {}, .named_flag = "--out", .named = {}};
  StateOptions states;
  std::string lengths, backend;
  bool batch_first = false;
  std::int64_t chunk = 0;
  int threads = 1;
  Precision precision = Precision::float32;
  Plan plan = Plan::estimate;
};

/// Steps per call of Stream::run: what --chunk says, else whatever the network takes at once.
std::int64_t chunk_size(const RunOptions& options, const Network& network, std::int64_t steps) {
  constexpr std::int64_t kUsual = 256;
  const std::int64_t whole = std::max<std::int64_t>(steps, 1);
  if (options.chunk > 0 && options.chunk < steps && network.whole_sequence()) {
    throw Error(ErrorCode::invalid_argument,
                "--chunk " + std::to_string(options.chunk) +
                    ": a network with a reverse direction needs the whole sequence (" +
                    std::to_string(steps) + " steps) at once");
  }
  if (options.chunk > 0) return std::min(options.chunk, whole);
  return network.whole_sequence() ? whole : std::min(kUsual, whole);
}

void run_chunks(Stream& stream, const RunInputs& inputs, RunOutputs& outputs, std::int64_t chunk,
                const std::vector<std::int64_t>& lengths) {
  const std::int64_t steps = inputs.axes().steps;
  std::vector<std::int64_t> remaining(lengths.size());
  Progress progress("running");
  for (std::int64_t t = 0; t < steps; t += chunk) {
    const std::int64_t count = std::min(chunk, steps - t);
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      remaining[b] = std::clamp<std::int64_t>(lengths[b] - t, 0, count);
    }
    const Status status = stream.run(inputs.slice(t, count), outputs.slice(t, count), remaining);
    if (!status) throw Error(ErrorCode::invalid_argument, status.message());
    progress.update(static_cast<double>(t + count) / static_cast<double>(steps));
  }
}

Network prepare_for(const RunOptions& options, const Model& model, const RunAxes& axes) {
  return prepare(model, {.backend = options.backend,
                         .threads = options.threads,
                         .batch = axes.batch,
                         .steps = axes.steps,
                         .precision = options.precision,
                         .plan = options.plan,
                         .planning = planning_with_warnings()});
}

int run(const RunOptions& options) {
  const Model model = options.source.load();
  const RunInputs inputs(model, options.inputs, options.batch_first);
  const std::vector<NamedFile> files = options.outputs.resolve(names_of(model_outputs(model)));
  const RunAxes& axes = inputs.axes();
  const std::vector<std::int64_t> lengths = read_lengths(options.lengths, axes);
  const Network network = prepare_for(options, model, axes);
  const std::int64_t chunk = chunk_size(options, network, axes.steps);
  Stream stream = network.stream({.batch = axes.batch, .max_steps = chunk});
  StateFiles states(network, stream, axes.batch, axes.batched);
  states.read(options.states);
  states.require(options.states);

  RunOutputs outputs(network, axes);
  const double start = now();
  run_chunks(stream, inputs, outputs, chunk, lengths);
  const double seconds = now() - start;
  const std::string written = outputs.write(files);
  states.write(options.states);
  std::cerr << "carousel: " << written << " by " << backends_of(network) << " in "
            << format_time(seconds) << '\n';
  return kOk;
}

void add_sequence_options(Parser& command, RunOptions& options) {
  command.add_option("--input", options.inputs.only, "the sequence to run (.npy)");
  command.add_option("--output", options.outputs.only, "where the result goes (.npy)");
  add_named_files(command, "--in", options.inputs.named,
                  "one of several inputs; may be given again");
  add_named_files(command, "--out", options.outputs.named,
                  "one of several outputs; may be given again");
  const auto given = [](const SequenceFiles& files) {
    return !files.only.empty() || !files.named.empty();
  };
  command.require("--input or --in, and --output or --out",
                  [&options, given] { return given(options.inputs) && given(options.outputs); });
  command.add_option("--lengths", options.lengths,
                     "integers [batch]: real steps of each row; the rest is padding");
}

void add_state_options(Parser& command, StateOptions& states) {
  command.add_option("--h0", states.h0, "initial h, the model's own if not given");
  command.add_option("--c0", states.c0, "initial c, the model's own if not given");
  command.add_option("--hn", states.hn, "where the final h goes");
  command.add_option("--cn", states.cn, "where the final c goes");
  add_named_files(command, "--state", states.initial,
                  "an initial state, LAYER.STATE=FILE; may be given again");
  add_named_files(command, "--final-state", states.final,
                  "where a final state goes; may be given again");
}

void add_options(Parser& command, RunOptions& options) {
  add_model_options(command, options.source, false);
  add_sequence_options(command, options);
  add_state_options(command, options.states);
  command.add_flag("--batch-first", options.batch_first, "arrays are [batch, steps, ...]");
  command.add_option("--chunk", options.chunk, "stream the sequence in chunks of N steps")
      .type_name("N")
      .positive();
  add_backend_option(command, options.backend);
  add_precision_option(command, options.precision);
  add_threads_option(command, options.threads);
  add_plan_option(command, options.plan);
}

}  // namespace

Command run_command(Parser& app) {
  Parser command = app.add_subcommand("run", "Run a network on arrays and write the outputs");
  auto options = std::make_shared<RunOptions>();
  add_options(command, *options);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
