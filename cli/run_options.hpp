// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "calls.hpp"
#include "model_source.hpp"
#include "precision_choice.hpp"
#include "run_arrays.hpp"
#include "run_state.hpp"

#include <carousel/network.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// What the command line of `carousel run` says.
struct RunOptions {
  ModelSource source;
  SequenceFiles inputs{.noun = "input", .only = {}, .named_flag = "--in", .named = {}};
  SequenceFiles outputs{.noun = "output", .only = {}, .named_flag = "--out", .named = {}};
  StateOptions states;
  std::vector<Carry> carry;
  std::string lengths, backend;
  bool batch_first = false;
  bool steps_first = false;
  bool calls = false;
  std::int64_t chunk = 0;
  int threads = 1;
  PrecisionChoice precision{};
  Plan plan = Plan::estimate;
};

/// The network for a run of that size.
[[nodiscard]] Network prepare_for(const RunOptions& options, const Model& model,
                                  const RunSize& size);

/// Says on standard error what was written by whom.
void report_run(const std::string& written, const Network& network, double seconds);

/// Runs a sequence, in chunks where that is possible. Returns an exit code.
int run_sequence(const RunOptions& options);

/// Calls the model once for each entry of the arrays' first axis. Returns an exit code.
int run_calls(const RunOptions& options);

}  // namespace carousel::cli
