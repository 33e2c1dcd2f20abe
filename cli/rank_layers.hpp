// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rank_core.hpp"

#include <functional>
#include <string>
#include <vector>

/// Where the time of a whole network goes.
namespace carousel::cli {

/// One layer of the network, or what stands between all of them.
struct LayerShare {
  std::string layer;        ///< Its name.
  std::string kind;         ///< "recurrent", ..., "engine".
  std::string description;  ///< "LSTM 128 -> 128"
  /// Seconds per step of the work, of each backend of the report.
  std::vector<double> seconds;
};

struct LayersReport {
  std::vector<std::string> backends;  ///< Fastest first.
  /// In the order in which they run; last of all what the engine does besides: it checks arguments,
  /// points layers to their sequences and copies what no layer writes in place.
  std::vector<LayerShare> layers;

  /// Of a backend: seconds per step of all layers and what is between them.
  [[nodiscard]] double whole(std::size_t backend) const;
};

/// Times each layer of the network amid the others, on each backend that `ranked` has a time of, in
/// about `options.seconds`. Backends take turns.
[[nodiscard]] LayersReport rank_layers(const Workload& work, const RankReport& ranked,
                                       const RankOptions& options,
                                       const std::function<void(double)>& progress = {});

}  // namespace carousel::cli
