// SPDX-License-Identifier: Apache-2.0
// Steps that are selected or repeated.
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>

namespace carousel::layers {
namespace {

class SelectStepsLayer final : public CommonLayer {
 public:
  explicit SelectStepsLayer(const SelectStepsSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for (std::int64_t b = 0; b < args.y.batch; ++b) {
      const SelectedSteps taken =
          select(spec_, spec_.lengths ? real_steps(args, b) : args.x().steps);
      for (std::int64_t k = 0; k < args.y.steps; ++k) {
        float* y = args.y.row(k, b);
        if (k < taken.count) {
          std::copy_n(args.x().row(taken.first + k * spec_.stride, b), spec_.size, y);
        } else {
          std::fill_n(y, spec_.size, 0.0F);
        }
      }
    }
    return {};
  }

 private:
  SelectStepsSpec spec_;
};

class RepeatStepsLayer final : public CommonLayer {
 public:
  explicit RepeatStepsLayer(const RepeatStepsSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      std::copy_n(args.x().row(t / spec_.count, b), spec_.size, args.y.row(t, b));
    });
    return {};
  }

 private:
  RepeatStepsSpec spec_;
};

}  // namespace

std::unique_ptr<Layer> make(const SelectStepsSpec& spec, const Weights&) {
  return std::make_unique<SelectStepsLayer>(spec);
}

std::unique_ptr<Layer> make(const RepeatStepsSpec& spec, const Weights&) {
  return std::make_unique<RepeatStepsLayer>(spec);
}

}  // namespace carousel::layers
