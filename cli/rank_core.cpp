// SPDX-License-Identifier: Apache-2.0
#include "rank_core.hpp"

#include "model_facts.hpp"
#include "rank_check.hpp"
#include "workload_run.hpp"

#include "core/engine/too_few_steps.hpp"

#include <carousel/network.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace carousel::cli {
namespace {

constexpr double kLeastSample = 1e-3;    // seconds; below, the clock and interrupts would show
constexpr std::int64_t kMaxSteps = 512;  // of a stream's scratch, where sequences can be split
constexpr std::size_t kMostRounds = 1000;

/// Whether backends have code of their own for the layer.
bool runs_on_backends(const LayerPlan& plan) {
  return std::holds_alternative<RecurrentSpec>(plan.spec) ||
         std::holds_alternative<DenseSpec>(plan.spec) ||
         std::holds_alternative<ConvolutionSpec>(plan.spec);
}

/// One backend being timed.
class Contender {
 public:
  Contender(const std::string& name, Precision precision, const Workload& work,
            const RankOptions& options)
      : network_(prepare(work.model, prepare_options(name, precision, work, options))),
        stream_(network_.stream(stream_options(network_, work))) {
    result_.name = name;
    result_.precision = precision;
    result_.memory_bytes = network_.memory_bytes();
  }

  /// Whether a layer that backends compute, each in its way, is the backend's of that id.
  [[nodiscard]] bool runs_a_layer_on(const std::string& id) const {
    return std::ranges::any_of(network_.layers(), [&](const LayerPlan& plan) {
      return plan.backend == id && runs_on_backends(plan);
    });
  }

  [[nodiscard]] Precision precision() const noexcept { return result_.precision; }

  /// Seconds of `repeats` runs from zero state.
  double time(WorkloadRun& run, std::int64_t repeats) {
    stream_.reset();
    const double start = now();
    for (std::int64_t i = 0; i < repeats; ++i) {
      if (const Status status = run(stream_); !status) {
        throw Error(ErrorCode::invalid_argument, result_.label() + ": " + status.message());
      }
    }
    return now() - start;
  }

  /// Compares with the oracle on the stored weights and on the model's, and guesses from that how
  /// long the whole takes.
  void check(const Workload& prefix, const oracle::Result& stored, const oracle::Result& exact,
             double scale) {
    WorkloadRun run(network_, prefix, prefix.steps);
    const double first = time(run, 1);
    result_.agreement = outputs_agreement(run, prefix, stored);
    result_.sqnr_db = signal_to_noise(outputs_agreement(run, prefix, exact));
    const bool quick = first < 0.1;  // then a cold start may be much of it
    guess_ = (quick ? std::min(time(run, 1), time(run, 1)) : first) * scale;
  }

  /// Fixes the runs per sample. When one run would burst `budget`, keeps the guess instead.
  void warm_up(const Workload& work, double budget) {
    run_.emplace(network_, work, work.steps);
    if (run_->y().empty() && work.steps > 0) {
      throw Error(ErrorCode::invalid_argument, too_few_steps(work.steps) + ": no output has any");
    }
    if (guess_ > budget) {
      result_.scaled = true;
      samples_.push_back(guess_);
      return;
    }
    const double once = time(*run_, 1);
    for (repeats_ = 1; once * static_cast<double>(repeats_) < kLeastSample / 4;) repeats_ *= 2;
    const double each = std::max(time(*run_, repeats_) / static_cast<double>(repeats_), 1e-9);
    repeats_ = std::max<std::int64_t>(1, std::llround(std::ceil(kLeastSample / each)));
    sample_cost_ = each * static_cast<double>(repeats_);
  }

  /// Seconds that a sample takes.
  [[nodiscard]] double sample_cost() const noexcept { return sample_cost_; }

  void sample() {
    const double seconds = time(*run_, repeats_);
    spent_ += seconds;
    samples_.push_back(seconds / static_cast<double>(repeats_));
  }

  [[nodiscard]] bool scaled() const noexcept { return result_.scaled; }

  /// Whether it may take another sample, `allowance` seconds of its own being due by now.
  [[nodiscard]] bool may_sample(double allowance) const {
    return !result_.scaled && samples_.size() < kMostRounds &&
           (samples_.empty() || spent_ + sample_cost_ <= allowance);
  }

  [[nodiscard]] RankResult finish() {
    result_.time = summarize(samples_);
    result_.samples = samples_.size();
    return result_;
  }

 private:
  Network network_;
  Stream stream_;
  std::optional<WorkloadRun> run_;
  RankResult result_;
  std::vector<double> samples_;
  std::int64_t repeats_ = 1;
  double guess_ = 0;
  double sample_cost_ = 0;
  double spent_ = 0;
};

/// This core's limits, which take turns like one more backend.
class LimitTurns {
 public:
  LimitTurns(const std::vector<Pass>& passes, double sample_seconds, const LimitSampler& sampler)
      : limits_(read_sizes(passes),
                sampler ? sampler : core_sampler(read_sizes(passes).back(), sample_seconds)) {}

  void sample() {
    const double start = now();
    limits_.sample_all();
    spent_ += now() - start;
    ++taken_;
  }

  [[nodiscard]] bool may_sample(double allowance) const {
    const double cost = spent_ / static_cast<double>(std::max<std::size_t>(taken_, 1));
    return taken_ < kMostRounds && (taken_ == 0 || spent_ + cost <= allowance);
  }

  [[nodiscard]] Roofline medians() const { return limits_.medians(); }

 private:
  Limits limits_;
  std::size_t taken_ = 0;
  double spent_ = 0;
};

using Contenders = std::vector<std::unique_ptr<Contender>>;

/// The backend alone or, if it refuses some of the layers and there are others for these, with
/// them. Throws Error where it runs none itself.
std::unique_ptr<Contender> contender(const std::string& name, Precision precision,
                                     const Workload& work, const RankOptions& options) {
  try {
    return std::make_unique<Contender>(name, precision, work, options);
  } catch (const Error&) {
    if (options.others.empty()) throw;
    auto with_others =
        std::make_unique<Contender>(name + "," + options.others, precision, work, options);
    if (with_others->runs_a_layer_on(name)) return with_others;
    throw;
  }
}

Contenders enlist(const Workload& work, const std::vector<std::string>& backends,
                  const RankOptions& options, RankReport& report) {
  Contenders contenders;
  for (const Precision precision : options.precisions) {
    for (const std::string& name : backends) {
      try {
        contenders.push_back(contender(name, precision, work, options));
      } catch (const Error& error) {
        RankResult& refused = report.results.emplace_back();
        refused.name = name;
        refused.precision = precision;
        refused.refusal = error.what();
      }
    }
  }
  return contenders;
}

void warm_up(const Workload& work, Contenders& contenders, double seconds) {
  const double even = seconds / static_cast<double>(std::max<std::size_t>(contenders.size(), 1));
  for (auto& contender : contenders) contender->warm_up(work, even);
}

/// Seconds of the shortest sample.
double least_sample_cost(const Contenders& contenders) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& contender : contenders) {
    if (!contender->scaled()) least = std::min(least, contender->sample_cost());
  }
  return least;
}

void measure(Contenders& contenders, LimitTurns& limits, double seconds,
             const std::function<void(double)>& progress) {
  const auto timed = std::ranges::count_if(contenders, [](auto& c) { return !c->scaled(); });
  const double share = seconds / static_cast<double>(timed + 1);
  const double start = now();
  for (std::size_t round = 0;; ++round) {
    const double done = (now() - start) / seconds;
    if (progress) progress(done);
    // Each gets its allowance little by little, so that slow ones are spread over the whole time.
    const double allowance = share * std::min(1.0, done) + (round < 3 ? share : 0);
    bool any = limits.may_sample(allowance);
    if (any) limits.sample();
    for (auto& contender : contenders) {
      if (!contender->may_sample(allowance)) continue;
      contender->sample();
      any = true;
    }
    const auto waits = [&](const auto& contender) { return contender->may_sample(share); };
    if (!any && (done >= 1 || std::ranges::none_of(contenders, waits))) return;
  }
}

bool faster(const RankResult& a, const RankResult& b) {
  if (a.ran() != b.ran()) return a.ran();
  return a.ran() && a.time.median < b.time.median;
}

}  // namespace

const RankResult* RankReport::winner() const noexcept {
  const auto found = std::ranges::find_if(
      results, [](const RankResult& result) { return result.ran() && result.agreement.ok; });
  return found == results.end() ? nullptr : &*found;
}

bool RankReport::all_agree() const noexcept {
  return std::ranges::all_of(results, [](const RankResult& result) { return result.agreement.ok; });
}

std::string RankResult::label() const {
  return precision == Precision::float32 ? name
                                         : name + ", " + std::string(carousel::name(precision));
}

PrepareOptions prepare_options(const std::string& backend, Precision precision,
                               const Workload& work, const RankOptions& options) {
  return {.backend = backend,
          .threads = options.threads,
          .batch = work.batch,
          .steps = work.steps,
          .precision = precision,
          .layer_precisions = options.layer_precisions,
          .plan = Plan::fixed};
}

StreamOptions stream_options(const Network& network, const Workload& work) {
  const std::int64_t whole = std::max<std::int64_t>(work.steps, 1);
  return {.batch = work.batch,
          .max_steps = network.whole_sequence() ? whole : std::min(whole, kMaxSteps)};
}

RankReport rank(const Workload& work, const std::vector<std::string>& backends,
                const RankOptions& options, const std::function<void(double)>& progress) {
  RankReport report;
  Contenders contenders = enlist(work, backends, options, report);
  const CheckedPart part = make_checked_part(work);
  report.checked_steps = part.prefix.steps;
  report.checked_rows = part.rows;
  const double scale = static_cast<double>(work.steps) /
                       static_cast<double>(std::max<std::int64_t>(part.prefix.steps, 1));
  for (const Precision precision : options.precisions) {
    const oracle::Result stored = expected_of(part, prepare_options("", precision, work, options));
    for (auto& contender : contenders) {
      if (contender->precision() != precision) continue;
      contender->check(part.prefix, stored, part.expected, scale);
    }
  }
  warm_up(work, contenders, options.seconds);
  const std::vector<Pass> all =
      passes(matrix_sizes(work.model), work.steps, work.batch, options.threads);
  LimitTurns limits(all, limit_sample_seconds(least_sample_cost(contenders)), options.limits);
  measure(contenders, limits, options.seconds, progress);
  report.roofline = limits.medians();
  report.least_seconds = least_seconds(report.roofline, all);
  for (auto& contender : contenders) report.results.push_back(contender->finish());
  std::ranges::stable_sort(report.results, faster);
  return report;
}

}  // namespace carousel::cli
