// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shapes.hpp"
#include "targets.hpp"

#include <table.hpp>

#include <carousel/precision.hpp>

#include "core/measure/roofline.hpp"
#include "core/measure/statistics.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::bench {

/// One backend on one shape with one thread count.
struct Measurement {
  std::string shape;
  std::string backend;   ///< as chosen: "xsimd", "xsimd:avx2", "onednn"
  std::string resolved;  ///< what the choice led to: "xsimd:avx512"
  int threads = 1;
  Precision precision = Precision::float32;
  /// Another engine in another precision than float32: it rounds otherwise than Carousel does, so
  /// that its results are only near those of float32.
  bool other_arithmetic = false;
  std::string refusal;          ///< why it did not run; then nothing below counts
  std::int64_t runs = 1;        ///< per sample
  std::vector<double> samples;  ///< seconds of one run, each the mean of `runs`
  Quartiles seconds;
  /// Of xsimd with several threads: the median of xsimd with one, sampled in turns with these; else
  /// 0.
  double one_thread_seconds = 0;
  /// Of another precision than float32: the median of the same backend in float32, sampled in turns
  /// with these; else 0.
  double float32_seconds = 0;
  /// Of another precision than float32, in Carousel: the largest difference of y from that of the
  /// same backend in float32; else 0.
  double float32_difference = 0;
  std::size_t memory_bytes = 0;  ///< packed weights, in Carousel; else 0
  Roofline roofline;             ///< of one core, sampled in turns with these samples
  double least_seconds = 0;      ///< of one run with all its threads, by that roofline
  double max_difference = 0;     ///< of y from the first backend's in this precision, or arithmetic
  bool agrees = true;
  int attempts = 1;            ///< with more than one thread: until the machine was in order
  double round_trip_ns = 0;    ///< one way between two cores, around these samples; 0: not measured
  double core_share = 1;       ///< see two_core_share(); the least, around these samples
  double disturbed_share = 0;  ///< of the samples beside these: somebody else used the core
  bool slow_state = false;     ///< the machine was not in order even at the last attempt

  static constexpr double kLeastCoreShare = 0.75;

  [[nodiscard]] bool ran() const noexcept { return refusal.empty(); }
  /// Whether somebody else used the core during most of the samples.
  [[nodiscard]] bool shared_core() const noexcept { return disturbed_share > 0.5; }
  /// Whether two virtual cores were one real core before or after the samples.
  [[nodiscard]] bool one_core() const noexcept { return core_share < kLeastCoreShare; }
};

/// A shape with lengths drawn uniformly from 1..T beside all rows of T steps.
struct LengthsResult {
  std::string shape;
  std::string backend;
  int threads = 1;
  Quartiles padded;
  Quartiles variable;
  int samples = 0;            ///< of each
  double share_of_steps = 0;  ///< real steps / (T * B)
};

/// What happens before and between runs, of one backend.
struct PrepareResult {
  std::string backend;
  std::string refusal;
  std::string shape;
  double prepare_seconds = 0;
  double memcpy_seconds = 0;  ///< of the same weights
  double first_run = 0;
  double hundredth_run = 0;
  std::size_t stream_bytes = 0;     ///< batch 1, one step at a time
  std::size_t stream_bytes_64 = 0;  ///< batch 1, 64 steps at a time
  double idle_cpu_share = 0;        ///< CPU time used per second after a run with two threads
};

/// One call of a layer, directly and through the ABI of plug-ins.
struct RouteResult {
  std::string layer;
  Quartiles direct;
  Quartiles plugin;
};

/// A whole network by some backends; seconds of one call.
struct NetworkResult {
  std::string network;
  std::string backend;  ///< what the choice led to: "xsimd:avx512"
  std::int64_t calls = 1;
  int samples = 0;  ///< of each
  Quartiles whole;
  Quartiles recurrent;    ///< its recurrent layers alone; zeros: it has none
  Quartiles onnxruntime;  ///< zeros: not measured
};

/// How well `Plan::estimate` does on a shape; seconds of one run, all layers together.
struct EstimateResult {
  std::string shape;
  int threads = 1;        ///< that a run may use
  std::string chosen{};   ///< by the estimate, e.g. "xsimd:avx512 × 2"
  std::string fastest{};  ///< by measurement, with the usual tilings
  double predicted = 0;   ///< of what was chosen
  double measured = 0;    ///< likewise
  double best = 0;        ///< measured, of what is the fastest
  double one_thread = 0;  ///< measured, of what is the fastest with one thread
  double core_share = 0;  ///< `two_core_share` at that moment; 0: with one thread

  [[nodiscard]] double error() const { return predicted / measured; }
  [[nodiscard]] double loss() const { return measured / best; }
  [[nodiscard]] bool chooses_well() const { return loss() <= 1.05; }
  [[nodiscard]] bool predicts_well() const { return error() <= 1.4 && error() >= 1 / 1.4; }
};

/// A shape with the rules for an L2 cache of another size.
struct AssumedL2 {
  std::int64_t l2_bytes = 0;
  Quartiles seconds;
};

/// A shape with the rules for this machine's caches, and in turns with those for others.
struct CacheSweepResult {
  std::string shape;
  std::string backend;
  Quartiles own{};
  std::vector<AssumedL2> assumed{};
};

/// Seconds of single runs.
struct Latency {
  double median = 0;
  double p99 = 0;
};

struct ThreadLatencies {
  Latency one{};
  Latency several{};
  /// What several threads cost at the 99th percentile, as a multiple of one thread's time.
  [[nodiscard]] double cost() const { return several.p99 / one.p99; }
  /// What they gain in the median.
  [[nodiscard]] double gain() const { return one.median / several.median; }
};

/// A shape on free cores, and beside busy processes on all cores.
struct NeighboursResult {
  std::string shape;
  std::string backend;
  int threads = 2;     ///< of `ThreadLatencies::several`
  int neighbours = 0;  ///< processes
  ThreadLatencies free{};
  ThreadLatencies busy{};
};

/// Whether a shape met its targets.
struct Verdict {
  std::string shape;
  int threads = 1;
  double xsimd = 0;   ///< median seconds
  double onednn = 0;  ///< 0: not measured
  double onnxruntime = 0;
  double least_seconds = 0;  ///< by the roofline
  std::vector<Criterion> criteria;

  [[nodiscard]] double allowed() const;
  [[nodiscard]] bool met() const { return criteria.empty() || xsimd <= allowed(); }
  /// Whether a demand allows less time than the roofline asks for.
  [[nodiscard]] bool beyond_roofline(const Criterion& criterion) const {
    return criterion.seconds < least_seconds;
  }
};

struct Results {
  std::string mode;
  /// The levels of the memory hierarchy and, of all samples taken, the peak: to show, while shares
  /// are of the roofline beside each measurement.
  Roofline roofline;
  std::vector<Shape> shapes;
  std::vector<Measurement> measurements;
  std::vector<Verdict> verdicts;
  std::vector<LengthsResult> lengths;
  std::vector<PrepareResult> prepare;
  std::vector<RouteResult> routes;
  std::vector<NetworkResult> networks;
  std::vector<EstimateResult> estimates;
  std::vector<CacheSweepResult> cache_sweep;
  std::vector<NeighboursResult> neighbours;
  std::string onednn_version;       ///< empty: not in this build
  std::string onnxruntime_version;  ///< empty: not measured
  double seconds = 0;               ///< that all of it took

  [[nodiscard]] const Measurement* find(const std::string& shape, const std::string& backend,
                                        int threads) const;
  [[nodiscard]] const Shape& shape(const std::string& name) const;
};

/// Judges every shape and thread count that xsimd was measured with.
[[nodiscard]] std::vector<Verdict> judge(const Results& results);

/// Everything, with machine and versions: what `carousel report` reads.
[[nodiscard]] cli::Json results_json(const Results& results);

}  // namespace carousel::bench
