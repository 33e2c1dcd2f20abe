// SPDX-License-Identifier: Apache-2.0
#include "group.hpp"

#include "machine.hpp"
#include "onnxruntime.hpp"

#include <model_facts.hpp>
#include <timing.hpp>

#include <carousel/error.hpp>

#include <algorithm>
#include <cmath>

namespace carousel::bench {
namespace {

constexpr const char* kXsimd = "xsimd";
constexpr int kLeastRepetitions = 3;
constexpr int kLeastLimits = 15;        // samples of each limit, which are short
constexpr double kPatience = 2;         // times the seconds that sampling was to take,
constexpr double kLeastPatience = 0.3;  // and these seconds
constexpr double kNoSample = 0;
constexpr double kTolerance = 1e-4;      // for outputs in (-1, 1): only tells wrong from right
constexpr double kOtherTolerance = 0.3;  // likewise, where others round to 8 or 16 bits

std::vector<std::string> choices(const Shape& shape, int threads, const Settings& settings) {
  std::vector<std::string> names = settings.backends.empty()
                                       ? default_backends(shape, threads, settings.all_backends)
                                       : settings.backends;
  if (settings.peers) names.emplace_back(kOnnxRuntime);
  return names;
}

/// The engines that have an arithmetic of that precision, which differs from Carousel's.
std::vector<const char*> peers_in(Precision precision) {
  if (precision == Precision::int8) return {kOnnxRuntime, kOnednn};
  if (precision == Precision::bfloat16) return {kOnednn};
  return {};
}

/// What is known of a measurement before it is made.
Measurement nothing_measured(const Work& work, const std::string& backend, int threads,
                             Precision precision) {
  Measurement measurement;
  measurement.shape = work.shape.name;
  measurement.backend = backend;
  measurement.threads = threads;
  measurement.precision = precision;
  return measurement;
}

/// The largest difference; NaN where one of them is.
double max_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

bool is_primary(const std::string& backend) {
  return backend == kXsimd || backend == kOnednn || backend == kOnnxRuntime;
}

/// GFLOP/s that a backend may well reach; only for sharing out time.
double usual_rate(std::string_view backend) {
  if (backend == "scalar") return 1.5;
  return backend == "xsimd:sse2" ? 15 : 50;
}

}  // namespace

Group::Group(const Work& work, int threads, const Settings& settings, LimitSampler sampler,
             QuietCore* quiet)
    : passes_(passes(cli::matrix_sizes(work.model), work.shape.steps, work.shape.batch, threads)),
      quiet_(quiet),
      threads_(threads),
      by_default_(settings.backends.empty()),
      most_repetitions_(settings.most_repetitions) {
  for (const std::string& backend : choices(work.shape, threads, settings)) {
    enlist(backend, work, Precision::float32);
    const bool is_peer = settings.peers && (backend == kOnnxRuntime || backend == kOnednn);
    if (work.precision != Precision::float32 && !is_peer) enlist(backend, work, work.precision);
  }
  if (settings.peers) {
    for (const char* engine : peers_in(work.precision)) enlist_peer(engine, work, work.precision);
  }
  if (threads > 1) enlist_one_thread(work);
  if (!contenders_.empty()) prepare_limits(std::move(sampler));
}

void Group::enlist_one_thread(const Work& work) {
  const auto xsimd = std::ranges::find(
      contenders_, kXsimd, [](const Contender& contender) { return contender.subject->backend(); });
  if (xsimd == contenders_.end()) return;
  one_thread_ = Contender{.subject = std::make_unique<Subject>(kXsimd, work, 1, Precision::float32),
                          .index = xsimd->index,
                          .primary = true};
  wait_until_idle();
  take_calibration(*one_thread_);
}

void Group::enlist(const std::string& backend, const Work& work, Precision precision) {
  enlist(nothing_measured(work, backend, threads_, precision),
         [&] { return Subject(backend, work, threads_, precision); });
}

void Group::enlist_peer(const std::string& engine, const Work& work, Precision precision) {
  Measurement measurement = nothing_measured(work, engine, threads_, precision);
  measurement.other_arithmetic = true;
  enlist(std::move(measurement), [&] { return Subject::peer(engine, work, threads_, precision); });
}

void Group::enlist(Measurement measurement, const std::function<Subject()>& make) {
  try {
    Contender contender{.subject = std::make_unique<Subject>(make()),
                        .index = measurements_.size(),
                        .primary = is_primary(measurement.backend) || !by_default_};
    measurement.resolved = contender.subject->resolved();
    const bool twice = by_default_ && !measurements_.empty() &&
                       measurements_.front().precision == measurement.precision &&
                       measurements_.front().resolved == measurement.resolved;
    if (twice) return;
    measurements_.push_back(std::move(measurement));
    calibrate(contender);
    contenders_.push_back(std::move(contender));
  } catch (const Error& error) {
    measurement.refusal = error.what();
    measurements_.push_back(std::move(measurement));
  }
}

void Group::take_calibration(Contender& contender) {
  const double once = contender.subject->calibrate();
  contender.sample_seconds = once * static_cast<double>(contender.subject->runs_per_sample());
  contender.sample_cost = contender.sample_seconds + once;
}

void Group::calibrate(Contender& contender) {
  take_calibration(contender);
  Measurement& measurement = measurements_[contender.index];
  measurement.runs = contender.subject->runs_per_sample();
  measurement.memory_bytes = contender.subject->memory_bytes();
  const auto in_float32 = std::ranges::find_if(contenders_, [&](const Contender& other) {
    return measurements_[other.index].backend == measurement.backend;
  });
  if (!measurement.other_arithmetic && in_float32 != contenders_.end()) {
    measurement.float32_difference =
        max_difference(contender.subject->y(), in_float32->subject->y());
  }
  const Precision alike = measurement.other_arithmetic ? Precision::float32 : measurement.precision;
  const auto first = std::ranges::find_if(contenders_, [&](const Contender& other) {
    return measurements_[other.index].precision == alike;
  });
  if (first == contenders_.end()) return;
  measurement.max_difference = max_difference(contender.subject->y(), first->subject->y());
  const double tolerance = measurement.other_arithmetic ? kOtherTolerance : kTolerance;
  measurement.agrees = measurement.max_difference <= tolerance;
}

void Group::prepare_limits(LimitSampler sampler) {
  const std::vector<std::int64_t> sizes = read_sizes(passes_);
  limit_seconds_ = limit_sample_seconds(contenders_.front().sample_seconds);
  if (!sampler) sampler = core_sampler(sizes.back(), limit_seconds_);
  limits_.emplace(sizes, std::move(sampler));
}

int Group::rounds(double seconds) const {
  double round = static_cast<double>(limits_->count()) * limit_seconds_;
  for (const Contender& each : contenders_) round += each.sample_cost;
  if (one_thread_) round += one_thread_->sample_cost;
  if (quiet_ != nullptr) {
    const std::size_t samples = limits_->count() + contenders_.size() + (one_thread_ ? 1 : 0);
    round += static_cast<double>(samples) * QuietCore::kSecondsPerSample;
  }
  return static_cast<int>(std::min<double>(most_repetitions_, seconds / round));
}

int Group::repetitions(const Contender& contender, int rounds) const {
  if (rounds >= kLeastRepetitions) return rounds;
  return contender.primary ? kLeastRepetitions : 1;  // too little time for all
}

double Group::clock() const {
  return cli::now() - (quiet_ == nullptr ? 0 : quiet_->lost_seconds());
}

double Group::take(const std::function<double()>& sample) const {
  return quiet_ == nullptr ? sample() : quiet_->sample(sample);
}

Task Group::task(const Contender& contender, int rounds, double deadline) const {
  Subject* const subject = contender.subject.get();
  const bool alone = one_thread_ && subject == one_thread_->subject.get();
  const auto sample = [this, subject, deadline, alone, taken = 0]() mutable {
    // Another machine state than at calibration may have made it far slower.
    if (taken >= kLeastRepetitions && clock() > deadline) return kNoSample;
    ++taken;
    if (alone) wait_until_idle();  // as those with several threads do
    return take([subject] { return subject->sample(); });
  };
  const std::string precision(name(measurements_[contender.index].precision));
  return {.name = subject->backend() + ", " + precision + (alone ? " alone" : ""),
          .sample = sample,
          .repetitions = repetitions(contender, rounds)};
}

void Group::measure(double seconds) {
  if (contenders_.empty()) return;
  const double deadline = clock() + kPatience * seconds + kLeastPatience;
  const int most = rounds(seconds);
  std::vector<Task> tasks;
  for (const Contender& contender : contenders_) tasks.push_back(task(contender, most, deadline));
  limits_->forget();
  for (std::size_t which = 0; which < limits_->count(); ++which) {
    const auto sample = [this, which] {
      if (threads_ > 1) wait_until_idle();
      return take([this, which] { return limits_->sample(which); });
    };
    tasks.push_back({.name = "limit " + std::to_string(which),
                     .sample = sample,
                     .repetitions = std::max(kLeastLimits, most)});
  }
  if (one_thread_) tasks.push_back(task(*one_thread_, most, deadline));
  std::vector<std::vector<double>> samples = sample_interleaved(tasks);
  const Roofline roofline = limits_->medians();
  const double disturbed = quiet_ == nullptr ? 0 : quiet_->take_disturbed_share();
  for (std::size_t i = 0; i < contenders_.size(); ++i) {
    Measurement& measurement = measurements_[contenders_[i].index];
    std::erase(samples[i], kNoSample);
    measurement.seconds = quartiles(samples[i]);
    measurement.disturbed_share = disturbed;
    measurement.slow_state = measurement.shared_core();
    measurement.roofline = roofline;
    measurement.least_seconds = least_seconds(roofline, passes_);
    measurement.samples = std::move(samples[i]);
  }
  find_float32_seconds();
  if (!one_thread_) return;
  std::erase(samples.back(), kNoSample);
  measurements_[one_thread_->index].one_thread_seconds = quartiles(samples.back()).median;
}

void Group::find_float32_seconds() {
  for (Measurement& measurement : measurements_) {
    if (measurement.precision == Precision::float32) continue;
    const auto plain = std::ranges::find_if(measurements_, [&](const Measurement& other) {
      return other.backend == measurement.backend && other.precision == Precision::float32;
    });
    if (plain != measurements_.end()) measurement.float32_seconds = plain->seconds.median;
  }
}

double Group::median(const std::string& backend) const {
  const auto found = std::ranges::find(measurements_, backend, &Measurement::backend);
  return found == measurements_.end() ? 0 : found->seconds.median;
}

double estimate_round(const Shape& shape, int threads, const Settings& settings) {
  double seconds = 6e-3;  // the limits
  if (threads > 1) seconds += 2e-3 + shape.flops() / (usual_rate(kXsimd) * 1e9);
  for (const std::string& backend : choices(shape, threads, settings)) {
    seconds += 2e-3 + shape.flops() / (usual_rate(backend) * 1e9 * std::min(threads, 2));
  }
  return seconds;
}

}  // namespace carousel::bench
