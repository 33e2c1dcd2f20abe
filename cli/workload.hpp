// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_source.hpp"
#include "named_file.hpp"

#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// The elements of a sequence one after another, [steps, batch, features].
template <class T>
std::vector<T> dense(const SequenceView<const T>& view) {
  std::vector<T> values;
  for (std::int64_t t = 0; t < view.steps; ++t) {
    for (std::int64_t b = 0; b < view.batch; ++b) {
      values.insert(values.end(), view.row(t, b), view.row(t, b) + view.features);
    }
  }
  return values;
}

/// One of a model's inputs and what it is given, [steps, batch, size].
struct WorkInput {
  ModelInput about;
  std::vector<float> x{};           ///< Empty if it takes ids.
  std::vector<std::int32_t> ids{};  ///< Empty if it takes features.

  /// The steps [first, first + count), unless it has a single one; `batch` is that of all of it.
  [[nodiscard]] NamedInput view(std::int64_t first, std::int64_t count, std::int64_t batch) const;
};

/// A model and the sequences to run through it, from its initial state.
struct Workload {
  Model model;
  std::int64_t steps = 0;
  std::int64_t batch = 1;
  /// In the order of the model's. Those that may be left out of a run may be missing.
  std::vector<WorkInput> inputs{};
  std::string network{};  ///< What the model is, for people.
  std::string data{};     ///< What the sequences are, for people.

  /// "models/m.safetensors: 100 steps × 1 row"
  [[nodiscard]] std::string title() const;
  /// The steps [first, first + count) of each input.
  [[nodiscard]] std::vector<NamedInput> views(std::int64_t first, std::int64_t count) const;
  /// The first `count` steps of it.
  [[nodiscard]] Workload prefix(std::int64_t count) const;
  /// The same steps of the first `count` rows.
  [[nodiscard]] Workload first_rows(std::int64_t count) const;
};

/// What check, rank and latency ask for on the command line.
struct WorkloadOptions {
  ModelSource source;
  std::string text_file;
  std::string input_file;
  std::vector<NamedFile> input_files;  ///< By the names of inputs.
  std::int64_t steps = 0;              ///< 0: a default.
  std::int64_t batch = 0;
  std::uint64_t seed = 1;
};

/// Adds MODEL, --shape, --text, --input, --in, --steps, --batch and --seed.
void add_workload_options(Parser& command, WorkloadOptions& options);

/// Loads or makes it; at most `default_steps` where the command line does not say.
[[nodiscard]] Workload make_workload(const WorkloadOptions& options, std::int64_t default_steps);

/// Throws Error naming the inputs of a model that has several, for commands that take one.
void require_one_input(const Model& model);

}  // namespace carousel::cli
