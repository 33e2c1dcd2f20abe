// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "format.hpp"
#include "model_facts.hpp"
#include "plan_option.hpp"
#include "progress.hpp"
#include "run_options.hpp"
#include "timing.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <iostream>
#include <utility>

namespace carousel::cli {
namespace {

std::vector<std::int64_t> output_steps(const Network& network, std::int64_t steps) {
  std::vector<std::int64_t> list;
  for (std::size_t k = 0; k < network.outputs().size(); ++k) {
    list.push_back(network.output_steps(steps, k));
  }
  return list;
}

/// Each call begins in the network's initial state.
RunOnce runner(Stream& stream) {
  return [&stream](std::span<const NamedInput> inputs, std::span<const NamedOutput> outputs) {
    stream.reset();
    const Status status = stream.run(inputs, outputs);
    if (!status) throw Error(ErrorCode::invalid_argument, status.message());
  };
}

}  // namespace

Network prepare_for(const RunOptions& options, const Model& model, const RunSize& size) {
  return prepare(model, {.backend = options.backend,
                         .threads = options.threads,
                         .batch = size.batch,
                         .steps = size.steps,
                         .precision = options.precision.network,
                         .layer_precisions = options.precision.layers,
                         .plan = options.plan,
                         .planning = planning_with_warnings()});
}

void report_run(const std::string& written, const Network& network, double seconds) {
  std::cerr << "carousel: " << written << " by " << backends_of(network) << " in "
            << format_time(seconds) << '\n';
}

int run_calls(const RunOptions& options) {
  std::vector<GivenArray> arrays = read_arrays(options.inputs);
  const Model model = options.source.load(call_shapes(arrays, options.carry));
  Calls calls(model, std::move(arrays), options.carry);
  const RunSize size = calls.size();
  const Network network = prepare_for(options, model, size);
  require_inputs(network, calls.given());
  const std::vector<NamedFile> files = options.outputs.resolve(names_of(network.outputs()), {});
  calls.make_outputs(network.outputs(), output_steps(network, size.steps), files);
  Stream stream =
      network.stream({.batch = size.batch, .max_steps = std::max<std::int64_t>(size.steps, 1)});

  Progress progress("running");
  const double start = now();
  calls.run(runner(stream), [&](double done) { progress.update(done); });
  const double seconds = now() - start;
  progress.clear();
  OutputFiles writer;
  writer.keep(options.source.file);
  calls.add_outputs(writer, files);
  writer.write();
  report_run(writer.arrays_text(), network, seconds);
  return kOk;
}

}  // namespace carousel::cli
