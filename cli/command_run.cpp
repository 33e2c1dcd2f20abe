// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "plan_option.hpp"
#include "run_state.hpp"
#include "workload.hpp"

#include <carousel/network.hpp>
#include <carousel/npy.hpp>

#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Arrays are NumPy .npy files. The input is float32 [steps, batch, features] or [steps, features]; for
a network with an embedding, integer ids [steps, batch] or [steps]. The output is float32, [steps,
batch, outputs] or [steps, outputs], as many axes as the input has. With --batch-first the first two
axes of both change places. States are shaped as PyTorch's h_0 and c_0: [layers * directions, batch,
size], without the batch axis where the input has none.

Examples:
  carousel run vad.safetensors --input x.npy --output y.npy
  carousel run tagger.safetensors --input ids.npy --lengths n.npy --output y.npy --batch-first
  carousel run lm.safetensors --input ids.npy --output y.npy --h0 h.npy --c0 c.npy --hn h.npy --cn c.npy
  carousel run vad.safetensors --input x.npy --output y.npy --chunk 1 --backend xsimd:avx2)";

struct RunOptions {
  ModelSource source;
  std::string input, output, lengths, h0, c0, hn, cn, backend;
  bool batch_first = false;
  std::int64_t chunk = 0;
  int threads = 1;
  Plan plan = Plan::estimate;
};

/// The input file: its values and the axes that it is read by.
struct Input {
  NpyArray array;
  std::vector<std::int32_t> ids;
  bool batched = false;
  std::int64_t steps = 0;
  std::int64_t batch = 1;
};

std::string expected_input(const Model& model, bool batch_first) {
  const std::string axes = batch_first ? "batch, steps" : "steps, batch";
  if (model.embedding) return "integers [" + axes + "] or [steps]";
  const std::string features = std::to_string(model.input_size());
  return "floats [" + axes + ", " + features + "] or [steps, " + features + "]";
}

Input read_input(const RunOptions& options, const Model& model) {
  Input input{.array = read_npy(options.input), .ids = {}};
  const auto& shape = input.array.shape;
  const std::string what = "--input " + options.input;
  const bool takes_ids = model.embedding.has_value();
  const std::size_t least_rank = takes_ids ? 1 : 2;
  const bool rank_ok = shape.size() == least_rank || shape.size() == least_rank + 1;
  if (input.array.is_integer() != takes_ids || !rank_ok ||
      (!takes_ids && shape.back() != model.input_size())) {
    refuse_array(what, expected_input(model, options.batch_first), input.array);
  }
  input.batched = shape.size() == least_rank + 1;
  input.steps = shape[input.batched && options.batch_first ? 1 : 0];
  if (input.batched) input.batch = shape[options.batch_first ? 0 : 1];
  if (takes_ids) input.ids = checked_ids(input.array, model.embedding->num_embeddings, what);
  return input;
}

std::vector<std::int64_t> read_lengths(const std::string& file, const Input& input) {
  if (file.empty()) return {};
  NpyArray array = read_npy(file);
  const std::string what = "--lengths " + file;
  const auto expected = std::vector<std::int64_t>{input.batch};
  const bool scalar = array.shape.empty() && !input.batched;
  if (!array.is_integer() || (array.shape != expected && !scalar)) {
    refuse_array(what, "integers " + format_shape(expected), array);
  }
  for (const std::int64_t length : array.integers(what)) {
    if (length < 0 || length > input.steps) {
      throw Error(what + ": length " + std::to_string(length) + " is outside 0.." +
                  std::to_string(input.steps) + ", the steps of the input");
    }
  }
  return array.integers(what);
}

template <class T>
SequenceView<T> view(T* data, const Input& input, std::int64_t features, bool batch_first) {
  return batch_first ? carousel::batch_first(data, input.batch, input.steps, features)
                     : steps_first(data, input.steps, input.batch, features);
}

/// Steps per call of Stream::run: what --chunk says, else whatever the network takes at once.
std::int64_t piece_size(const RunOptions& options, const Network& network, const Input& input) {
  constexpr std::int64_t kPiece = 256;
  const std::int64_t whole = std::max<std::int64_t>(input.steps, 1);
  if (options.chunk > 0 && options.chunk < input.steps && network.bidirectional()) {
    throw Error("--chunk " + std::to_string(options.chunk) +
                ": a network with a reverse direction needs the whole sequence (" +
                std::to_string(input.steps) + " steps) at once");
  }
  if (options.chunk > 0) return std::min(options.chunk, whole);
  return network.bidirectional() ? whole : std::min(kPiece, whole);
}

void run_pieces(Stream& stream, const Model& model, const Input& input, std::int64_t piece,
                const std::vector<std::int64_t>& lengths, std::vector<float>& y, bool batch_first) {
  const auto out = view(y.data(), input, model.output_size(), batch_first);
  std::vector<std::int64_t> remaining(lengths.size());
  PieceProgress progress(input.steps);
  for (std::int64_t t = 0; t < input.steps; t += piece) {
    const std::int64_t count = std::min(piece, input.steps - t);
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      remaining[b] = std::clamp<std::int64_t>(lengths[b] - t, 0, count);
    }
    const Status status =
        model.embedding
            ? stream.run_ids(view(input.ids.data(), input, 1, batch_first).slice(t, count),
                             out.slice(t, count), remaining)
            : stream.run(
                  view(input.array.floats("--input").data(), input, model.input_size(), batch_first)
                      .slice(t, count),
                  out.slice(t, count), remaining);
    if (!status) throw Error(status.message());
    progress.update(t + count);
  }
}

std::vector<std::int64_t> output_shape(const Input& input, std::int64_t outputs, bool batch_first) {
  if (!input.batched) return {input.steps, outputs};
  if (batch_first) return {input.batch, input.steps, outputs};
  return {input.steps, input.batch, outputs};
}

int run(const RunOptions& options) {
  const Model model = options.source.load();
  const Input input = read_input(options, model);
  const std::vector<std::int64_t> lengths = read_lengths(options.lengths, input);
  const Network network = prepare(model, {.backend = options.backend,
                                          .threads = options.threads,
                                          .batch = input.batch,
                                          .steps = input.steps,
                                          .plan = options.plan,
                                          .planning = planning_with_warnings()});
  const std::int64_t piece = piece_size(options, network, input);
  Stream stream = network.stream({.batch = input.batch, .max_steps = piece});
  StateFiles state(stream, input.batch, input.batched);
  state.read(options.h0, options.c0);
  state.require(options.hn, options.cn);

  std::vector<float> y(static_cast<std::size_t>(input.steps * input.batch * model.output_size()));
  const double start = now();
  run_pieces(stream, model, input, piece, lengths, y, options.batch_first);
  const double seconds = now() - start;
  const auto shape = output_shape(input, model.output_size(), options.batch_first);
  write_npy(options.output, shape, y);
  state.write(options.hn, options.cn);
  std::cerr << "carousel: " << options.output << " " << format_shape(shape) << " by "
            << network.layers().front().backend << " in " << format_time(seconds) << '\n';
  return kOk;
}

void add_options(Parser& command, RunOptions& options) {
  add_model_options(command, options.source, false);
  command.add_option("--input", options.input, "the sequence to run (.npy)").required();
  command.add_option("--output", options.output, "where the result goes (.npy)").required();
  command.add_option("--lengths", options.lengths,
                     "integers [batch]: real steps of each row; the rest is padding");
  command.add_option("--h0", options.h0, "initial h, zero if not given");
  command.add_option("--c0", options.c0, "initial c, zero if not given");
  command.add_option("--hn", options.hn, "where the final h goes");
  command.add_option("--cn", options.cn, "where the final c goes");
  command.add_flag("--batch-first", options.batch_first,
                   "input and output are [batch, steps, ...]");
  command.add_option("--chunk", options.chunk, "stream the sequence in pieces of N steps")
      .type_name("N")
      .positive();
  add_backend_option(command, options.backend);
  add_threads_option(command, options.threads);
  add_plan_option(command, options.plan);
}

}  // namespace

Command run_command(Parser& app) {
  Parser command = app.add_subcommand("run", "Run a network on an array and write the outputs");
  auto options = std::make_shared<RunOptions>();
  add_options(command, *options);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
