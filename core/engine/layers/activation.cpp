// SPDX-License-Identifier: Apache-2.0
#include "core/engine/activations.hpp"
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>
#include <span>

namespace carousel::layers {
namespace {

class ActivationLayer final : public CommonLayer {
 public:
  explicit ActivationLayer(const ActivationSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const auto size = static_cast<std::size_t>(spec_.size);
    const bool single = is_elementwise(spec_.function.kind);
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      if (single) {
        apply(spec_.function, std::span(x, size), std::span(y, size));
      } else {
        run_groups(x, y);
      }
    });
    return {};
  }

 private:
  void run_groups(const float* x, float* y) const noexcept {
    const std::int64_t group = spec_.group_size();
    if (x != y) std::copy_n(x, spec_.size, y);
    for (std::int64_t first = 0; first < spec_.size; first += group) {
      apply(spec_.function, std::span(y + first, static_cast<std::size_t>(group)));
    }
  }

  ActivationSpec spec_;
};

}  // namespace

std::unique_ptr<Layer> make(const ActivationSpec& spec, const Weights&) {
  return std::make_unique<ActivationLayer>(spec);
}

}  // namespace carousel::layers
