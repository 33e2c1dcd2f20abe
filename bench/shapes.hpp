// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::bench {

/// One line of shapes.csv: a network and the sequences it is given.
struct Shape {
  std::string name;
  Cell cell{};                      ///< The first of the table of cells, unless another is chosen.
  bool linear_before_reset = true;  ///< of a GRU
  std::int64_t input = 0;
  std::int64_t hidden = 0;
  std::int64_t layers = 1;
  bool bidirectional = false;
  std::int64_t steps = 0;
  std::int64_t batch = 0;

  /// Its layers without weights, for what depends on sizes only.
  [[nodiscard]] std::vector<RecurrentSpec> specs() const;
  [[nodiscard]] Model random_model() const;  ///< The same weights at every call.
  [[nodiscard]] double flops() const;        ///< Matrix operations of one run, 2 per multiply-add.
  /// What one run has to read and write at least: recurrent weights once per step, the others, x
  /// and y once.
  [[nodiscard]] double bytes() const;
  [[nodiscard]] std::string text() const;  ///< "80 → 320 bidirectional × 2, T 200, B 1"
};

/// What other engines took for a shape, in seconds, on the machine that ../shared/PEERS.md
/// describes. Only ratios of these times mean anything elsewhere.
struct PeerTimes {
  std::optional<double> onednn26_t1;
  std::optional<double> onednn312_t1;
  std::optional<double> onednn312_t2;
  std::optional<double> best_t1;  ///< the best engine with exact activations, float32
  std::optional<double> best_t2;
  std::optional<double> approx_t1;  ///< the best one with approximate activations
  std::string best_t1_peer;
  std::string best_t2_peer;
};

[[nodiscard]] std::vector<Shape> parse_shapes(std::string_view csv, const std::string& source);
/// The times of the row named `shape`; all empty when there is none.
[[nodiscard]] PeerTimes parse_peer_times(std::string_view csv, const std::string& source,
                                         std::string_view shape);

[[nodiscard]] const std::vector<Shape>& all_shapes();
[[nodiscard]] PeerTimes peer_times(std::string_view shape);

/// The same shape with another cell, called "gru_sq16_b1", or "gru_reset_first_sq16_b1" if a GRU's
/// reset gate comes before the matrix; no peer's times are known of it.
[[nodiscard]] Shape with_cell(Shape shape, Cell cell, bool linear_before_reset = true);

/// The shapes that a list names; "sq64_*" and "*_b64" stand for all that are like this. Empty: all.
/// Throws Error listing the names when one is unknown.
[[nodiscard]] std::vector<Shape> select_shapes(const std::vector<std::string>& names);

}  // namespace carousel::bench
