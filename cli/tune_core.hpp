// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>
#include <carousel/network.hpp>

#include "precision_choice.hpp"
#include "table.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Measures plans, and how much they can be relied on.
namespace carousel::cli {

/// A network and what it is expected to do.
struct TuneWork {
  std::string name;
  std::function<Model()> model;  ///< made when it is needed, since a list of them may be large
  std::int64_t batch = 1;
  std::int64_t steps = 64;
};

struct TuneOptions {
  std::string backend;  ///< empty: all
  int threads = 1;
  PrecisionChoice precision{};
  PlanOptions planning;
  int repeat = 1;       ///< plans of each network, each measured anew
  bool verify = false;  ///< measure all candidates once more, four times as long
};

struct TuneResult {
  std::string name;
  std::vector<LayerPlan> plan;  ///< the first one
  int same = 1;                 ///< of `TuneOptions::repeat` plans, as the most frequent choice
  /// How many times as long as the best layers the chosen ones took when they were measured
  /// afterwards; 0: not verified.
  double verified = 0;

  [[nodiscard]] double seconds() const;  ///< of one run, all layers together; 0: not known
};

/// With more than one repetition or a verification nothing is read from or added to wisdom.
[[nodiscard]] TuneResult tune(const TuneWork& work, const TuneOptions& options);

/// "xsimd:avx512", or with several threads "xsimd:avx512 × 2"; the tiling is not told
[[nodiscard]] std::string choice_text(const std::string& backend, int threads);

/// "-" for people where the backend has one way
[[nodiscard]] TableCell tiling_cell(const std::string& tiling);

}  // namespace carousel::cli
