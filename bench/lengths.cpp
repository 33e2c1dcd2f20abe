// SPDX-License-Identifier: Apache-2.0
// Lengths that vary, against the same sequences padded.
#include "group.hpp"
#include "machine.hpp"
#include "sampler.hpp"
#include "suite.hpp"

#include "core/measure/statistics.hpp"
#include <format.hpp>
#include <random.hpp>
#include <timing.hpp>

#include <functional>
#include <numeric>

namespace carousel::bench {
namespace {

constexpr std::int64_t kLeastBatch = 16;  // for lengths to vary
constexpr double kMostFlops = 30e9;       // shapes beyond would take minutes and show the same
constexpr double kLeastWeight = 0.2;      // what even the smallest shape gets a claim to
constexpr double kRoundsWanted = 5;

std::vector<std::int64_t> uniform_lengths(const Shape& shape) {
  cli::Random random(3);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(shape.batch));
  for (std::int64_t& length : lengths) length = 1 + random.below(shape.steps);
  return lengths;
}

/// The backends that take turns on one shape with one thread count, each in both ways.
class LengthsGroup {
 public:
  LengthsGroup(const Work& work, int threads, const Settings& settings)
      : work_(work), threads_(threads), lengths_(uniform_lengths(work.shape)) {
    const auto backends = settings.backends.empty() ? default_backends(work.shape, threads, false)
                                                    : settings.backends;
    for (const std::string& backend : backends) {
      subjects_.push_back(std::make_unique<Subject>(backend, work, threads));
      static_cast<void>(subjects_.back()->calibrate());
      // With several threads most of the time may go into waiting until they sleep.
      const double start = cli::now();
      static_cast<void>(subjects_.back()->sample());
      static_cast<void>(subjects_.back()->sample(lengths_));
      round_ += cli::now() - start;
    }
  }

  [[nodiscard]] std::vector<LengthsResult> measure(double seconds, int most_repetitions) {
    const int repetitions = repetitions_within(seconds, round_, most_repetitions);
    std::vector<Task> tasks;
    for (const auto& subject : subjects_) {
      const std::string name = subject->backend();
      tasks.push_back({name + " padded", [&] { return subject->sample(); }, repetitions});
      tasks.push_back({name + " variable", [&] { return subject->sample(lengths_); }, repetitions});
    }
    const std::vector<std::vector<double>> samples = sample_interleaved(tasks);
    std::vector<LengthsResult> results;
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      results.push_back({.shape = work_.shape.name,
                         .backend = subjects_[i]->backend(),
                         .threads = threads_,
                         .padded = quartiles(samples[2 * i]),
                         .variable = quartiles(samples[2 * i + 1]),
                         .samples = repetitions,
                         .share_of_steps = share_of_steps()});
    }
    return results;
  }

 private:
  [[nodiscard]] double share_of_steps() const {
    const auto real = std::accumulate(lengths_.begin(), lengths_.end(), std::int64_t{0});
    return static_cast<double>(real) / static_cast<double>(work_.shape.steps * work_.shape.batch);
  }

  const Work& work_;
  int threads_;
  std::vector<std::int64_t> lengths_;
  std::vector<std::unique_ptr<Subject>> subjects_;
  double round_ = 0;  ///< seconds of one sample of each, both ways
};

/// Those of the settings that lengths can vary in; very large ones only if they were asked for.
std::vector<Shape> shapes_with_lengths(const Settings& settings) {
  std::vector<Shape> shapes;
  for (const Shape& shape : settings.shapes) {
    const bool large = shape.flops() > kMostFlops && settings.shapes.size() == all_shapes().size();
    if (shape.batch >= kLeastBatch && !large) shapes.push_back(shape);
  }
  return shapes;
}

double weight(const Shape& shape, int threads, const Settings& settings) {
  return kLeastWeight + kRoundsWanted * estimate_round(shape, threads, settings);
}

std::vector<LengthsResult> measure_lengths(const Settings& settings, const Shape& shape,
                                           int threads, const std::function<double()>& seconds) {
  const Work work(shape, settings.precision);
  wait_until_idle();
  LengthsGroup group(work, threads, settings);
  return group.measure(seconds(), settings.most_repetitions);
}

}  // namespace

void run_lengths(const Settings& settings, Results& results, LengthsMeasure measure,
                 const Allowance::Clock& clock) {
  if (!measure) measure = std::bind_front(measure_lengths, std::cref(settings));
  const std::vector<Shape> shapes = shapes_with_lengths(settings);
  double all = 0;
  for (const Shape& shape : shapes) {
    for (const int threads : settings.threads) all += weight(shape, threads, settings);
  }
  Allowance allowance(settings.seconds, all, clock);
  ProgressLine progress;
  for (const Shape& shape : shapes) {
    for (const int threads : settings.threads) {
      progress.show("carousel_bench: variable lengths, " + shape.name + ", " +
                    cli::format_threads(threads));
      const auto seconds = [&] { return allowance.take(weight(shape, threads, settings)); };
      for (LengthsResult& result : measure(shape, threads, seconds)) {
        results.lengths.push_back(std::move(result));
      }
    }
  }
}

}  // namespace carousel::bench
