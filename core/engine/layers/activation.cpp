// SPDX-License-Identifier: Apache-2.0
#include "core/engine/activations.hpp"
#include "core/engine/layers/activation_layers.hpp"
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace carousel::layers {
namespace {

/// The same function for every number.
class ElementwiseActivation final : public CommonLayer {
 public:
  explicit ElementwiseActivation(const ElementwiseFunction& function) : function_(function) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    function_(args.x(), args.y);
    return {};
  }

 private:
  ElementwiseFunction function_;
};

/// A function of groups of neighbouring features.
class GroupActivation final : public CommonLayer {
 public:
  explicit GroupActivation(const ActivationSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const std::int64_t group = spec_.group_size();
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      if (x != y) std::copy_n(x, spec_.size, y);
      for (std::int64_t first = 0; first < spec_.size; first += group) {
        apply(spec_.function, std::span(y + first, static_cast<std::size_t>(group)));
      }
    });
    return {};
  }

 private:
  ActivationSpec spec_;
};

/// The layer before this one has applied the function already, in the same place.
class FusedActivation final : public CommonLayer {
 public:
  Status forward(const ForwardArgs&, Workspace&) const noexcept override { return {}; }
};

}  // namespace

std::unique_ptr<Layer> make_activation(const ActivationSpec& spec, VectorActivation vector) {
  if (is_elementwise(spec.function.kind)) {
    return std::make_unique<ElementwiseActivation>(ElementwiseFunction(spec.function, vector));
  }
  return std::make_unique<GroupActivation>(spec);
}

std::unique_ptr<Layer> make_fused_activation() { return std::make_unique<FusedActivation>(); }

std::unique_ptr<Layer> make(const ActivationSpec& spec, const Weights&) {
  return make_activation(spec, nullptr);
}

}  // namespace carousel::layers
