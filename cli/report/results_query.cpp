// SPDX-License-Identifier: Apache-2.0
#include "results_file.hpp"

#include <algorithm>

namespace carousel::cli {

std::string ReportShape::text() const {
  return std::to_string(input) + " → " + std::to_string(hidden) +
         (bidirectional ? " bidirectional" : "") +
         (layers > 1 ? " × " + std::to_string(layers) + " layers" : "") + ", " +
         std::to_string(steps) + (steps == 1 ? " step" : " steps") + ", batch " +
         std::to_string(batch);
}

bool ReportTarget::met() const noexcept {
  return std::ranges::all_of(criteria, &ReportCriterion::met);
}

const ReportShape* ReportData::shape(const std::string& name) const {
  const auto found = std::ranges::find(shapes, name, &ReportShape::name);
  return found == shapes.end() ? nullptr : &*found;
}

const ReportMeasurement* ReportData::find(const std::string& name, const std::string& backend,
                                          int threads) const {
  const auto found = std::ranges::find_if(measurements, [&](const ReportMeasurement& one) {
    return one.shape == name && one.backend == backend && one.threads == threads && one.ran();
  });
  return found == measurements.end() ? nullptr : &*found;
}

const ReportTarget* ReportData::target(const std::string& name, int threads) const {
  const auto found = std::ranges::find_if(targets, [&](const ReportTarget& one) {
    return one.shape == name && one.threads == threads && !one.criteria.empty();
  });
  return found == targets.end() ? nullptr : &*found;
}

std::optional<double> ReportData::ratio(const std::string& name, int threads) const {
  const ReportMeasurement* ours = find(name, "xsimd", threads);
  double other = 0;
  for (const ReportMeasurement& one : measurements) {
    const bool rival = one.shape == name && one.threads == threads && one.ran() && one.agrees &&
                       !one.backend.starts_with("xsimd");
    if (rival && (other == 0 || one.median < other)) other = one.median;
  }
  if (ours == nullptr || other == 0) return std::nullopt;
  return ours->median / other;
}

std::vector<int> ReportData::thread_counts() const {
  std::vector<int> counts;
  for (const ReportMeasurement& one : measurements) counts.push_back(one.threads);
  std::ranges::sort(counts);
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

}  // namespace carousel::cli
