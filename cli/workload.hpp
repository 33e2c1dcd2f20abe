// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_source.hpp"

#include <carousel/model.hpp>
#include <carousel/npy.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// A model and the sequence to run through it, from zero state.
struct Workload {
  Model model;
  std::int64_t steps = 0;
  std::int64_t batch = 1;
  std::vector<float> x;           ///< [steps, batch, input_size]; empty with an embedding
  std::vector<std::int32_t> ids;  ///< [steps, batch]; empty without
  std::string network;            ///< what the model is, for people
  std::string data;               ///< what the sequence is

  [[nodiscard]] std::size_t output_count() const {
    return static_cast<std::size_t>(steps * batch * model.output_size());
  }
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
  std::int64_t steps = 0;  ///< 0: a default
  std::int64_t batch = 0;
  std::uint64_t seed = 1;
};

/// Adds MODEL, --shape, --text, --input, --steps, --batch and --seed.
void add_workload_options(Parser& command, WorkloadOptions& options);

/// Loads or makes it; at most `default_steps` where the command line does not say.
[[nodiscard]] Workload make_workload(const WorkloadOptions& options, std::int64_t default_steps);

/// Runs `work` through `stream` from its present state into `y` [steps, batch, outputs].
Status run_workload(Stream& stream, const Workload& work, std::vector<float>& y) noexcept;

/// Integer ids of `array` as the engine takes them; throws Error naming `what`, the place and the
/// range when one is outside [0, count).
[[nodiscard]] std::vector<std::int32_t> checked_ids(const NpyArray& array, std::int64_t count,
                                                    const std::string& what);

/// The whole of a text file. Throws Error.
[[nodiscard]] std::string read_text(const std::string& file);

/// Like PyTorch, "features [3] where [steps, batch, 4] was expected".
[[noreturn]] void refuse_array(const std::string& what, const std::string& expected,
                               const NpyArray& found);

}  // namespace carousel::cli
