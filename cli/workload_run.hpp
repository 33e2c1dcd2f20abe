// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workload.hpp"

#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace carousel::cli {

/// Runs `count` steps of a workload through streams of a network, again and again. Everything that
/// a run needs is there beforehand, so that its time can be taken.
class WorkloadRun {
 public:
  WorkloadRun(const Network& network, const Workload& work, std::int64_t count);

  /// Runs the steps [first, first + count) from the stream's present state.
  Status operator()(Stream& stream, std::int64_t first = 0);
  /// What the last run put out: one output after the other, [output steps, batch, size] each.
  [[nodiscard]] const std::vector<float>& y() const noexcept { return y_; }
  /// The part of it that is the output `index`.
  [[nodiscard]] std::span<const float> output(std::size_t index) const;

 private:
  const Workload& work_;
  std::int64_t count_;
  std::vector<float> y_;
  std::vector<NamedInput> inputs_;
  std::vector<NamedOutput> outputs_;
};

}  // namespace carousel::cli
