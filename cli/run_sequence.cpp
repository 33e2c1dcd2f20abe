// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "model_facts.hpp"
#include "output_files.hpp"
#include "own_order.hpp"
#include "plan_option.hpp"
#include "progress.hpp"
#include "run_options.hpp"
#include "timing.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <utility>

namespace carousel::cli {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

bool is_optional(const Network& network, const std::string& input) {
  const auto found = std::ranges::find(network.inputs(), input, &ModelInput::name);
  return network.optional_input(static_cast<std::size_t>(found - network.inputs().begin()));
}

/// Whether a run in pieces would give something else: the network needs the whole sequence, or what
/// an input says once (lengths, states) would count anew for each piece.
bool needs_whole(const Network& network, const Model& model,
                 const std::vector<InputArray>& arrays) {
  if (network.whole_sequence()) return true;
  return std::ranges::any_of(arrays, [&](const InputArray& array) {
    const ModelInput& input = array.input();
    return input.name == model.lengths || (input.one_step && !is_optional(network, input.name));
  });
}

/// Steps per call of Stream::run, and per piece that the stream works on.
struct Pieces {
  std::int64_t run = 1;
  std::int64_t stream = 1;
};

/// What --chunk says, else whatever the network takes at once.
Pieces choose_pieces(std::int64_t asked, std::int64_t steps, bool whole_run, bool whole_stream) {
  constexpr std::int64_t kUsual = 256;
  const std::int64_t whole = std::max<std::int64_t>(steps, 1);
  if (asked > 0 && asked < steps && whole_run) {
    refuse("--chunk " + std::to_string(asked) + ": this network needs the whole sequence (" +
           std::to_string(steps) + " steps) at once");
  }
  const std::int64_t piece = std::min(asked > 0 ? asked : kUsual, whole);
  return {whole_run ? whole : piece, whole_stream ? whole : piece};
}

/// A run of a network on all of its arrays.
class SequenceRun {
 public:
  SequenceRun(const Network& network, RunInputs& inputs, std::vector<OutputArray>& outputs,
              std::vector<std::int64_t> lengths)
      : network_(network), steps_(inputs.size().steps), lengths_(std::move(lengths)) {
    for (InputArray& array : inputs.arrays()) inputs_.push_back({array.view(), array.input()});
    for (OutputArray& array : outputs) {
      outputs_.push_back({array.view(), output_index(network, array.name())});
    }
  }

  void run(Stream& stream, std::int64_t chunk) {
    Progress progress("running");
    std::int64_t first = 0;
    do {
      const std::int64_t count = std::min(chunk, steps_ - first);
      const Status status =
          stream.run(inputs_at(first, count), outputs_at(first, count), lengths_at(first, count));
      if (!status) refuse(status.message());
      first += count;
      progress.update(static_cast<double>(first) / static_cast<double>(std::max(steps_, first)));
    } while (first < steps_);
  }

 private:
  struct Input {
    NamedInput whole;
    const ModelInput& about;
  };
  struct Output {
    NamedOutput whole;
    std::size_t index;
  };

  /// What has a single step sets where the first chunk begins; the others go on from there.
  std::vector<NamedInput> inputs_at(std::int64_t first, std::int64_t count) const {
    std::vector<NamedInput> views;
    for (const auto& [whole, about] : inputs_) {
      if (about.one_step && first > 0) continue;
      NamedInput& view = views.emplace_back(whole);
      if (about.one_step) continue;
      if (about.ids) {
        view.ids = whole.ids.slice(first, count);
      } else {
        view.x = whole.x.slice(first, count);
      }
    }
    return views;
  }

  /// What does not follow the steps is written anew by each chunk: the last one counts.
  std::vector<NamedOutput> outputs_at(std::int64_t first, std::int64_t count) const {
    std::vector<NamedOutput> views;
    for (const auto& [whole, index] : outputs_) {
      NamedOutput& view = views.emplace_back(whole);
      if (count == steps_ || !follows_steps(network_, index)) continue;
      const std::int64_t begin = network_.output_steps(first, index);
      const std::int64_t end = network_.output_steps(first + count, index);
      view.y = whole.y.slice(begin, end - begin);
    }
    return views;
  }

  std::vector<std::int64_t> lengths_at(std::int64_t first, std::int64_t count) const {
    std::vector<std::int64_t> remaining = lengths_;
    for (std::int64_t& length : remaining) {
      length = std::clamp<std::int64_t>(length - first, 0, count);
    }
    return remaining;
  }

  const Network& network_;
  std::int64_t steps_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  std::vector<std::int64_t> lengths_;
};

/// What is to be said of an array that is given without a name.
void warn_of_order(const RunOptions& options, const std::vector<InputArray>& inputs,
                   const std::vector<NamedFile>& outputs) {
  if (options.inputs.only.empty() || options.batch_first || options.steps_first) return;
  const auto found =
      std::ranges::find_if(inputs, [](const InputArray& array) { return !array.input().one_step; });
  const InputArray& array = found == inputs.end() ? inputs.front() : *found;
  const std::string warning = own_order_warning({.model = options.source.file,
                                                 .input = options.inputs.only,
                                                 .output = options.outputs.only,
                                                 .input_name = array.input().name,
                                                 .output_name = outputs.back().name},
                                                array.input(), array.shape());
  if (!warning.empty()) warn(warning);
}

void require_one_source_of_lengths(const RunOptions& options, const Model& model,
                                   const std::vector<std::string>& given) {
  if (options.lengths.empty() || std::ranges::find(given, model.lengths) == given.end()) return;
  refuse("--lengths " + options.lengths + ": the input '" + model.lengths + "' tells the lengths");
}

/// An initial state comes from the stream or from an input, not from both.
void require_one_source_of_states(const RunOptions& options, const Model& model,
                                  const std::vector<std::string>& given) {
  const StateOptions& states = options.states;
  if (states.h0.empty() && states.c0.empty() && states.initial.empty()) return;
  for (const ModelLayer& layer : model.layers) {
    for (const auto& [state, input] : layer.initial_states) {
      if (std::ranges::find(given, input) == given.end()) continue;
      refuse("the input '" + input + "' sets the initial state " + state + " of a layer; leave " +
             "--h0, --c0 and --state away, or that input");
    }
  }
}

}  // namespace

int run_sequence(const RunOptions& options) {
  std::vector<GivenArray> arrays = read_arrays(options.inputs);
  const Model model = options.source.load(shapes_of(arrays));
  RunInputs inputs(model, std::move(arrays), options.batch_first);
  const auto [size, order] = std::pair(inputs.size(), inputs.order());
  const std::vector<std::string> given = inputs.names();
  require_one_source_of_lengths(options, model, given);
  require_one_source_of_states(options, model, given);
  std::vector<std::int64_t> lengths = read_lengths(options.lengths, size, order.batched);

  const Network network = prepare_for(options, model, size);
  require_inputs(network, given);
  const std::vector<NamedFile> files =
      options.outputs.resolve(names_of(network.outputs()), plain_outputs(network));
  warn_of_order(options, inputs.arrays(), files);
  const bool whole = needs_whole(network, model, inputs.arrays());
  const Pieces pieces = choose_pieces(options.chunk, size.steps, whole, network.whole_sequence());
  Stream stream = network.stream({.batch = size.batch, .max_steps = pieces.stream});
  StateFiles states(network, stream, size.batch, order.batched);
  states.read(options.states);
  states.require(options.states);

  std::vector<OutputArray> outputs = make_outputs(network, files, size, order);
  const double start = now();
  SequenceRun(network, inputs, outputs, std::move(lengths)).run(stream, pieces.run);
  const double seconds = now() - start;
  for (OutputArray& output : outputs) output.arrange();
  OutputFiles writer;
  writer.keep(options.source.file);
  for (std::size_t k = 0; k < files.size(); ++k) {
    writer.add_array(files[k].file, outputs[k].shape(), std::span(outputs[k].values()));
  }
  const std::string written = writer.arrays_text();
  states.write(options.states, writer);
  writer.write();
  report_run(written, network, seconds);
  return kOk;
}

}  // namespace carousel::cli
