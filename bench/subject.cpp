// SPDX-License-Identifier: Apache-2.0
#include "subject.hpp"

#include "machine.hpp"
#include "onednn_peer.hpp"
#include "onnxruntime.hpp"

#include <model_facts.hpp>
#include <random.hpp>
#include <timing.hpp>

#include <carousel/backend.hpp>
#include <carousel/error.hpp>
#include <carousel/network.hpp>

#include <algorithm>
#include <cmath>

namespace carousel::bench {
namespace {

constexpr double kLeastSample = 1e-3;  // seconds; below, the clock and interrupts would show
constexpr double kWarmBelow = 2e-3;    // seconds; for longer runs cold caches do not count
constexpr double kSurelyLong = 50e-3;  // seconds; above, no first run is to blame
constexpr double kScalarFlops = 30e6;  // what "small work" is: some 10 ms
constexpr std::int64_t kMostSteps = 512;

std::vector<float> random_input(const Shape& shape) {
  cli::Random random(2);  // not the numbers that the weights are made of
  std::vector<float> x(static_cast<std::size_t>(shape.steps * shape.batch * shape.input));
  for (float& value : x) value = static_cast<float>(2 * random.uniform() - 1);
  return x;
}

/// Carousel itself, through its public interface.
class NetworkRunner : public Runner {
 public:
  NetworkRunner(const std::string& backend, const Work& work, int threads, Precision precision)
      : Runner(work),
        network_(prepare(work.model, {.backend = backend,
                                      .threads = threads,
                                      .batch = work.shape.batch,
                                      .steps = work.shape.steps,
                                      .precision = precision,
                                      .plan = Plan::fixed})),
        stream_(network_.stream(
            {.batch = work.shape.batch, .max_steps = std::min(work.shape.steps, kMostSteps)})) {}

  void run(std::span<const std::int64_t> lengths) override {
    const Shape& shape = work_.shape;
    stream_.reset();
    const Status status = stream_.run(
        steps_first(work_.x.data(), shape.steps, shape.batch, shape.input),
        steps_first(y_.data(), shape.steps, shape.batch, network_.output_size()), lengths);
    if (!status)
      throw Error(ErrorCode::invalid_argument,
                  resolved() + " on " + shape.name + ": " + status.message());
  }

  [[nodiscard]] std::string resolved() const override { return cli::backends_of(network_); }
  [[nodiscard]] std::size_t memory_bytes() const override { return network_.memory_bytes(); }

 private:
  Network network_;
  Stream stream_;
};

std::unique_ptr<Runner> make_runner(const std::string& backend, const Work& work, int threads,
                                    Precision precision) {
  if (backend == kOnnxRuntime) return onnxruntime_runner(work, threads, Precision::float32);
  return std::make_unique<NetworkRunner>(backend, work, threads, precision);
}

}  // namespace

Work::Work(const Shape& which, Precision how)
    : shape(which), precision(how), model(which.random_model()), x(random_input(which)) {}

Subject::Subject(std::string backend, int threads, std::unique_ptr<Runner> runner)
    : backend_(std::move(backend)),
      resolved_(runner->resolved()),
      threads_(threads),
      runner_(std::move(runner)) {}

Subject::Subject(std::string backend, const Work& work, int threads, Precision precision)
    : Subject(backend, threads, make_runner(backend, work, threads, precision)) {}

Subject Subject::peer(std::string engine, const Work& work, int threads, Precision precision) {
  auto runner = engine == kOnnxRuntime ? onnxruntime_runner(work, threads, precision)
                                       : onednn_peer(work, threads, precision);
  return {std::move(engine), threads, std::move(runner)};
}

void Subject::run(std::span<const std::int64_t> lengths) { runner_->run(lengths); }

double Subject::time(std::int64_t runs, std::span<const std::int64_t> lengths) {
  const double start = cli::now();
  for (std::int64_t i = 0; i < runs; ++i) run(lengths);
  return cli::now() - start;
}

double Subject::calibrate() {
  if (threads_ > 1) wait_until_idle();
  once_ = time(1);
  runs_ = 1;
  if (once_ > kSurelyLong) return once_;
  // The least of two, since the first runs may be slow and anything may come between.
  for (;; runs_ *= 2) {
    once_ = std::min(time(runs_), time(runs_)) / static_cast<double>(runs_);
    if (once_ * static_cast<double>(runs_) >= kLeastSample / 4) break;
  }
  runs_ = std::max<std::int64_t>(1, std::llround(std::ceil(1.2 * kLeastSample / once_)));
  return once_;
}

double Subject::sample(std::span<const std::int64_t> lengths) {
  if (threads_ > 1) wait_until_idle();
  if (once_ < kWarmBelow) run(lengths);
  return time(runs_, lengths) / static_cast<double>(runs_);
}

std::vector<std::string> default_backends(const Shape& shape, int threads, bool all) {
  std::vector<std::string> names{"xsimd"};
  for (const BackendEntry& entry : backends()) {
    const Backend* backend = entry.backend;
    if (backend == nullptr || !backend->available(cpu())) continue;
    const bool scalar = backend->family() == "scalar";
    const bool wanted = backend->family() == kOnednn || (all && !scalar) ||
                        (all && scalar && threads == 1 && shape.flops() <= kScalarFlops);
    if (wanted) names.push_back(backend->id());
  }
  return names;
}

}  // namespace carousel::bench
