// SPDX-License-Identifier: Apache-2.0
#include "core/engine/flushed.hpp"
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/extremes.hpp"
#include "core/engine/layers/layers.hpp"

#include <cmath>
#include <vector>

namespace carousel::layers {
namespace {

using Operation = ElementwiseOperation;
using Constant = ElementwiseSpec::Constant;

/// The squares that networks are full of need no logarithm.
float power(float a, float b) noexcept {
  return b == 2.0F ? a * a : std::pow(flushed(a), flushed(b));
}

/// Calls `use` with the operation itself, which takes two numbers, so that loops around it can be
/// compiled for each operation. The smaller and the larger one are NaN if any of the two is.
template <class Use>
void with_operation(Operation operation, Use&& use) noexcept {
  switch (operation) {
    case Operation::add: return use([](float a, float b) { return a + b; });
    case Operation::subtract: return use([](float a, float b) { return a - b; });
    case Operation::multiply: return use([](float a, float b) { return a * b; });
    case Operation::divide: return use([](float a, float b) { return flushed(a) / flushed(b); });
    case Operation::power: return use(power);
    case Operation::minimum: return use(smaller);
    case Operation::maximum: return use(larger);
    case Operation::prelu: return use([](float a, float b) { return a < 0.0F ? b * a : a; });
    case Operation::equal:
      return use([](float a, float b) { return flushed(a) == flushed(b) ? 1.0F : 0.0F; });
    case Operation::less:
      return use([](float a, float b) { return flushed(a) < flushed(b) ? 1.0F : 0.0F; });
    case Operation::greater:
      return use([](float a, float b) { return flushed(a) > flushed(b) ? 1.0F : 0.0F; });
  }
}

class ElementwiseLayer final : public CommonLayer {
 public:
  ElementwiseLayer(const ElementwiseSpec& spec, const Weights& weights) : spec_(spec) {
    if (spec.constant != Constant::none) operand_ = weights.at("operand").to_float32();
  }

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    with_operation(spec_.operation, [&](auto operation) {
      for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
        const float* __restrict first = frame(args, 0, t, b);
        const float* __restrict second = frame(args, 1, t, b);
        float* __restrict y = args.y.row(t, b);
        for (std::int64_t k = 0; k < spec_.size; ++k) y[k] = operation(first[k], second[k]);
      });
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return operand_.size() * sizeof(float);
  }

 private:
  /// The operand `place` (0: a, 1: b) at a step of a row.
  [[nodiscard]] const float* frame(const ForwardArgs& args, std::size_t place, std::int64_t step,
                                   std::int64_t row) const noexcept {
    const std::size_t constant = spec_.constant == Constant::first ? 0 : 1;
    if (spec_.constant == Constant::none) return frame_of(args.inputs[place], step, row);
    return place == constant ? operand_.data() : args.x().row(step, row);
  }

  ElementwiseSpec spec_;
  std::vector<float> operand_;  ///< [size]; empty without a constant
};

}  // namespace

std::unique_ptr<Layer> make(const ElementwiseSpec& spec, const Weights& weights) {
  return std::make_unique<ElementwiseLayer>(spec, weights);
}

}  // namespace carousel::layers
