// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shapes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace carousel::bench {

/// What a shape's targets are computed from: medians in seconds and limits, all of the same run.
struct TargetInputs {
  int threads = 1;
  double least_seconds = 0;     ///< the roofline's limit with `threads`
  double flops_per_second = 0;  ///< the peak of one core
  bool onednn_is_2 = false;     ///< the oneDNN in this process is a 2.x
  std::optional<double> onednn_t1;
  std::optional<double> onednn;       ///< with `threads`
  std::optional<double> onnxruntime;  ///< likewise
  std::optional<double> xsimd_t1;     ///< in turns with `threads`
};

/// One demand on a shape: to take at most `seconds`.
struct Criterion {
  std::string text;
  double seconds = 0;
};

/// In-process seconds that stand for what another engine took when peers.csv was measured:
///
///     peer time * (oneDNN's time in this run / oneDNN's time in peers.csv)
///
/// with the column of the matching oneDNN version. There is none for oneDNN 2.6 with two threads,
/// so with it one-thread times scale both. No value when a time is missing.
[[nodiscard]] std::optional<double> seconds_of_best_peer(const PeerTimes& peers,
                                                         const TargetInputs& inputs);

/// Whom demands are stated against.
struct Peer {
  std::string name;
  double seconds = 0;
};

/// The fastest other engine with exact activations: the best of peers.csv by its scaled time. Where
/// ONNX Runtime was measured, its own time replaces what the table says of it ("ort"), and the
/// least of its, oneDNN's and, of a third engine, the scaled time counts.
[[nodiscard]] std::optional<Peer> best_peer(const PeerTimes& peers, const TargetInputs& inputs);

/// All demands that the project makes on `shape` with `inputs.threads` threads, as far as they can
/// be computed; in no particular order.
[[nodiscard]] std::vector<Criterion> criteria(const Shape& shape, const PeerTimes& peers,
                                              const TargetInputs& inputs);

/// The criterion that allows the least time; null when there is none.
[[nodiscard]] const Criterion* tightest(const std::vector<Criterion>& criteria);

}  // namespace carousel::bench
