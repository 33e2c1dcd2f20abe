// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "plan_option.hpp"
#include "run_options.hpp"

#include <carousel/error.hpp>

#include <memory>
#include <string>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Arrays are NumPy .npy files: floats, or integers and bools where these are floats exactly. Ids are
integers. With --in and --out, each as often as needed, they are as the model's file has them: by its
names, in its shapes and orders of axes, all of which `carousel inspect` tells. Inputs that only set
initial states, or are the lengths, may be left out; outputs that are not asked for are not written.

With --input and --output, for one input and one output, arrays are float32 [steps, batch, features] or
[steps, features] (ids: [steps, batch] or [steps]), whatever order the file has; so they are by name where
the file has none. With --batch-first the first two axes change places.

With --calls the model is called once for each entry of the first axis of every --in, [calls, ...], and
outputs get such an axis. Each call starts anew, but for what --carry hands over: an input that is set to
what an output was in the call before. The first call gets zeros there, or what --in gives for it, which
then has no axis of calls. --set fixes an input that a branch of the graph depends on.

States are shaped as PyTorch's h_0 and c_0, [layers * directions, batch, size]; or each state of each
layer has a file of its own, [batch, size], such as lstm.l0.c: --state and --final-state, as often as
needed. Without the batch's axis where the input has none.

Examples:
  carousel run vad.safetensors --input x.npy --output y.npy
  carousel run pose.onnx --in input=x.npy --out output=y.npy
  carousel run two.onnx --in audio=a.npy --in text=t.npy --out score=s.npy --out class=c.npy
  carousel run silero.onnx --set sr=16000 --calls --carry stateN=state --in input=x.npy --out output=y.npy
  carousel run tagger.safetensors --input ids.npy --lengths n.npy --output y.npy --batch-first
  carousel run lm.safetensors --input ids.npy --output y.npy --h0 h.npy --c0 c.npy --hn h.npy --cn c.npy
  carousel run lm.safetensors --input ids.npy --output y.npy --state lstm.l0.h=h.npy
  carousel run vad.safetensors --input x.npy --output y.npy --chunk 1 --backend xsimd:avx2)";

/// Each call of --calls is a run of its own, and all of its arrays have names.
void check_calls(const RunOptions& options) {
  const auto refuse_if = [](bool given, const std::string& text) {
    if (given) throw Error(ErrorCode::invalid_argument, text);
  };
  refuse_if(!options.calls && !options.carry.empty(), "--carry is for --calls");
  if (!options.calls) return;
  const StateOptions& states = options.states;
  const bool whole = !options.inputs.only.empty() || !options.outputs.only.empty();
  refuse_if(whole, "--calls takes arrays by name, --in and --out, not --input and --output");
  refuse_if(options.batch_first || options.steps_first,
            "--calls takes arrays in the file's own order, not --batch-first or --steps-first");
  refuse_if(options.chunk > 0 || !options.lengths.empty(),
            "--calls cuts no sequence and has no lengths: leave --chunk and --lengths away");
  refuse_if(!states.h0.empty() || !states.c0.empty() || !states.hn.empty() || !states.cn.empty() ||
                !states.initial.empty() || !states.final.empty(),
            "--calls hands over what --carry names; leave --h0, --c0, --hn, --cn, --state and "
            "--final-state away");
}

int run(const RunOptions& options) {
  check_calls(options);
  return options.calls ? run_calls(options) : run_sequence(options);
}

void add_sequence_options(Parser& command, RunOptions& options) {
  command.add_option("--input", options.inputs.only, "the sequence to run (.npy)");
  command.add_option("--output", options.outputs.only, "where the result goes (.npy)");
  add_named_files(command, "--in", options.inputs.named,
                  "an input in the file's own shape; may be given again");
  add_named_files(command, "--out", options.outputs.named,
                  "an output in the file's own shape; may be given again");
  const auto given = [](const SequenceFiles& files) {
    return !files.only.empty() || !files.named.empty();
  };
  command.require("--input or --in, and --output or --out",
                  [&options, given] { return given(options.inputs) && given(options.outputs); });
  command.add_flag("--calls", options.calls, "call the model once per entry of the first axis");
  add_carry_option(command, options.carry);
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
  command.add_flag("--steps-first", options.steps_first, "they are [steps, batch, ...], for sure")
      .excludes("--batch-first");
  command.add_option("--chunk", options.chunk, "stream the sequence in chunks of N steps")
      .type_name("N")
      .positive();
  add_backend_option(command, options.backend);
  add_precision_options(command, options.precision);
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
