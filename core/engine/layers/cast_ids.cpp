// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

namespace carousel::layers {
namespace {

class CastIdsLayer final : public CommonLayer {
 public:
  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      *args.y.row(t, b) = static_cast<float>(*args.ids.row(t, b));
    });
    return {};
  }
};

}  // namespace

std::unique_ptr<Layer> make(const CastIdsSpec&, const Weights&) {
  return std::make_unique<CastIdsLayer>();
}

}  // namespace carousel::layers
