// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/extremes.hpp"
#include "core/engine/layers/layers.hpp"
#include "core/engine/layers/sums.hpp"

#include <cmath>

namespace carousel::layers {
namespace {

double plain_sum(const float* x, std::int64_t count) noexcept {
  return sum_of(x, count, [](double v) { return v; });
}

float reduce(ReduceOperation operation, const float* x, std::int64_t count) noexcept {
  float result = x[0];
  switch (operation) {
    case ReduceOperation::mean:
      return static_cast<float>(plain_sum(x, count) / static_cast<double>(count));
    case ReduceOperation::sum: return static_cast<float>(plain_sum(x, count));
    case ReduceOperation::l2:
      return static_cast<float>(std::sqrt(sum_of(x, count, [](double v) { return v * v; })));
    case ReduceOperation::maximum:
      for (std::int64_t k = 1; k < count; ++k) result = larger(result, x[k]);
      break;
    case ReduceOperation::minimum:
      for (std::int64_t k = 1; k < count; ++k) result = smaller(result, x[k]);
      break;
  }
  return result;
}

class ReduceFeaturesLayer final : public CommonLayer {
 public:
  explicit ReduceFeaturesLayer(const ReduceFeaturesSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const std::int64_t group = spec_.group_size();
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      for (std::int64_t k = 0; k * group < spec_.size; ++k) {
        y[k] = reduce(spec_.operation, x + k * group, group);
      }
    });
    return {};
  }

 private:
  ReduceFeaturesSpec spec_;
};

}  // namespace

std::unique_ptr<Layer> make(const ReduceFeaturesSpec& spec, const Weights&) {
  return std::make_unique<ReduceFeaturesLayer>(spec);
}

}  // namespace carousel::layers
