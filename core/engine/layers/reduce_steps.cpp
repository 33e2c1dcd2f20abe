// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/extremes.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace carousel::layers {
namespace {

/// Sums of one row.
class SumWorkspace final : public Workspace {
 public:
  explicit SumWorkspace(std::int64_t size) : sums(static_cast<std::size_t>(size)) {}
  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + sums.size() * sizeof(double);
  }

  std::vector<double> sums;
};

/// Sums are float64, from the first step to the last.
class ReduceStepsLayer final : public Layer {
 public:
  explicit ReduceStepsLayer(const ReduceStepsSpec& spec) : spec_(spec) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<SumWorkspace>(spec_.size);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    double* sums = static_cast<SumWorkspace&>(workspace).sums.data();
    for (std::int64_t b = 0; b < args.y.batch; ++b) {
      SequenceView<const float> x = args.x();
      x.steps = spec_.lengths ? real_steps(args, b) : x.steps;
      reduce(x, b, sums, args.y.row(0, b));
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }

 private:
  void reduce(const SequenceView<const float>& x, std::int64_t row, double* sums,
              float* y) const noexcept {
    if (x.steps == 0) {
      std::fill_n(y, spec_.size, 0.0F);
    } else if (spec_.operation == ReduceOperation::maximum) {
      select(x, row, y, larger);
    } else if (spec_.operation == ReduceOperation::minimum) {
      select(x, row, y, smaller);
    } else {
      add(x, row, sums);
      finish(sums, static_cast<double>(x.steps), y);
    }
  }

  template <class Choose>
  void select(const SequenceView<const float>& x, std::int64_t row, float* __restrict y,
              Choose choose) const noexcept {
    std::copy_n(x.row(0, row), spec_.size, y);
    for (std::int64_t t = 1; t < x.steps; ++t) {
      const float* __restrict frame = x.row(t, row);
      for (std::int64_t k = 0; k < spec_.size; ++k) y[k] = choose(y[k], frame[k]);
    }
  }

  void add(const SequenceView<const float>& x, std::int64_t row,
           double* __restrict sums) const noexcept {
    const bool squares = spec_.operation == ReduceOperation::l2;
    std::fill_n(sums, spec_.size, 0.0);
    for (std::int64_t t = 0; t < x.steps; ++t) {
      const float* __restrict frame = x.row(t, row);
      for (std::int64_t k = 0; k < spec_.size; ++k) {
        const auto value = static_cast<double>(frame[k]);
        sums[k] += squares ? value * value : value;
      }
    }
  }

  void finish(const double* sums, double steps, float* y) const noexcept {
    const double count = spec_.operation == ReduceOperation::mean ? steps : 1.0;
    const bool root = spec_.operation == ReduceOperation::l2;
    for (std::int64_t k = 0; k < spec_.size; ++k) {
      y[k] = static_cast<float>(root ? std::sqrt(sums[k]) : sums[k] / count);
    }
  }

  ReduceStepsSpec spec_;
};

}  // namespace

std::unique_ptr<Layer> make(const ReduceStepsSpec& spec, const Weights&) {
  return std::make_unique<ReduceStepsLayer>(spec);
}

}  // namespace carousel::layers
