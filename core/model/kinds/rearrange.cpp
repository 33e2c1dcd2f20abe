// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

namespace carousel::kinds {
namespace {

/// Runs of one layer; a bound for what a file may ask for.
constexpr std::size_t kMaxRuns = std::size_t{1} << 20U;

void check_run(const FeatureRun& run, std::int64_t input_size) {
  check_size("the count of a run", run.count, 1);
  if (run.first < 0) return;  // the filler
  const bool small = run.stride > -kMaxSize && run.stride < kMaxSize;
  const std::int64_t last = small ? run.first + (run.count - 1) * run.stride : -1;
  if (run.first < input_size && last >= 0 && last < input_size) return;
  refuse(formatted("a run of {} features from {} with stride {} leaves the input's {}", run.count,
                   run.first, run.stride, input_size));
}

}  // namespace

std::string_view kind_name(const RearrangeSpec&) noexcept { return "rearrange"; }

std::int64_t input_size(const RearrangeSpec& spec, std::size_t) noexcept { return spec.input_size; }

std::int64_t output_size(const RearrangeSpec& spec) noexcept {
  std::int64_t size = 0;
  for (const FeatureRun& run : spec.runs) size += run.count;
  return size;
}

void validate(const RearrangeSpec& spec) {
  check_size("input_size", spec.input_size, 1);
  if (spec.runs.size() > kMaxRuns) {
    refuse(formatted("a rearrangement has {} runs, but may have {}", spec.runs.size(), kMaxRuns));
  }
  for (const FeatureRun& run : spec.runs) check_run(run, spec.input_size);
  check_size("the size of the result", output_size(spec), 1);
}

std::string describe(const RearrangeSpec& spec) {
  return formatted("Rearrange {} -> {}", spec.input_size, output_size(spec));
}

}  // namespace carousel::kinds
