// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What `carousel_bench` wrote, read back and checked.
namespace carousel::cli {

struct ReportLevel {
  std::string name;
  double bytes_per_second = 0;
};

struct ReportShape {
  std::string name;
  std::int64_t input = 0;
  std::int64_t hidden = 0;
  std::int64_t layers = 1;
  bool bidirectional = false;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  double flops = 0;
  double bytes = 0;

  /// One forward layer with as many inputs as hidden units: a cell of the heat map.
  [[nodiscard]] bool square() const noexcept {
    return input == hidden && layers == 1 && !bidirectional && steps > 1;
  }
  [[nodiscard]] std::string text() const;  ///< "80 → 320 bidirectional × 2, T 200, B 1"
};

struct ReportMeasurement {
  std::string shape;
  std::string backend;
  std::string resolved;
  std::string refusal;  ///< then nothing below counts
  int threads = 1;
  double low = 0;
  double median = 0;
  double high = 0;
  double gflops = 0;
  double least_seconds = 0;
  double roofline = 0;
  double round_trip_ns = 0;
  bool agrees = true;
  bool slow_state = false;

  [[nodiscard]] bool ran() const noexcept { return refusal.empty(); }
  /// The backend that really ran, e.g. "xsimd:avx512" where "xsimd" was chosen.
  [[nodiscard]] const std::string& name() const noexcept {
    return resolved.empty() ? backend : resolved;
  }
};

struct ReportCriterion {
  std::string text;
  double seconds = 0;
  bool met = false;
};

struct ReportTarget {
  std::string shape;
  int threads = 1;
  double xsimd = 0;
  double allowed_seconds = 0;
  double roofline_seconds = 0;  ///< 0 in files of older versions
  std::vector<ReportCriterion> criteria;

  [[nodiscard]] bool met() const noexcept;
};

struct ReportLengths {
  std::string shape;
  std::string backend;
  int threads = 1;
  double padded = 0;
  double variable = 0;
  double share_of_steps = 0;
};

struct ReportPrepare {
  std::string backend;
  double prepare_seconds = 0;
  double memcpy_seconds = 0;
  double first_run = 0;
  double hundredth_run = 0;
  double stream_bytes = 0;
  double idle_cpu_share = 0;
};

struct ReportData {
  std::string created;
  std::string mode;
  double seconds = 0;
  std::string cpu;
  std::string system;
  std::int64_t cores = 0;
  double memory_bytes = 0;
  double l1d_bytes = 0;
  double l2_bytes = 0;
  double l3_bytes = 0;
  std::vector<std::pair<std::string, std::string>> versions;
  std::string roofline_isa;
  double flops_per_second = 0;
  double peak_best = 0;  ///< of all samples of it; 0: not known
  std::vector<ReportLevel> levels;
  std::vector<ReportShape> shapes;
  std::vector<ReportMeasurement> measurements;
  std::vector<ReportTarget> targets;
  std::vector<ReportLengths> lengths;
  std::vector<ReportPrepare> prepare;

  [[nodiscard]] const ReportShape* shape(const std::string& name) const;
  /// What the choice `backend` took; null when it did not run.
  [[nodiscard]] const ReportMeasurement* find(const std::string& shape, const std::string& backend,
                                              int threads) const;
  [[nodiscard]] const ReportTarget* target(const std::string& shape, int threads) const;
  /// xsimd's time over that of the fastest other family.
  [[nodiscard]] std::optional<double> ratio(const std::string& shape, int threads) const;
  [[nodiscard]] std::vector<int> thread_counts() const;  ///< that were measured, ascending
};

/// Throws Error naming the file and what is wrong with it.
[[nodiscard]] ReportData read_results(const std::string& file);
/// The same from text; `source` stands for the file in messages.
[[nodiscard]] ReportData parse_results(const std::string& text, const std::string& source);

}  // namespace carousel::cli
