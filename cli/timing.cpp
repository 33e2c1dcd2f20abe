// SPDX-License-Identifier: Apache-2.0
#include "timing.hpp"

#include "core/measure/statistics.hpp"

namespace carousel::cli {

Summary summarize(std::vector<double> samples) {
  const Quartiles three = quartiles(std::move(samples));
  return {three.median, (three.high - three.low) / 2};
}

}  // namespace carousel::cli
