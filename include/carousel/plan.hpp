// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/precision.hpp>
#include <carousel/spec.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// How `prepare` chooses a backend and a number of threads for each layer.
namespace carousel {

enum class Plan : std::uint8_t {
  /// The first backend in priority order that runs the layer, with all threads. Depends on the CPU
  /// and the build only, never on timing or wisdom: results are the same from run to run.
  fixed,
  /// What wisdom knows about such a layer on this CPU, else the cost model. Takes microseconds, but
  /// some ten milliseconds the first time on a machine: the model's rates are measured then, with
  /// a few small layers on each backend, and added to wisdom. Where no wisdom is kept, that is
  /// once in each process.
  estimate,
  /// What wisdom knows, else measures the candidates and adds the result to wisdom.
  measure,
  /// What wisdom knows; Error where it knows nothing.
  wisdom_only,
};

/// "fixed", "estimate", "measure", "wisdom-only"
[[nodiscard]] CAROUSEL_API std::string_view name(Plan plan) noexcept;

/// What a layer's choice is based on.
enum class PlanSource : std::uint8_t { fixed, model, wisdom, measured };

/// "fixed", "cost model", "wisdom", "measured"
[[nodiscard]] CAROUSEL_API std::string_view name(PlanSource source) noexcept;

struct PlanProgress {
  std::size_t layer = 0;        ///< The layer being measured, counted from 0.
  std::size_t layer_count = 0;  ///< Layers of the network.
  double done = 0;              ///< share of the whole, in [0, 1]
};

struct PlanOptions {
  /// `Plan::measure`: about how long it may take for each layer that is unlike the others. At least
  /// three rounds are run, which takes longer where a few steps do.
  double seconds_per_layer = 0.5;
  /// Measure what wisdom knows already, too.
  bool again = false;
  /// Measure also the candidates that are predicted to take far longer than the best.
  bool slow_ones = false;
  /// Before a backend is accepted for its speed, let `cross_check` compare it with the scalar one
  /// on the layer's own weights and made-up inputs; one that disagrees is refused and the next
  /// taken.
  bool cross_check = false;
  /// The wisdom file. Empty: `wisdom_path()`.
  std::filesystem::path wisdom{};
  /// Told from time to time how far measuring is.
  std::function<void(const PlanProgress&)> progress{};
  /// Told what went wrong without being an error, in one line: wisdom that is damaged or for
  /// another CPU and therefore ignored, or cannot be written. The library itself never prints.
  std::function<void(const std::string&)> report{};
};

/// One way to run a layer, and what the planner made of it.
struct PlanCandidate {
  std::string backend;
  int threads = 1;
  std::string tiling{};  ///< how the backend partitions the work; empty where it has one way
  bool runs = true;      ///< this CPU and the backend can run the layer
  double predicted_seconds = 0;  ///< of one run of the expected batch and steps; 0: not known
  double measured_seconds = 0;   ///< the same, timed now or when wisdom was made; 0: it was not
  double spread = 0;             ///< share of `measured_seconds` that it may be off, against others
  std::string verdict{};         ///< why it was chosen, or was not, or cannot be
};

/// How one layer of a network is executed.
struct LayerPlan {
  LayerSpec spec;
  std::string name{};     ///< The layer's, as `layer_names` tells.
  std::string backend{};  ///< id of the backend that packed it, e.g. "xsimd:avx512"
  Precision precision = Precision::float32;  ///< of its weights
  std::size_t memory_bytes = 0;              ///< packed weights; 0 from `explain`
  int threads = 1;                           ///< threads that one run may use for it
  std::string tiling{};  ///< how the backend partitions the work; empty where it has one way
  PlanSource source = PlanSource::fixed;
  std::string reason{};  ///< in one line
  /// Of an activation layer: the name of the layer before it, which applies the function to its
  /// outputs as it writes them, so that this layer has nothing to do. Empty: there is none.
  std::string fused_into{};
  /// The chosen one first, then in priority order. Tilings that are not the backend's own choice
  /// are there only if they were measured.
  std::vector<PlanCandidate> candidates{};
};

}  // namespace carousel
