// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shapes.hpp"

#include <carousel/model.hpp>
#include <carousel/precision.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace carousel::bench {

/// A shape with its weights and input, and how a network is to store the weights.
struct Work {
  explicit Work(const Shape& which, Precision how = Precision::float32);

  Shape shape;
  Precision precision;
  Model model;
  std::vector<float> x;  ///< [steps, batch, input_size]
};

/// An engine that holds the network of a Work, ready to run; Subject times it.
class Runner {
 public:
  /// `work` must outlive this.
  explicit Runner(const Work& work)
      : work_(work),
        y_(static_cast<std::size_t>(work.shape.steps * work.shape.batch *
                                    work.model.output_size())) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner() = default;

  /// From zero state. `lengths` as in Stream::run. Throws Error.
  virtual void run(std::span<const std::int64_t> lengths) = 0;
  /// What computes, e.g. "xsimd:avx512".
  [[nodiscard]] virtual std::string resolved() const = 0;
  /// Of packed weights; 0 where the engine does not tell.
  [[nodiscard]] virtual std::size_t memory_bytes() const { return 0; }
  [[nodiscard]] const std::vector<float>& y() const noexcept { return y_; }

 protected:
  const Work& work_;
  std::vector<float> y_;  ///< [steps, batch, output_size]
};

}  // namespace carousel::bench
