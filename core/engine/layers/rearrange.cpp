// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>

namespace carousel::layers {
namespace {

class RearrangeLayer final : public CommonLayer {
 public:
  explicit RearrangeLayer(const RearrangeSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      for (const FeatureRun& run : spec_.runs) {
        write(run, x, y);
        y += run.count;
      }
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return spec_.runs.size() * sizeof(FeatureRun);
  }

 private:
  void write(const FeatureRun& run, const float* __restrict x, float* __restrict y) const noexcept {
    if (run.first < 0) {
      std::fill_n(y, run.count, spec_.filler);
    } else if (run.stride == 1) {
      std::copy_n(x + run.first, run.count, y);
    } else if (run.stride == 0) {
      std::fill_n(y, run.count, x[run.first]);
    } else {
      for (std::int64_t k = 0; k < run.count; ++k) y[k] = x[run.first + k * run.stride];
    }
  }

  RearrangeSpec spec_;
};

}  // namespace

std::unique_ptr<Layer> make(const RearrangeSpec& spec, const Weights&) {
  return std::make_unique<RearrangeLayer>(spec);
}

}  // namespace carousel::layers
