// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/model.hpp>
#include <carousel/plan.hpp>
#include <carousel/precision.hpp>
#include <carousel/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace carousel {

struct PrepareOptions {
  /// "auto", a family ("xsimd", "onednn", "scalar") or an id ("xsimd:avx2"). Empty: the environment
  /// variable CAROUSEL_BACKEND, else "auto". Anything but "auto" is binding: a layer it cannot run
  /// is an error, never silently given to another backend. Several with commas between,
  /// "onednn,auto": each layer runs on the first of them that can run it.
  std::string backend{};
  int threads = 1;             ///< threads one `run` may use: fewer where more would be slower
  bool exact_threads = false;  ///< use them all even there: for measuring and testing
  std::int64_t batch = 1;      ///< Expected batch: what backends and threads are chosen for.
  std::int64_t steps = 64;     ///< Expected steps per run, likewise a hint and no limit.
  /// How weights are stored and multiplied. Anything but float32 is never chosen for you.
  Precision precision = Precision::float32;
  /// Layers whose weights have another precision than that. Each name is that of a layer which
  /// `has_precision`.
  std::vector<LayerPrecision> layer_precisions{};
  Plan plan = Plan::estimate;  ///< how to choose where the above leave a choice
  PlanOptions planning{};
};

namespace detail {
struct NetworkData;
struct NetworkAccess;
}  // namespace detail

/// A sequence that a network gives.
struct NetworkOutput {
  std::string name;
  std::int64_t size = 0;         ///< Features of a frame.
  std::vector<FileAxis> axes{};  ///< As those of ModelInput.
};

/// A model prepared for this CPU. Immutable; copies are cheap and share the packed weights; any
/// number of streams may use it at the same time.
class CAROUSEL_API Network {
 public:
  /// Makes a stream in the model's initial state (zeros, mostly). The only allocation on the way to
  /// `run`.
  [[nodiscard]] Stream stream(const StreamOptions& options = {}) const;

  /// How each layer is executed, in the order of the model's.
  [[nodiscard]] std::span<const LayerPlan> layers() const noexcept;
  /// What a run is given, by name.
  [[nodiscard]] std::span<const ModelInput> inputs() const noexcept;
  /// What a run gives, by name; `size` counts the features of a frame.
  [[nodiscard]] std::span<const NetworkOutput> outputs() const noexcept;
  /// How many steps the output of that index has in a run whose inputs have `steps` (but for those
  /// of one step).
  [[nodiscard]] std::int64_t output_steps(std::int64_t steps, std::size_t output = 0) const;
  /// Whether an input may be left out of a run: it only sets initial states, or is the lengths.
  [[nodiscard]] bool optional_input(std::size_t input) const noexcept;
  /// Whether the main input is ids: use `Stream::run_ids`. The main input is the one that must be
  /// given, or where there are several, the first; the main output is the one that is not made of
  /// final states, or the first.
  [[nodiscard]] bool takes_ids() const noexcept;
  /// Whether a run needs the whole sequence, since some layer has a reverse direction or reduces,
  /// selects or pads steps: then it takes at most max_steps.
  [[nodiscard]] bool whole_sequence() const noexcept;
  [[nodiscard]] std::int64_t input_size() const noexcept;   ///< Features of the main input.
  [[nodiscard]] std::int64_t output_size() const noexcept;  ///< Features of the main output.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;  ///< Packed weights.

 private:
  friend struct detail::NetworkAccess;
  explicit Network(std::shared_ptr<const detail::NetworkData> data) noexcept;

  std::shared_ptr<const detail::NetworkData> data_;
};

/// Packs every layer for the chosen backend. Throws Error when the choice is unknown, this CPU
/// cannot run it, or it refuses a layer; the text lists the reasons.
[[nodiscard]] CAROUSEL_API Network prepare(const Model& model, const PrepareOptions& options = {});

/// One layer given by spec and weights, without a Model.
[[nodiscard]] CAROUSEL_API Network prepare(const ModelLayer& layer,
                                           const PrepareOptions& options = {});

/// What `prepare` would do with these options and why, including the backends that cannot run here.
/// With `Plan::measure` it measures. Throws the same errors.
[[nodiscard]] CAROUSEL_API std::vector<LayerPlan> explain(const Model& model,
                                                          const PrepareOptions& options = {});

}  // namespace carousel
