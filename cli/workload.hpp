// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_source.hpp"

#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/npy.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// A model with one input and the sequence to run through it, from zero state.
struct Workload {
  Model model;
  std::int64_t steps = 0;
  std::int64_t batch = 1;
  std::vector<float> x;           ///< [steps, batch, input_size]; empty if the model takes ids.
  std::vector<std::int32_t> ids;  ///< [steps, batch]; empty if the model takes features.
  std::string network;            ///< What the model is, for people.
  std::string data;               ///< What the sequence is, for people.

  /// "models/m.safetensors: 100 steps × 1 row"
  [[nodiscard]] std::string title() const;
  /// The first `count` steps of it.
  [[nodiscard]] Workload prefix(std::int64_t count) const;
};

/// What check and rank ask for on the command line.
struct WorkloadOptions {
  ModelSource source;
  std::string text_file;
  std::string input_file;
  std::int64_t steps = 0;  ///< 0: a default.
  std::int64_t batch = 0;
  std::uint64_t seed = 1;
};

/// Adds MODEL, --shape, --text, --input, --steps, --batch and --seed.
void add_workload_options(Parser& command, WorkloadOptions& options);

/// Loads or makes it; at most `default_steps` where the command line does not say.
[[nodiscard]] Workload make_workload(const WorkloadOptions& options, std::int64_t default_steps);

/// Throws Error naming the inputs of a model that has several: `run` alone takes those.
void require_one_input(const Model& model);

/// How many floats the network puts out in so many steps, all outputs together.
[[nodiscard]] std::size_t output_count(const Network& network, std::int64_t steps,
                                       std::int64_t batch);

/// Runs `count` steps of `work` from step `first` on through a stream of `network`, from the
/// stream's present state, into `y`: one output after the other, [count, batch, size] each.
Status run_steps(const Network& network, Stream& stream, const Workload& work, std::int64_t first,
                 std::int64_t count, std::vector<float>& y);

/// Runs all of `work` like that.
Status run_workload(const Network& network, Stream& stream, const Workload& work,
                    std::vector<float>& y);

/// Integer ids of `array` as the engine takes them; throws Error naming `what`, the place and the
/// range when one is outside [0, count), or of int32 where `count` is 0.
[[nodiscard]] std::vector<std::int32_t> checked_ids(const NpyArray& array, std::int64_t count,
                                                    const std::string& what);

/// Like PyTorch, "features [3] where [steps, batch, 4] was expected".
/// `hint` comes after it.
[[noreturn]] void refuse_array(const std::string& what, const std::string& expected,
                               const NpyArray& found, const std::string& hint = {});

}  // namespace carousel::cli
