// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>

namespace carousel::layers {
namespace {

class ConcatenateLayer final : public CommonLayer {
 public:
  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      float* y = args.y.row(t, b);
      for (const SequenceView<const float>& x : args.inputs) {
        y = std::copy_n(frame_of(x, t, b), x.features, y);
      }
    });
    return {};
  }
};

}  // namespace

std::unique_ptr<Layer> make(const ConcatenateSpec&, const Weights&) {
  return std::make_unique<ConcatenateLayer>();
}

}  // namespace carousel::layers
