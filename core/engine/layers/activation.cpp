// SPDX-License-Identifier: Apache-2.0
#include "core/engine/activations.hpp"
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"
#include "core/engine/layers/vector_activation.hpp"

#include <algorithm>
#include <span>

namespace carousel::layers {
namespace {

/// The same function for every number.
class ElementwiseActivation final : public CommonLayer {
 public:
  ElementwiseActivation(const ActivationSpec& spec, VectorActivation vector)
      : spec_(spec), apply_(vector == nullptr ? one_by_one : vector) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const bool dense = is_dense(args.x()) && is_dense(args.y);
    const std::int64_t frames = args.y.steps * args.y.batch;
    if (dense) {
      apply_(spec_.function, args.x().data, args.y.data, frames * spec_.size);
      return {};
    }
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      apply_(spec_.function, args.x().row(t, b), args.y.row(t, b), spec_.size);
    });
    return {};
  }

 private:
  static void one_by_one(const Activation& function, const float* x, float* y, std::int64_t count) {
    const auto size = static_cast<std::size_t>(count);
    apply(function, std::span(x, size), std::span(y, size));
  }

  ActivationSpec spec_;
  VectorActivation apply_;
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

}  // namespace

std::unique_ptr<Layer> make_activation(const ActivationSpec& spec, VectorActivation vector) {
  if (is_elementwise(spec.function.kind)) {
    return std::make_unique<ElementwiseActivation>(spec, vector);
  }
  return std::make_unique<GroupActivation>(spec);
}

std::unique_ptr<Layer> make(const ActivationSpec& spec, const Weights&) {
  return make_activation(spec, nullptr);
}

}  // namespace carousel::layers
