// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/model.hpp>
#include <carousel/plan.hpp>
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
  /// is an error, never silently given to another backend.
  std::string backend{};
  int threads = 1;             ///< threads one `run` may use: fewer where more would be slower
  bool exact_threads = false;  ///< use them all even there: for measuring and testing
  std::int64_t batch = 1;      ///< expected batch and steps per run: hints that the choice of
                               ///< backends and threads is for, not limits
  std::int64_t steps = 64;
  Plan plan = Plan::estimate;  ///< how to choose where the above leave a choice
  PlanOptions planning{};
};

namespace detail {
struct NetworkData;
}

/// A model prepared for this CPU. Immutable; copies are cheap and share the packed weights; any
/// number of streams may use it at the same time.
class CAROUSEL_API Network {
 public:
  explicit Network(std::shared_ptr<const detail::NetworkData> data) noexcept;

  /// Makes a stream in the model's initial state (zeros, mostly). The only allocation on the way to
  /// `run`.
  [[nodiscard]] Stream stream(const StreamOptions& options = {}) const;

  /// Bottom up, the linear head last if the model has one.
  [[nodiscard]] std::span<const LayerPlan> layers() const noexcept;
  [[nodiscard]] bool takes_ids() const noexcept;      ///< has an embedding: use `Stream::run_ids`
  [[nodiscard]] bool bidirectional() const noexcept;  ///< any layer that is not forward-only
  [[nodiscard]] std::int64_t input_size() const noexcept;
  [[nodiscard]] std::int64_t output_size() const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;  ///< packed weights and embedding

 private:
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
