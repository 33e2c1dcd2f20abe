// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runner.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace carousel::bench {

/// One backend (or ONNX Runtime), ready to run one shape through its public interface.
class Subject {
 public:
  /// With the precision of the work. Throws Error when the backend cannot run it. `work` must
  /// outlive this.
  Subject(std::string backend, const Work& work, int threads)
      : Subject(std::move(backend), work, threads, work.precision) {}
  Subject(std::string backend, const Work& work, int threads, Precision precision);
  /// Another engine, `kOnnxRuntime` or `kOnednn`, in its own arithmetic of that precision.
  [[nodiscard]] static Subject peer(std::string engine, const Work& work, int threads,
                                    Precision precision);

  [[nodiscard]] const std::string& backend() const noexcept { return backend_; }
  /// The ids of the backends that its layers went to, e.g. "xsimd:avx512".
  [[nodiscard]] const std::string& resolved() const noexcept { return resolved_; }

  /// Every sequence begins with zero state. `lengths` as in Stream::run.
  void run(std::span<const std::int64_t> lengths = {});
  /// Seconds of `runs` runs, their resets included.
  [[nodiscard]] double time(std::int64_t runs, std::span<const std::int64_t> lengths = {});

  /// Runs once (the first run, which may be slow) and again, to fix how many runs make a sample of
  /// at least a millisecond. Returns the seconds of one run.
  double calibrate();
  /// Seconds of one run, the mean of one sample. Short runs get a run before, since another
  /// subject has had the caches. With several threads it waits until those of the subject before,
  /// which may spin on (OpenMP's and ONNX Runtime's do), have given up their cores.
  [[nodiscard]] double sample(std::span<const std::int64_t> lengths = {});
  [[nodiscard]] std::int64_t runs_per_sample() const noexcept { return runs_; }

  [[nodiscard]] const std::vector<float>& y() const noexcept { return runner_->y(); }
  [[nodiscard]] std::size_t memory_bytes() const { return runner_->memory_bytes(); }

 private:
  Subject(std::string backend, int threads, std::unique_ptr<Runner> runner);

  std::string backend_;
  std::string resolved_;
  int threads_;
  std::unique_ptr<Runner> runner_;
  std::int64_t runs_ = 1;
  double once_ = 0;
};

/// The family of the backend, and what oneDNN itself is called.
inline constexpr const char* kOnednn = "onednn";

/// The choices that `work` is measured with unless the command line says: "xsimd" (whatever that
/// leads to), "onednn", with `all` each xsimd instruction set that this CPU has, and scalar where
/// the work is small.
[[nodiscard]] std::vector<std::string> default_backends(const Shape& shape, int threads, bool all);

}  // namespace carousel::bench
