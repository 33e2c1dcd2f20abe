// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// The speed of a backend, learned from the times of a few small layers, the probes. It knows
/// nothing of how a backend works, so that it holds for plug-ins as well.
namespace carousel::planning {

/// An LSTM of so many units that runs so many steps with so many rows. Its input size is one that
/// no real layer of these units has (`probe_spec`), so that nobody's layer is taken for a probe.
struct Probe {
  std::int64_t units = 0;
  std::int64_t batch = 1;
  std::int64_t steps = 1;
};

/// The first one has a single step, which tells what a run costs besides its steps. Then come those
/// of each batch, by ascending units.
inline constexpr std::array kProbes{Probe{16, 1, 1},  Probe{4, 1, 4},   Probe{16, 1, 4},
                                    Probe{64, 1, 4},  Probe{128, 1, 4}, Probe{16, 4, 4},
                                    Probe{128, 4, 4}, Probe{16, 16, 4}, Probe{128, 16, 4}};

[[nodiscard]] RecurrentSpec probe_spec(const Probe& probe);

/// What the cost model needs to know of a layer. All but `directions` is of one direction.
struct Shape {
  std::int64_t directions = 1;  ///< Or groups of a convolution.
  std::int64_t positions = 1;   ///< Of a convolution: so many rows for each of the layer's.
  std::int64_t inputs = 0;
  std::int64_t units = 0;
  std::int64_t state = 0;       ///< Features of h that are fed back; 0: not recurrent.
  std::int64_t projection = 0;  ///< Multiply-adds of the projection.
  std::int64_t gates = 1;
};

/// Nothing for layers without matrices, and for convolutions of one channel per group.
[[nodiscard]] std::optional<Shape> shape_of(const LayerSpec& spec);

/// How the units of a layer are rounded up: a backend that computes whole vectors does the work of
/// so many.
struct Filling {
  std::int64_t gated = 1;  ///< to a multiple of this in cells with gates
  std::int64_t plain = 1;  ///< in all other layers
};

/// The multiply-adds of a step for one row.
struct Work {
  double inputs = 0;
  double recurrent = 0;

  [[nodiscard]] double all() const noexcept { return inputs + recurrent; }
};
[[nodiscard]] Work work_of(const Shape& shape, const Filling& filling);

/// The seconds of a step with so many rows, at some amounts of work, ascending.
struct BatchRates {
  struct Point {
    double work = 0;  ///< `Work::all`
    double seconds = 0;
  };
  std::int64_t batch = 1;
  std::vector<Point> points{};

  /// A straight line between two points, and the last of these lines beyond the last point. Below
  /// the first point the time of the first.
  [[nodiscard]] double seconds(double work) const;
};

/// What was learned of a backend.
struct Rates {
  double run = 0;                   ///< seconds of a run besides its steps
  std::vector<BatchRates> batches;  ///< by ascending batch

  /// Seconds of a step of this work for each of so many rows, with weights in the core's caches:
  /// straight lines between the batches, in proportion beyond.
  [[nodiscard]] double step(double work, double rows) const;
  /// Seconds of this work for one row of many.
  [[nodiscard]] double row_of_many(double work) const {
    const auto most = static_cast<double>(batches.back().batch);
    return step(work, most) / most;
  }
};

/// Computes the rates from the seconds of a run of each of `kProbes`. A time of 0 means that the
/// probe was too slow to be timed: its time is that of a smaller one, in proportion to the work.
/// Nothing if the first probes have no times.
[[nodiscard]] std::optional<Rates> solve_rates(std::span<const double> seconds,
                                               const Filling& filling);

}  // namespace carousel::planning
