// SPDX-License-Identifier: Apache-2.0
#include "rank_layers.hpp"

#include "core/engine/timed_network.hpp"
#include "model_facts.hpp"
#include "workload_run.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace carousel::cli {
namespace {

constexpr double kLeastSample = 1e-3;  // seconds
constexpr std::size_t kLeastSamples = 3;
constexpr std::size_t kMostSamples = 1000;

/// How long it takes to ask the clock. The time of a layer contains that once, and so does the time
/// between two layers.
double clock_seconds() {
  constexpr int kCalls = 1000;
  double last = 0;
  const double start = now();
  for (int i = 0; i < kCalls; ++i) last = now();
  return (last - start) / kCalls;
}

double seconds_of(WorkloadRun& run, Stream& stream, std::int64_t repeats) {
  stream.reset();
  const double start = now();
  for (std::int64_t i = 0; i < repeats; ++i) {
    if (const Status status = run(stream); !status) {
      throw Error(ErrorCode::invalid_argument, std::string("rank: ") + status.message());
    }
  }
  return now() - start;
}

/// A network on one backend, with its layers timed.
class LayerTrial {
 public:
  LayerTrial(const RankResult& of, const Workload& work, const RankOptions& options)
      : timed_(prepare_timed(work.model, prepare_options(of.name, of.precision, work, options))),
        stream_(timed_.network.stream(stream_options(timed_.network, work))),
        run_(timed_.network, work, work.steps),
        steps_(work.steps),
        samples_(timed_.times->size() + 1) {}

  /// Fixes the runs per sample.
  void warm_up() {
    (void)seconds_of(run_, stream_, 1);
    const double once = std::max(seconds_of(run_, stream_, 1), 1e-9);
    repeats_ = std::max<std::int64_t>(1, std::llround(std::ceil(kLeastSample / once)));
  }

  /// What disturbs the machine falls on the layers and on what is between them as their times are
  /// long, since both are of the same runs.
  void sample() {
    std::ranges::fill(*timed_.times, LayerTime());
    const double whole = seconds_of(run_, stream_, repeats_);
    double between = whole;
    for (std::size_t k = 0; k < timed_.times->size(); ++k) {
      const LayerTime& time = (*timed_.times)[k];
      const double asking = static_cast<double>(time.calls) * clock_;
      keep(k, time.seconds - asking);
      between -= time.seconds + asking;
    }
    keep(timed_.times->size(), between);
    spent_ += whole;
  }

  /// Whether it may take another sample, having `allowance` seconds in all.
  [[nodiscard]] bool may_sample(double allowance) const {
    const std::size_t taken = samples_.front().size();
    const double next = spent_ / static_cast<double>(std::max<std::size_t>(taken, 1));
    return taken < kLeastSamples || (taken < kMostSamples && spent_ + next <= allowance);
  }

  [[nodiscard]] const Network& network() const noexcept { return timed_.network; }

  /// Seconds per step of layer `k`; after the last one, of what is between them. What takes hardly
  /// longer than the clock may come out as less than nothing.
  [[nodiscard]] double seconds(std::size_t k) const {
    return std::max(0.0, summarize(samples_[k]).median);
  }

 private:
  void keep(std::size_t k, double seconds) {
    samples_[k].push_back(seconds / static_cast<double>(repeats_ * steps_));
  }

  TimedNetwork timed_;
  Stream stream_;
  WorkloadRun run_;
  std::int64_t steps_;
  std::vector<std::vector<double>> samples_;  // per layer, and one more
  std::int64_t repeats_ = 1;
  double clock_ = clock_seconds();
  double spent_ = 0;
};

using Trials = std::vector<std::unique_ptr<LayerTrial>>;

void measure(Trials& trials, double seconds, const std::function<void(double)>& progress) {
  const double share = seconds / static_cast<double>(trials.size());
  const double start = now();
  for (bool any = true; any;) {
    if (progress) progress((now() - start) / seconds);
    any = false;
    for (auto& trial : trials) {
      if (!trial->may_sample(share)) continue;
      trial->sample();
      any = true;
    }
  }
}

std::string description(const LayerPlan& plan) {
  const std::string text = describe(plan.spec) + precision_note(plan.precision);
  return plan.fused_into.empty() ? text : text + ", applied by " + plan.fused_into;
}

LayersReport make_report(std::vector<std::string> backends, const Trials& trials) {
  LayersReport report{.backends = std::move(backends), .layers = {}};
  for (const LayerPlan& plan : trials.front()->network().layers()) {
    report.layers.push_back({plan.name, std::string(kind_name(plan.spec)), description(plan), {}});
  }
  report.layers.push_back({"between layers", "engine", "all that is not a layer", {}});
  for (std::size_t k = 0; k < report.layers.size(); ++k) {
    for (const auto& trial : trials) report.layers[k].seconds.push_back(trial->seconds(k));
  }
  return report;
}

}  // namespace

double LayersReport::whole(std::size_t backend) const {
  double sum = 0;
  for (const LayerShare& layer : layers) sum += layer.seconds.at(backend);
  return sum;
}

LayersReport rank_layers(const Workload& work, const RankReport& ranked, const RankOptions& options,
                         const std::function<void(double)>& progress) {
  // Times per step are as good from the first steps, where the whole takes too long.
  const Workload prefix = work.prefix(ranked.checked_steps);
  std::vector<std::string> names;
  Trials trials;
  for (const RankResult& result : ranked.results) {
    if (!result.ran()) continue;
    names.push_back(result.label());
    trials.push_back(std::make_unique<LayerTrial>(result, result.scaled ? prefix : work, options));
    trials.back()->warm_up();
  }
  measure(trials, options.seconds, progress);
  return make_report(std::move(names), trials);
}

}  // namespace carousel::cli
